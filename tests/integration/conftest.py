"""A blog that is served, for the tests that look at it from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served_site import ServedSite, served_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[ServedSite]:
    """A blog without content, its index on SQLite and then on PostgreSQL."""
    with served_site(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def small_site(tmp_path: Path) -> Iterator[ServedSite]:
    """The same on SQLite alone, where the database cannot make a difference."""
    with served_site(tmp_path, f"sqlite:///{tmp_path / 'index.sqlite'}") as opened:
        yield opened
