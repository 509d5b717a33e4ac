"""The two tests that guard everything: incremental equals rebuild, and the reader's memory.

Both run over the same random histories, on SQLite and PostgreSQL at once. Hypothesis draws them; the fixed set of
the default suite is always the same, and `make test-long` draws another (see `tests.long`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gitblog.index.database import open_database
from tests.grown import Fresh, Grown, Site
from tests.histories import KINDS, History
from tests.long import COUNT_VARIABLE, SEED_VARIABLE
from tests.postgres import find_binaries

TOP = Path(__file__).resolve().parents[2]
PUSHES = 6
PER_GROUP = 10
SEED = int(os.environ.get(SEED_VARIABLE, "2"))
HISTORIES = int(os.environ.get(COUNT_VARIABLE, "100"))
GROUPS = range(-(-HISTORIES // PER_GROUP))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a history is made from: the seed of its details, and the kinds of each push."""

    seed: int
    pushes: tuple[tuple[str, ...], ...]


_PUSH = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).map(tuple)
PLANS = st.builds(
    Plan,
    st.integers(0, 2**32 - 1),
    st.lists(_PUSH, min_size=PUSHES, max_size=PUSHES).map(tuple),
)


def grow(grown: Grown, plan: Plan) -> None:
    """Make the pushes of a plan, and look after each."""
    grown.look(grown.history.first())
    for number, kinds in enumerate(plan.pushes, 1):
        for look in grown.history.push(kinds):
            grown.look(look, last=number == len(plan.pushes) and look.kinds == kinds)


def each_plan(group: int, check: Callable[[Plan], None]) -> None:
    """Check the plans of a group, and shrink the first that fails; the same group gives the same plans.

    Hypothesis begins every run with the simplest plan: it is left to the first group.
    """
    simplest = Plan(0, ((KINDS[0],),) * PUSHES)

    @seed(SEED * 1_000_003 + group)
    @settings(
        max_examples=min(PER_GROUP, HISTORIES) + 1,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(PLANS)
    def each(plan: Plan) -> None:
        if plan != simplest or group == 0:
            check(plan)

    each()


@pytest.fixture
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Site, ...]]:
    """An index on each kind of database that is there; a missing PostgreSQL is told by other tests."""
    urls = [f"sqlite:///{tmp_path / 'index.sqlite'}"]
    if find_binaries(request.config.getoption("--postgres-major")):
        urls.append(request.getfixturevalue("postgres_url"))
    opened = tuple(Site(open_database(url)) for url in urls)
    yield opened
    for site in opened:
        site.database.dispose()


@pytest.mark.postgresql
# A failure is made small before it is told.
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("group", GROUPS)
def test_a_grown_index_equals_a_fresh_one_and_no_address_that_was_read_dies(
    group: int, sites: tuple[Site, ...]
) -> None:
    """Whatever is pushed, every row and page is that of a fresh index, the same on both databases.

    An address that answered 200 answers 200, 301 or 410 ever after, unless its own post is held, or was due only
    after the date of the commit that took the address away.
    """
    fresh = Fresh()

    def check(plan: Plan) -> None:
        with TemporaryDirectory() as folder:
            history = History(Path(folder), plan.seed)
            with history.builder:
                grow(Grown(history, sites, fresh), plan)

    each_plan(group, check)


def test_the_fixed_histories_hold_each_kind_in_a_tenth_of_them() -> None:
    """A property test proves nothing about what it never draws."""
    plans: set[Plan] = set()
    for group in GROUPS:
        each_plan(group, plans.add)
    counts = Counter(kind for plan in plans for kind in {kind for push in plan.pushes for kind in push})

    assert len(plans) > HISTORIES
    assert {len(plan.pushes) for plan in plans} == {PUSHES}
    assert [kind for kind in KINDS if counts[kind] < len(plans) / 10] == []


def _long(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.long", *arguments]
    told = {**os.environ, "PYTHONPATH": str(TOP), **environment}
    return subprocess.run(command, cwd=TOP, env=told, capture_output=True, text=True, check=False)


def test_the_long_campaign_runs_from_a_seed_and_says_which() -> None:
    """What it draws follows from seed and count alone, so that a failure can be had again."""
    done = _long("--seed", "7", "--count", "1")

    assert done.returncode == 0, done.stdout
    first, *_, last = done.stdout.splitlines()
    assert first == "seed 7, histories: 1; the same again: make test-long SEED=7 COUNT=1"
    assert "1 passed" in done.stdout
    assert last == "seed 7: no difference"


def test_the_long_campaign_draws_a_fresh_seed_and_fails_when_a_test_does() -> None:
    """A run that cannot even start is no success either."""
    seeds = set()
    for _ in range(2):
        done = _long("--seed", "", "--count", "3", PYTEST_ADDOPTS="--no-such-option")
        assert done.returncode != 0
        seeds.update(
            re.findall(r"^seed (\d+): FAILED; the same again: make test-long SEED=\1 COUNT=3$", done.stdout, re.M)
        )

    assert len(seeds) == 2
