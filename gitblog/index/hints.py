"""Hints: word that there may be something to fetch. They need no durability: whoever starts or is due looks anyway."""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gitblog.errors import IndexUnavailableError
from gitblog.index.database import Database

HINT_CHANNEL = "gitblog_hint"
_FILE_LOOK_SECONDS = 0.1


def give_hint(database: Database, folder: Path, revision: str) -> None:
    """Tell the syncing process of a push (`revision` may be ""); raises `IndexUnavailableError` if that fails."""
    try:
        if database.is_postgres:
            with database.engine.begin() as connection:
                connection.execute(
                    text("SELECT pg_notify(:channel, :revision)"), {"channel": HINT_CHANNEL, "revision": revision}
                )
        else:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "hint").write_text(f"{revision}\n{time.time_ns()}\n", encoding="utf-8")
    except (DBAPIError, OSError) as exc:
        raise IndexUnavailableError("the hint could not be given", reason="no-hint") from exc


class HintListener:
    """Waits for hints; a lost connection is only a missed hint."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._file = folder / "hint"
        self._seen = self._read()
        self._connection: Any = None

    def wait(self, seconds: float) -> str | None:
        """Wait for a hint, at most `seconds`; give the revision that it names ("" for none), None without a hint."""
        if self._database.is_postgres:
            return self._wait_for_notification(seconds)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if (now := self._read()) != self._seen:
                self._seen = now
                return now.partition("\n")[0]
            time.sleep(min(_FILE_LOOK_SECONDS, left))
        return None

    def _wait_for_notification(self, seconds: float) -> str | None:
        try:
            if self._connection is None:
                self._connection = self._listen()
            ready, _, _ = select.select([self._connection], [], [], seconds)
            if not ready:
                return None
            self._connection.poll()
            heard = [str(each.payload) for each in self._connection.notifies]
            self._connection.notifies.clear()
            return heard[-1] if heard else None
        except (psycopg2.Error, DBAPIError, OSError):
            # What was said meanwhile is found by looking, so losing the connection counts as a hint.
            self._connection = None
            time.sleep(min(1.0, seconds))
            return ""

    def _listen(self) -> Any:
        connection: Any = self._database.engine.dialect.connect(
            *(arguments := self._database.engine.dialect.create_connect_args(self._database.engine.url))[0],
            **arguments[1],
        )
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {HINT_CHANNEL}")
        return connection

    def _read(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8")
        except OSError:
            return ""
