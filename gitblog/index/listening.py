"""A PostgreSQL session that listens on one channel. Whoever asks the database which sessions listen sees its name."""

from __future__ import annotations

import select
from typing import Any

import psycopg2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gitblog.index.database import Database


class Listener:
    """Hears what is said on a channel; a lost connection is made again at the next wait."""

    def __init__(self, database: Database, channel: str, name: str) -> None:
        self._database = database
        self._channel = channel
        self._name = name
        self._connection: Any = None

    def wait(self, seconds: float) -> tuple[str, ...] | None:
        """Wait at most `seconds` for something to be said; None where the connection is lost, or was made anew.

        Nobody keeps what was said meanwhile, so None means: look yourself.
        """
        try:
            if self._connection is None:
                self._connection = self._listen()
                return None
            ready, _, _ = select.select([self._connection], [], [], seconds)
            if not ready:
                return ()
            self._connection.poll()
            heard = tuple(str(each.payload) for each in self._connection.notifies)
            self._connection.notifies.clear()
            return heard
        except (psycopg2.Error, DBAPIError, OSError):
            self._connection = None
            return None

    def _listen(self) -> Any:
        dialect = self._database.engine.dialect
        arguments, options = dialect.create_connect_args(self._database.engine.url)
        connection: Any = dialect.connect(*arguments, **{**options, "application_name": self._name})
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {self._channel}")
        return connection


def is_heard(database: Database, name: str) -> bool:
    """Tell whether a session of this name is connected to the database, from any machine."""
    asked = text("SELECT 1 FROM pg_stat_activity WHERE application_name = :name AND datname = current_database()")
    with database.reading() as connection:
        return connection.execute(asked, {"name": name}).first() is not None
