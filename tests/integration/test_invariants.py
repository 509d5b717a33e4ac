"""The two tests that guard everything: incremental equals rebuild, and the reader's memory."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from gitblog.index import schema, writer
from gitblog.index.database import Database, open_database
from gitblog.index.queries import Index, Snapshot
from gitblog.index.views import Gone, Redirect
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.histories import KINDS, REWRITING, History, Push

PUSHES = 6
# A hundred histories on each database, cut into groups so that xdist spreads them.
GROUPS = 20
HISTORIES_PER_GROUP = 5
SEEDS = range(GROUPS * HISTORIES_PER_GROUP)


def _sync(folder: Path, database: Database) -> Sync:
    source = open_repository(Location(str(folder / "repository"), folder / "data"))
    return Sync(source, database, Renderer())


def _drop_blobs(blobs: Iterable[tuple[str, bytes]]) -> None:
    for _ in blobs:
        pass


def _empty(database: Database) -> None:
    """Lose the database: every table is dropped and made again, empty."""
    from sqlalchemy import text

    from gitblog.index.tables import metadata

    with database.writing() as connection:
        if database.is_postgres:
            connection.execute(text("DROP SCHEMA gitblog_v1 CASCADE"))
        else:
            connection.execute(text("DROP VIEW posts"))
            connection.execute(text("DROP TABLE alembic_version"))
            metadata.drop_all(connection)
    schema.upgrade(database)


def _grow(folder: Path, url: str, seed: int) -> list[Push]:
    """Push and sync a random history, comparing the index with a fresh one after every push."""
    history = History(folder / "repository", seed)
    database = open_database(url)
    schema.upgrade(database)
    sync = _sync(folder, database)
    pushes = []
    for _ in range(PUSHES):
        push = history.push()
        pushes.append(push)
        if "lost-database" in push.kinds:
            _empty(database)
        if "lost-clone" in push.kinds:
            shutil.rmtree(folder / "data", ignore_errors=True)
            sync = _sync(folder, database)
        report = run(sync)

        assert report.to_revision == push.tip, (seed, pushes)
        fresh = compute_everything(sync, push.tip, _drop_blobs)
        assert writer.differences(database, fresh) == (), (seed, pushes)
    database.dispose()
    return pushes


@pytest.mark.parametrize("group", range(GROUPS))
def test_incremental_sync_equals_a_rebuild_after_every_push(group: int, database_url: str, tmp_path: Path) -> None:
    """Whatever is pushed, every row of the grown index is that of a fresh one."""
    for number in range(HISTORIES_PER_GROUP):
        seed = group * HISTORIES_PER_GROUP + number
        folder = tmp_path / str(seed)
        folder.mkdir()
        if database_url.startswith("sqlite"):
            url = f"sqlite:///{folder / 'index.sqlite'}"
        else:
            url = database_url
            database = open_database(url)
            if number:
                _empty(database)
            database.dispose()

        _grow(folder, url, seed)


def test_the_fixed_histories_hold_each_kind_of_push_in_a_tenth_of_them(tmp_path: Path) -> None:
    """A property test proves nothing about what it never draws."""
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        history = History(tmp_path / str(seed), seed)
        counts.update({kind for _ in range(PUSHES) for kind in history.push().kinds})

    assert set(KINDS) == set(counts)
    assert [kind for kind in KINDS if counts[kind] < len(SEEDS) // 10] == []


@pytest.mark.parametrize("group", range(GROUPS))
def test_an_address_that_was_read_never_dies(group: int, tmp_path: Path) -> None:
    """An address that answered 200 answers 200, 301 or 410 ever after, unless its own post is held."""
    for number in range(HISTORIES_PER_GROUP):
        seed = 1_000 + group * HISTORIES_PER_GROUP + number
        folder = tmp_path / str(seed)
        folder.mkdir()
        history = History(folder / "repository", seed, [kind for kind in KINDS if kind not in REWRITING])
        database = open_database(f"sqlite:///{folder / 'index.sqlite'}")
        schema.upgrade(database)
        sync = _sync(folder, database)
        remembered: dict[str, set[str]] = {}
        pushes = []
        for _ in range(PUSHES + 2):
            pushes.append(history.push())
            run(sync)
            with Index(database).snapshot(max(history.dates.values())) as snapshot:
                forgotten = _forgotten(snapshot, remembered)
                held = _held(database, snapshot.now)
                lost = {address: lineages for address, lineages in forgotten.items() if not lineages & held}

                assert lost == {}, (seed, pushes)
                for listed in snapshot.posts(offset=0, limit=1000):
                    remembered.setdefault(listed.address, set()).update({listed.path, listed.feed_name})
        database.dispose()


def _forgotten(snapshot: Snapshot, remembered: dict[str, set[str]]) -> dict[str, set[str]]:
    """Give the addresses that answer neither 200, nor 301 to a page that answers 200, nor 410."""
    forgotten = {}
    for address, lineages in remembered.items():
        if snapshot.article_at(address) is not None:
            continue
        answer = snapshot.fallback(address)
        if isinstance(answer, Redirect):
            assert snapshot.article_at(answer.address) is not None, address
        elif not isinstance(answer, Gone):
            forgotten[address] = lineages
    return forgotten


def _held(database: Database, now: int) -> set[str]:
    """Give path and lineage of every live document that is held now: it alone may answer 404."""
    from sqlalchemy import select

    from gitblog.index.tables import document

    with database.reading() as connection:
        rows = connection.execute(select(document)).all()
    held = [row for row in rows if row.hold or not row.visible_from <= now < row.visible_until]
    return {name for row in held for name in (row.lineage, row.path)}
