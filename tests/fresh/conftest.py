"""A machine with nothing on it but Python, git and make, once for root and once for a plain user.

These tests run where they are asked for by name (`make test-fresh`), not with the suite: they install for minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.by_name import left_out
from tests.fresh.machine import Machine, fresh_machine

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out, unless the command line names it."""
    return left_out(HERE, config)


@pytest.fixture(scope="session", params=["root", "writer"])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine of its own for each user, with nothing in the home folder."""
    with fresh_machine(request.param, tmp_path_factory.mktemp("fresh")) as made:
        yield made
