"""Index versions beside each other: the view `posts`, and what becomes of old tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from gitblog.index import schema, versions, writer
from gitblog.index.database import Database, open_database
from gitblog.index.rows import DocumentRow, PathRows, SiteRow, TagRow, Update
from gitblog.index.tables import POSTGRES_SCHEMA
from gitblog.model import Fingerprints, SiteConfig
from gitblog.sync.pipeline import Sync


def _publish(database: Database, seen: str = "") -> str:
    def post(path: str, title: str, hold: str = "") -> DocumentRow:
        return DocumentRow(path, "post", path, path, path, "b", shown="b", title=title, address="/a/", hold=hold)

    documents = (post("posts/a.md", "A"), post("posts/b.md", "Shadowed"), post("posts/c.md", "Held", hold="draft"))
    rows = PathRows(documents, tags=(TagRow("posts/a.md", 0, "tag", "Git", "git"),))
    site = SiteRow("1" * 40, "main", 3, Fingerprints("", "", ""), "", SiteConfig(), ())
    return writer.publish(database, Update(site, None, rows, (), ()), seen=seen, at=1).publication


def _ask(connection: Connection) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in connection.execute(text("SELECT url, title, revision FROM posts"))]


def test_the_view_posts_holds_what_readers_see_from_the_first_publish_on(database_url: str) -> None:
    """Not the held ones, and not what another post shadows."""
    database = open_database(database_url)
    schema.upgrade(database)
    _publish(database)

    with database.reading() as connection:
        assert _ask(connection) == [("/a/", "A", "1" * 40)]
        tags = connection.execute(text("SELECT tags FROM posts")).scalar_one()
    assert tags in (["Git"], "Git")
    database.dispose()


def test_only_a_first_publish_and_an_upgrade_take_the_view_over(postgres_url: str) -> None:
    """While a newer version fills its tables the older one's view stays, and going back takes it back."""
    database = open_database(postgres_url)
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP VIEW IF EXISTS posts"))
    schema.upgrade(database)
    with database.reading() as connection:
        assert connection.scalar(text("SELECT to_regclass('posts')")) is None

    publication = _publish(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP VIEW posts"))
        connection.execute(text("CREATE VIEW posts AS SELECT 'newer' AS url"))
    _publish(database, publication)
    with database.reading() as connection:
        assert connection.scalar(text("SELECT url FROM posts")) == "newer"

    schema.upgrade(database)
    with database.reading() as connection:
        assert connection.scalar(text("SELECT url FROM posts")) == "/a/"
    database.dispose()


def test_a_user_who_may_make_no_view_is_served_all_the_same(postgres_url: str) -> None:
    """From PostgreSQL 15 on only the owner of a database may create in its schema `public`."""
    owner = open_database(postgres_url)
    with owner.engine.begin() as connection:
        connection.execute(text("CREATE ROLE modest LOGIN PASSWORD 'modest'"))
        connection.execute(text("GRANT CREATE ON DATABASE " + str(owner.engine.url.database) + " TO modest"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    modest = open_database(
        owner.engine.url.set(username="modest", password="modest").render_as_string(hide_password=False)
    )
    try:
        schema.upgrade(modest)
        _publish(modest)
        with modest.reading() as connection:
            assert connection.scalar(text(f"SELECT revision FROM {POSTGRES_SCHEMA}.site")) == "1" * 40
            assert connection.scalar(text("SELECT to_regclass('posts')")) is None
    finally:
        modest.dispose()
        with owner.engine.begin() as connection:
            connection.execute(text("DROP OWNED BY modest CASCADE"))
            connection.execute(text("DROP ROLE modest"))
        owner.dispose()


def test_versions_before_the_one_before_are_dropped_on_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one before stays for a way back, and what is newer is somebody else's."""
    database = open_database(postgres_url)
    monkeypatch.setattr(versions, "INDEX_VERSION", 14)
    names = ["gitblog_v9", "gitblog_v12", "gitblog_v13", "gitblog_v14", "gitblog_v15", "gitblog_vx"]
    with database.engine.begin() as connection:
        for name in names:
            connection.execute(text(f"CREATE SCHEMA {name} CREATE TABLE t (i int)"))

    versions.drop_older(database)

    with database.reading() as connection:
        left = connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gitblog%' ORDER BY 1"))
        assert left.all() == ["gitblog_v13", "gitblog_v14", "gitblog_v15", "gitblog_vx"]
    with database.engine.begin() as connection:
        for name in ["gitblog_v13", "gitblog_v14", "gitblog_v15", "gitblog_vx"]:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    database.dispose()


def test_versions_before_the_one_before_are_deleted_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their journals; a file that only looks alike stays."""
    monkeypatch.setattr(versions, "INDEX_VERSION", 14)
    monkeypatch.setattr("gitblog.index.database.INDEX_VERSION", 14)
    kept = ["index-v12.sqlite", "index-v14.sqlite", "index-v15.sqlite", "index-vx.sqlite", "other-v1.sqlite"]
    gone = ["index-v9.sqlite", "index-v9.sqlite-wal", "index-v9.sqlite-shm", "index-v11.sqlite"]
    for name in [*kept, *gone]:
        (tmp_path / name).touch()
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")

    versions.drop_older(database)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    database.dispose()


def test_a_first_sync_drops_what_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to call for it."""
    from gitblog.source.locations import Location
    from gitblog.source.repository import open_repository
    from gitblog.sync.pipeline import run
    from gitblog.sync.rendering import Renderer
    from tests.history_builder import Builder

    dropped: list[Database] = []
    monkeypatch.setattr(versions, "drop_older", dropped.append)
    builder = Builder(tmp_path / "repository")
    first = builder.commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    sync = Sync(open_repository(Location(str(builder.path), tmp_path / "data")), database, Renderer())

    run(sync)
    builder.commit({"posts/b.md": b"# B\n"}, [first], 1_600_000_100, "main")
    run(sync)

    assert dropped == [database]
    database.dispose()


def test_the_planner_knows_the_rows_of_a_first_publish_at_once(postgres_url: str) -> None:
    """Without that the first pages of a large blog take seconds, until PostgreSQL looks by itself."""
    database = open_database(postgres_url)
    schema.upgrade(database)
    _publish(database)

    asked = text("SELECT relname, reltuples FROM pg_class WHERE relnamespace = CAST(:schema AS regnamespace)")
    with database.reading() as connection:
        found = {row.relname: row.reltuples for row in connection.execute(asked, {"schema": POSTGRES_SCHEMA})}
    assert (found["document"], found["tag"]) == (3, 1)
    database.dispose()
