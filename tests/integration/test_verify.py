"""`verify` finds whatever differs: the list of what it must find comes from the tables themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, LargeBinary, select, update

from gitblog.index import schema, writer
from gitblog.index.database import open_database
from gitblog.index.tables import COMPARED_TABLES, NOT_COMPARED
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.history_builder import Builder

COLUMNS = [column for table in COMPARED_TABLES for column in table.c if column.name not in NOT_COMPARED]
POST = b"---\ntitle: A\ntags: [x]\naliases: [/old/]\ndraft: 'no'\n---\nSee [b](b.md) and ![p](p.png).\n"


@pytest.fixture
def sync(tmp_path: Path, database_url: str) -> Iterator[Sync]:
    """A published blog that has a row in every table."""
    builder = Builder(tmp_path / "blog.git")
    tree = {"blog.toml": b"", "posts/a.md": POST, "posts/b.md": b"B\n", "posts/p.png": b"png"}
    builder.commit(tree, [], 1_600_000_000, "main")
    database = open_database(database_url)
    schema.upgrade(database)
    with Renderer() as renderer:
        made = Sync(open_repository(Location(str(builder.path), tmp_path / "data")), database, renderer)
        run(made)
        yield made
    database.dispose()


def test_verify_finds_a_planted_difference_in_every_column_of_every_table(sync: Sync) -> None:
    """Each column is changed in one row, found, and put back; then nothing differs again."""
    tip = sync.source.fetch()
    fresh = compute_everything(sync, tip, _drop)
    assert writer.differences(sync.database, fresh) == ()
    for column in COLUMNS:
        before, after = _plant(sync, column)

        found = writer.differences(sync.database, fresh)
        assert {each.table for each in found} == {column.table.name}, column

        _put_back(sync, column, before, after)
    assert writer.differences(sync.database, fresh) == ()


def test_tables_and_revisions_agree(sync: Sync) -> None:
    """What the newest revision makes is what the program asks."""
    schema.check(sync.database)


def _plant(sync: Sync, column: Column[Any]) -> tuple[Any, Any]:
    with sync.database.writing() as connection:
        before = connection.scalar(select(column).limit(1))
        assert before is not None, f"the blog has no row in {column.table.name}"
        after = _other(column, before)
        connection.execute(update(column.table).where(column == before).values({column.name: after}))
    return before, after


def _put_back(sync: Sync, column: Column[Any], before: Any, after: Any) -> None:
    with sync.database.writing() as connection:
        connection.execute(update(column.table).where(column == after).values({column.name: before}))


def _other(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, LargeBinary):
        return bytes(value) + b"x"
    if isinstance(value, bool):
        return not value
    return value + 1000 if isinstance(value, int) else f"{value} planted"


def _drop(blobs: Iterable[tuple[str, bytes]]) -> None:
    for _ in blobs:
        pass
