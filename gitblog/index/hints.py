"""Hints: word that there may be something to fetch. They need no durability: whoever starts or is due looks anyway."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gitblog.errors import IndexUnavailableError
from gitblog.index.database import Database
from gitblog.index.listening import Listener, is_heard
from gitblog.index.tables import INDEX_VERSION

HINT_CHANNEL = "gitblog_hint"
# The name of the syncing process' session, by which the others see it.
_SESSION = f"gitblog sync v{INDEX_VERSION}"
_FILE_LOOK_SECONDS = 0.1
_RECONNECT_SECONDS = 1.0


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


def somebody_listens(database: Database) -> bool:
    """Tell whether a syncing process of any machine waits for hints in this database (PostgreSQL alone can say)."""
    return database.is_postgres and is_heard(database, _SESSION)


class HintListener:
    """Waits for hints; a lost connection is only a missed hint."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._file = folder / "hint"
        self._seen = self._read()
        self._listener = Listener(database, HINT_CHANNEL, _SESSION) if database.is_postgres else None
        if self._listener:
            # The first wait connects, and so makes this process seen before its first sync.
            self._listener.wait(0)

    def wait(self, seconds: float) -> str | None:
        """Wait for a hint, at most `seconds`; give the revision that it names ("" for none), None without a hint."""
        if self._listener:
            return _latest(self._listener, seconds)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if (now := self._read()) != self._seen:
                self._seen = now
                return now.partition("\n")[0]
            time.sleep(min(_FILE_LOOK_SECONDS, left))
        return None

    def _read(self) -> str:
        try:
            return self._file.read_text(encoding="utf-8")
        except OSError:
            return ""


def _latest(listener: Listener, seconds: float) -> str | None:
    heard = listener.wait(seconds)
    if heard is None:
        # What was said meanwhile is found by looking, so a lost connection counts as a hint.
        time.sleep(min(_RECONNECT_SECONDS, seconds))
        return ""
    return heard[-1] if heard else None
