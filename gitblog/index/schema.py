"""Makes this index version's tables, empty; a sync fills them. Two of these at once are safe."""

from __future__ import annotations

from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from gitblog.errors import IndexUnavailableError
from gitblog.index import versions
from gitblog.index.database import Database
from gitblog.index.stored import read_site
from gitblog.index.tables import POSTGRES_SCHEMA, metadata


def upgrade(database: Database) -> None:
    """Make the tables of this index version where they are absent, and show it by the view `posts` if it is filled."""
    with database.writing() as connection:
        connection.execution_options(schema_translate_map=None)
        if database.is_postgres:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {POSTGRES_SCHEMA}"))
            connection.execute(text(f"SET LOCAL search_path TO {POSTGRES_SCHEMA}"))
        try:
            command.upgrade(_configuration(database, connection), "head")
        except CommandError as exc:
            raise _another_programs(database, exc) from exc
    with database.writing() as connection:
        if read_site(connection):
            versions.show_posts(connection, is_postgres=database.is_postgres)


def ensure(database: Database) -> None:
    """Make the tables unless they are there; a database that does not answer is tried all the same, and says why."""
    try:
        ready = exists(database)
    except IndexUnavailableError:
        ready = False
    if not ready:
        upgrade(database)


def check(database: Database) -> None:
    """Raise where the newest revision and the tables of `index.tables` disagree."""
    with database.writing() as connection:
        connection.execution_options(schema_translate_map=None)
        if database.is_postgres:
            connection.execute(text(f"SET LOCAL search_path TO {POSTGRES_SCHEMA}"))
        command.check(_configuration(database, connection))


def exists(database: Database) -> bool:
    """Tell whether this version's tables are there."""
    with database.reading() as connection:
        schema = POSTGRES_SCHEMA if database.is_postgres else None
        return bool(inspect(connection).has_table("site", schema=schema))


def _another_programs(database: Database, exc: CommandError) -> IndexUnavailableError:
    """Say what to do where the tables of this version were made by revisions that this program does not have."""
    where = f"the schema {POSTGRES_SCHEMA}" if database.is_postgres else f"the file {database.engine.url.database}"
    return IndexUnavailableError(
        f"{where} was made by another program than this one ({exc}); "
        "run the newer program, or drop it, and it is made again from git",
        reason="other-revision",
    )


def _configuration(database: Database, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "gitblog:migrations")
    config.set_main_option("path_separator", "os")
    attributes: dict[str, Any] = {
        "connection": connection,
        "metadata": metadata,
        "schema": POSTGRES_SCHEMA if database.is_postgres else None,
    }
    config.attributes.update(attributes)
    return config
