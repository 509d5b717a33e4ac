"""How a process that serves learns of a publish: by NOTIFY on PostgreSQL, by the file's counter on SQLite."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from gitblog.index.database import Database, inode_of
from gitblog.index.listening import Listener
from gitblog.index.writer import NOTIFY_CHANNEL

_LOOK_SECONDS = 0.05
_SESSION = "gitblog web"


class PublicationWatch:
    """Waits until something may have been published; a look that finds nothing new costs one small query."""

    def __init__(self, database: Database) -> None:
        self._listener = Listener(database, NOTIFY_CHANNEL, _SESSION) if database.is_postgres else None
        name = database.engine.url.database
        self._file = _Counter(Path(name)) if name and not database.is_postgres else None

    def wait(self, seconds: float) -> None:
        """Return when something may have been published, and after `seconds` in any case."""
        if self._listener:
            if self._listener.wait(seconds) is None:
                time.sleep(_LOOK_SECONDS)
            return
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(_LOOK_SECONDS, left))
            if self._file and self._file.has_moved():
                return


class _Counter:
    """SQLite's own counter of commits by other connections (https://sqlite.org/pragma.html#pragma_data_version)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[object, ...] = ()

    def has_moved(self) -> bool:
        seen = self._look()
        moved, self._seen = seen != self._seen, seen
        return moved

    def _look(self) -> tuple[object, ...]:
        inode = inode_of(str(self._path))
        if inode is None:
            return ()
        try:
            if self._connection is None or self._seen[:1] != (inode,):
                self._close()
                self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            return inode, self._connection.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            self._close()
            return ()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
