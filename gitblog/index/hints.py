"""Hints: word that there may be something to fetch. They need no durability: whoever starts or is due looks anyway."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
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
# Room for some thirty hints; then the file begins anew. Nobody needs an old one.
_LARGEST_FILE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Hint:
    """Word of a push: the commit that it names ("" for none), and the ids of the deliveries that brought it."""

    revision: str
    deliveries: tuple[str, ...] = ()


def give_hint(database: Database, folder: Path, revision: str, delivery: str = "") -> None:
    """Tell the syncing process of a push (`revision` may be ""), and the id of the delivery that told of it.

    Raises `IndexUnavailableError` if that fails. Both texts must be printable.
    """
    told = f"{revision} {delivery}".rstrip()
    try:
        if database.is_postgres:
            with database.engine.begin() as connection:
                connection.execute(text("SELECT pg_notify(:channel, :told)"), {"channel": HINT_CHANNEL, "told": told})
        else:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "hint", f"{time.time_ns()} {told}\n")
    except (DBAPIError, OSError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "the database does not take it"
        advice = "look at the room and the rights of DATA_DIR, or at DATABASE_URL"
        raise IndexUnavailableError(f"the hint could not be given: {why}; {advice}", reason="no-hint") from exc


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

    def wait(self, seconds: float) -> Hint | None:
        """Wait for a hint, at most `seconds`; give all that was said meanwhile as one, None without any."""
        if self._listener:
            return _heard(self._listener, seconds)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if (now := self._read()) != self._seen:
                added = now[len(self._seen) :] if self._seen and now[: len(self._seen)] == self._seen else now
                self._seen = now
                return _together(line.partition(" ")[2] for line in added)
            time.sleep(min(_FILE_LOOK_SECONDS, left))
        return None

    def _read(self) -> list[str]:
        try:
            lines = self._file.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeError):
            return []
        # What stands behind the last line feed is still being written.
        return lines[:-1]


def _write(file: Path, line: str) -> None:
    """Add a line; readers know it by the time in it, so a file that begins anew loses them nothing."""
    with file.open("ab") as open_file:
        if open_file.tell() > _LARGEST_FILE_BYTES:
            open_file.truncate(0)
        open_file.write(line.encode())


def _together(told: Iterable[str]) -> Hint:
    """Make one hint of several: the last commit that was named, and every delivery once, in its order."""
    pairs = [each.partition(" ") for each in told]
    revisions = [revision for revision, _, _ in pairs if revision]
    deliveries = dict.fromkeys(delivery for _, _, delivery in pairs if delivery)
    return Hint(revisions[-1] if revisions else "", tuple(deliveries))


def _heard(listener: Listener, seconds: float) -> Hint | None:
    heard = listener.wait(seconds)
    if heard is None:
        # What was said meanwhile is found by looking, so a lost connection counts as a hint.
        time.sleep(min(_RECONNECT_SECONDS, seconds))
        return Hint("")
    return _together(heard) if heard else None
