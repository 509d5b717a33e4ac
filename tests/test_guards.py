"""The table of guarded lines is up to date, and its runner notices a test that guards nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.checkout import TOP
from tests.guarding import StaleGuardError, broken, copy_sources, main, try_guard, try_library
from tests.guards import GUARDS, LIBRARIES, Guard, Library

# What must never be without a guard; a name in the table starts with one of these.
TOPICS = (
    "signature compare",
    "publication compare",
    "diff from the indexed revision",
    "deletion",
    "last good",
    "visibility",
    "rank",
    "snapshot isolation",
    "publication in the key",
    "range only ever added",
    "paths from the tree diff",
    "nearest good version",
    "regimes",
)
GUARD = next(guard for guard in GUARDS if guard.name == "signature compare")


@pytest.fixture
def unbroken(tmp_path: Path) -> Path:
    """A copy of the project."""
    return copy_sources(tmp_path / "unbroken")


def test_each_topic_has_a_guard_and_each_name_is_there_once() -> None:
    """The filter of `make test-guards` goes by names."""
    names = [guard.name for guard in GUARDS]

    assert [topic for topic in TOPICS if not any(name.startswith(topic) for name in names)] == []
    assert len(set(names)) == len(names)


def test_each_guarded_line_is_there_once_and_broken_it_still_is_a_program(tmp_path: Path) -> None:
    """Python that cannot be compiled, or a name that nobody knows, would fail for a reason of its own."""
    for number, guard in enumerate(GUARDS):
        (tmp_path / f"{number}.py").write_text(broken(guard, TOP))

    told = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821,E9", "--no-cache", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr


def test_each_guarding_test_exists() -> None:
    """pytest itself finds them, parameters included."""
    nodes = sorted({guard.test for guard in GUARDS} | {library.test for library in LIBRARIES})

    told = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only", *nodes],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_libraries_are_those_of_the_contributors_guide() -> None:
    """It names for each the tests that fail when the library is taken out."""
    rows = re.findall(r"^\| ([\w-]+) \|.*\| `(tests/\S+)` \|$", (TOP / "CONTRIBUTING.md").read_text(), re.MULTILINE)

    assert rows == [(library.name, library.test.partition("::")[0]) for library in LIBRARIES]


@pytest.mark.parametrize("library", LIBRARIES, ids=[library.name for library in LIBRARIES])
def test_the_tests_of_a_library_fail_without_it(library: Library, unbroken: Path, tmp_path: Path) -> None:
    """They would pass if the library were only listed and not used."""
    verdict = try_library(library, unbroken, tmp_path / "scratch")

    assert verdict.held, verdict.said


def test_a_broken_line_is_noticed_by_its_test_and_what_breaks_nothing_is_not(unbroken: Path, tmp_path: Path) -> None:
    """A test that passes all the same, or that is not there, holds nothing."""
    held = try_guard(GUARD, unbroken, tmp_path / "1")
    assert held.held, held.said
    assert "test_a_missing_signature_is_told_from_a_wrong_one" in held.said

    harmless = try_guard(replace(GUARD, replacement=f"{GUARD.line}  # whatever"), unbroken, tmp_path / "2")
    assert not harmless.held
    assert "passes all the same" in harmless.said

    absent = try_guard(replace(GUARD, test="tests/test_guards.py::test_that_is_not_there"), unbroken, tmp_path / "3")
    assert not absent.held
    assert "could not be run (status 4)" in absent.said
    assert broken(GUARD, unbroken) != (unbroken / GUARD.file).read_text()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"line": "nobody wrote this"}, "stands 0 times in gitblog/webhooks/signatures.py", id="absent"),
        pytest.param({"line": "return matched", "file": "gitblog/model.py"}, "stands 0 times", id="other file"),
        pytest.param({"line": 'reason="wrong_signature",'}, "stands 3 times", id="several"),
        pytest.param({"replacement": "matched |= ("}, "is no Python", id="no program"),
    ],
)
def test_a_stale_guard_says_so(changed: dict[str, str], said: str) -> None:
    """The table is mended where the code moved on, not skipped."""
    guard: Guard = replace(GUARD, **changed)

    with pytest.raises(StaleGuardError, match=re.escape(said)):
        broken(guard, TOP)


def test_words_that_name_no_guard_are_told_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip must not look like success."""
    assert main(["nonsense"]) == 2
    assert "snapshot isolation (PostgreSQL)" in capsys.readouterr().err
