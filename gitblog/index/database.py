"""The connection to the index's database: one engine, snapshots to read by, one fenced transaction to write in.

PostgreSQL keeps each index version in a schema of its own, SQLite in a file of its own.
"""

from __future__ import annotations

import glob
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2 import ProgrammingError
from psycopg2.extensions import make_dsn
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError

from gitblog.errors import IndexUnavailableError, SettingsError
from gitblog.index.tables import INDEX_VERSION, POSTGRES_SCHEMA

# Seconds for which a SQLite writer waits for another; a publish takes milliseconds, a first one seconds.
_SQLITE_BUSY_SECONDS = 30
_POSTGRES_CONNECT_SECONDS = 3
# A frozen publisher loses its lock and its right to write together after this time.
_IDLE_IN_TRANSACTION_MILLISECONDS = 10_000
_STATEMENT_MILLISECONDS = 120_000
_LOOK_AT_THE_FILE = "look at DATA_DIR (or DATABASE_URL): the path, who may write there, and the room on the disk"
_LOOK_AT_THE_SERVER = "look at DATABASE_URL and at the server"
# Any number that is gitblog's own; every version of it publishes under a lock of its own.
_PUBLISH_LOCK = 0x6769_7462_0000 + INDEX_VERSION


@dataclass(frozen=True, slots=True)
class Database:
    """An engine and how this kind of database is used."""

    engine: Engine
    is_postgres: bool

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give one snapshot: everything read in it is of one publication. Read only."""
        with _translated():
            connection = self.engine.connect()
        with connection:
            if self.is_postgres:
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with _translated(), connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the one writing transaction: no other writer of this index runs beside it.

        Raises `IndexUnavailableError`, having written nothing, where the database is away, full or refuses.
        """
        with _translated():
            connection = self.engine.connect()
        with connection:
            connection.execution_options(gitblog_immediate=True)
            with _translated(), connection.begin():
                if self.is_postgres:
                    connection.execute(
                        text(f"SET LOCAL idle_in_transaction_session_timeout = {_IDLE_IN_TRANSACTION_MILLISECONDS}")
                    )
                    connection.execute(text(f"SET LOCAL statement_timeout = {_STATEMENT_MILLISECONDS}"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PUBLISH_LOCK})
                yield connection

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the database of `url` without connecting yet; the tables may not exist."""
    parsed = make_url(url)
    return _open_postgres(parsed) if parsed.get_backend_name() == "postgresql" else _open_sqlite(parsed)


def sqlite_url(folder: Path) -> str:
    """Give the URL of the SQLite index in a folder."""
    return f"sqlite:///{folder / 'index.sqlite'}"


def sqlite_files(database: Database) -> tuple[str, ...]:
    """Give the SQLite files of every index version that lie beside this one's."""
    name = database.engine.url.database
    if not name:
        return ()
    path = Path(name)
    stem = path.stem.removesuffix(f"-v{INDEX_VERSION}")
    return tuple(str(each) for each in sorted(path.parent.glob(f"{glob.escape(stem)}-v*{path.suffix}")))


def sqlite_file(url: str) -> Path | None:
    """Give the file that holds this version's index: `index.sqlite` becomes `index-v2.sqlite`; None in memory."""
    database = make_url(url).database
    if not database or database == ":memory:":
        return None
    path = Path(database)
    return path.with_name(f"{path.stem}-v{INDEX_VERSION}{path.suffix or '.sqlite'}")


def _open_postgres(url: URL) -> Database:
    _check_options(url)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg2"),
        pool_pre_ping=True,
        # Small databases allow twenty connections: two web processes and a worker stay below.
        pool_size=6,
        max_overflow=0,
        pool_timeout=5,
        connect_args={"connect_timeout": _POSTGRES_CONNECT_SECONDS, "application_name": "gitblog"},
        execution_options={"schema_translate_map": {None: POSTGRES_SCHEMA}},
    )
    return Database(engine, is_postgres=True)


def _check_options(url: URL) -> None:
    """Refuse what follows the "?" of a URL and PostgreSQL's client does not know, before anybody waits for it."""
    try:
        make_dsn(**{name: str(value) for name, value in url.query.items()})
    except ProgrammingError as exc:
        problem = str(exc).strip().removeprefix("invalid dsn: ")
        message = f"DATABASE_URL cannot be used: {problem}; take it out, or correct it"
        raise SettingsError(message, reason="settings") from exc


def _open_sqlite(url: URL) -> Database:
    path = sqlite_file(url.render_as_string(hide_password=False))
    if path is None:
        from sqlalchemy.pool import StaticPool

        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": _SQLITE_BUSY_SECONDS})
        event.listen(engine, "checkout", _refuse_a_deleted_file)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, is_postgres=False)


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # We say BEGIN ourselves: the module would begin a write transaction late, after the first reads.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # The index can be made again from git, so a crash of the machine may cost the last transaction.
    connection.execute("PRAGMA synchronous = NORMAL")
    record.info["inode"] = inode_of(_file_of(connection))


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("gitblog_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _refuse_a_deleted_file(connection: sqlite3.Connection, record: Any, _proxy: object) -> None:
    """Drop a pooled connection whose file was deleted or replaced: it would answer from the grave for ever."""
    if record.info.get("inode") != inode_of(_file_of(connection)):
        raise DisconnectionError("the SQLite file was replaced")


def _file_of(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2])


def inode_of(path: str) -> tuple[int, int] | None:
    """Give what tells a file from another at the same path; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a database that does not answer, refuses, or has no tables yet, into `IndexUnavailableError`."""
    try:
        yield
    except DBAPIError as exc:
        if (meaning := _meaning(exc)) is None:
            raise
        raise meaning from exc


def _meaning(exc: DBAPIError) -> IndexUnavailableError | None:
    """Say what to do about an error that is not a fault of gitblog's own; None for one that is."""
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    code = getattr(exc.orig, "pgcode", None) or ""
    said = _first_line(exc)
    if code in {"42P01", "3F000"} or "no such table" in said:
        message = "the index has no tables yet; `gitblog db upgrade` makes them, and so does the first sync"
        return IndexUnavailableError(message, reason="no-tables")
    if code in {"42501", "25006"}:
        advice = "let the user of DATABASE_URL create schemas and tables in it, and write"
        return IndexUnavailableError(f"the database refuses: {said}; {advice}", reason="refused")
    if "file is not a database" in said or "malformed" in said:
        advice = "delete it (it lies under DATA_DIR, or where DATABASE_URL says), and it is made again from git"
        return IndexUnavailableError(f"the index's file is damaged: {said}; {advice}", reason="damaged")
    if not isinstance(exc, OperationalError):
        return None
    if "disk is full" in said or code == "53100":
        advice = "make room on its disk; the next sync goes on by itself"
        return IndexUnavailableError(f"the database cannot write: {said}; {advice}", reason="no-space")
    local = isinstance(exc.orig, sqlite3.Error)
    advice = _LOOK_AT_THE_FILE if local else _LOOK_AT_THE_SERVER
    return IndexUnavailableError(f"the database does not answer: {said}; {advice}", reason="no-database")


def _first_line(exc: DBAPIError) -> str:
    return str(exc.orig).strip().split("\n", 1)[0]
