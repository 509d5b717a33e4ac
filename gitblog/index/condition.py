"""What the database itself is like: which server, how large, which index version."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text

from gitblog.index import tables
from gitblog.index.database import Database
from gitblog.index.tables import INDEX_VERSION, POSTGRES_SCHEMA


@dataclass(frozen=True, slots=True)
class Condition:
    """The server's name and version, the index version, and bytes: of the whole index, and of the files in it.

    `free` is how many the disk of SQLite's file has left, None where that is the server's business.
    """

    server: str
    index_version: int
    size: int
    file_bytes: int
    free: int | None = None


def condition_of(database: Database) -> Condition:
    """Ask the database; raises `IndexUnavailableError` where it does not answer, or has no tables yet."""
    with database.reading() as connection:
        if database.is_postgres:
            server = f"PostgreSQL {connection.scalar(text('SHOW server_version'))}".split(" (")[0]
            asked = text(
                "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                " WHERE nspname = :schema AND relkind = 'r'"
            )
            size = connection.scalar(asked, {"schema": POSTGRES_SCHEMA})
        else:
            server = f"SQLite {connection.scalar(text('SELECT sqlite_version()'))}"
            size = connection.scalar(text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"))
        file_bytes = connection.scalar(select(func.sum(tables.file.c.size)))
    return Condition(server, INDEX_VERSION, int(size or 0), int(file_bytes or 0), _free(database))


def _free(database: Database) -> int | None:
    file = database.engine.url.database
    if database.is_postgres or not file:
        return None
    return shutil.disk_usage(Path(file).parent).free
