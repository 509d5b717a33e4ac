"""Index versions beside each other: which one the view `posts` shows, and when an old one goes.

Each version publishes into its own tables alone. Its first publish takes the view over, and after that only
`db upgrade` does, so that going back to an older program takes the view back. The version before stays for that.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from gitblog.index.database import Database, sqlite_files
from gitblog.index.tables import INDEX_VERSION, POSTGRES_SCHEMA

logger = logging.getLogger(__name__)

_POSTGRES_VIEW = """
CREATE OR REPLACE VIEW posts AS
SELECT d.path, d.address AS url, d.title, to_timestamp(d.published) AS published_at,
       to_timestamp(d.updated) AS updated_at,
       ARRAY(SELECT t.name FROM {schema}.tag t WHERE t.source = d.path AND t.kind = 'tag' ORDER BY t.position) AS tags,
       s.revision
FROM {schema}.document d CROSS JOIN {schema}.site s
WHERE d.kind = 'post' AND d.hold = '' AND d.visible_from <= extract(epoch FROM now())
  AND d.visible_until > extract(epoch FROM now())
  AND NOT EXISTS (
    SELECT 1 FROM {schema}.document o
    WHERE o.address = d.address AND o.rank < d.rank AND o.hold = ''
      AND o.visible_from <= extract(epoch FROM now()) AND o.visible_until > extract(epoch FROM now()))
"""
_SQLITE_VIEW = """
CREATE VIEW posts AS
SELECT d.path, d.address AS url, d.title, datetime(d.published, 'unixepoch') AS published_at,
       datetime(d.updated, 'unixepoch') AS updated_at,
       (SELECT group_concat(name) FROM
         (SELECT t.name FROM tag t WHERE t.source = d.path AND t.kind = 'tag' ORDER BY t.position)) AS tags,
       s.revision
FROM document d CROSS JOIN site s
WHERE d.kind = 'post' AND d.hold = '' AND d.visible_from <= unixepoch() AND d.visible_until > unixepoch()
  AND NOT EXISTS (
    SELECT 1 FROM document o
    WHERE o.address = d.address AND o.rank < d.rank AND o.hold = ''
      AND o.visible_from <= unixepoch() AND o.visible_until > unixepoch())
"""
_SCHEMA = re.compile(r"gitblog_v([0-9]+)")
_FILE = re.compile(r"-v([0-9]+)(\.[^.]*)$")
# Whoever still reads an old version's tables is not waited for; the next first publish tries again.
_LOCK_WAIT_MILLISECONDS = 3_000


def show_posts(connection: Connection, *, is_postgres: bool) -> None:
    """Make the view `posts` show this version, in the caller's transaction.

    A database whose user may not make a view (PostgreSQL's CREATE on its schema) is served without one.
    """
    if not is_postgres:
        connection.execute(text("DROP VIEW IF EXISTS posts"))
        connection.execute(text(_SQLITE_VIEW))
        return
    try:
        _replace_view(connection, text(_POSTGRES_VIEW.format(schema=POSTGRES_SCHEMA)))
    except DBAPIError as exc:
        reason = str(exc.orig).strip().split("\n", 1)[0]
        logger.warning("the view posts could not be made; the site needs none", extra={"problem": reason})


def _replace_view(connection: Connection, view: TextClause) -> None:
    try:
        with connection.begin_nested():
            connection.execute(view)
    except DBAPIError as exc:
        # Replacing keeps what the owner granted or built on it, but only adds columns (invalid_table_definition).
        if getattr(exc.orig, "pgcode", "") != "42P16":
            raise
        with connection.begin_nested():
            connection.execute(text("DROP VIEW posts"))
            connection.execute(view)


def drop_older(database: Database) -> None:
    """Drop the versions before the one before this: nobody goes back so far, and they take room."""
    if database.is_postgres:
        _drop_schemas(database)
    else:
        for path in _obsolete(sqlite_files(database), _FILE):
            for each in (path, f"{path}-wal", f"{path}-shm"):
                Path(each).unlink(missing_ok=True)


def _drop_schemas(database: Database) -> None:
    try:
        with database.engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MILLISECONDS}"))
            names = connection.scalars(text("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gitblog\\_v%'"))
            for name in _obsolete(names.all(), _SCHEMA):
                connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    except DBAPIError as exc:
        reason = str(exc.orig).strip().split("\n", 1)[0]
        logger.warning("an old index version was not dropped", extra={"problem": reason})


def _obsolete(names: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    """Give the names of versions that are older than the newest one below ours."""
    numbers = {int(match[1]): name for name in names if (match := pattern.search(name))}
    older = sorted(number for number in numbers if number < INDEX_VERSION)
    return [numbers[number] for number in older[:-1]]
