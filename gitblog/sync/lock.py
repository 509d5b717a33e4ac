"""The lock of DATA_DIR: who holds it is the one process of this machine that syncs into it.

The file names the index version of its holder: two versions of the program may stand side by side for a while, and
each publishes into its own tables alone.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from gitblog.index.tables import INDEX_VERSION

_FILE = "sync.lock"
_TRIES = 3
_MOMENT_SECONDS = 0.01


def take_lock(folder: Path) -> int | None:
    """Take the lock and give its descriptor, to be kept for life; None where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Perhaps somebody only asks, for a moment.
            time.sleep(_MOMENT_SECONDS)
        else:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{INDEX_VERSION}\n".encode("ascii"), 0)
            return descriptor
    os.close(descriptor)
    return None


def is_locked(folder: Path) -> bool:
    """Tell whether a process holds the lock now."""
    try:
        descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        # Nobody can hold what cannot be opened; whoever wants to take it will say why it cannot.
        return False
    try:
        # Shared, so that those who only ask are never taken for the holder by each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_locked_for_another_version(folder: Path) -> bool:
    """Tell whether the lock is held by a program that publishes into other tables than this one."""
    try:
        version = (folder / _FILE).read_bytes().strip()
    except OSError:
        return False
    # Empty for the moment between taking the lock and writing into it.
    return version not in (b"", str(INDEX_VERSION).encode("ascii")) and is_locked(folder)


def owns_lock(folder: Path, descriptor: int) -> bool:
    """Tell whether the file at the lock's path still is the one that is locked (DATA_DIR may be emptied)."""
    try:
        there, held = os.stat(folder / _FILE), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
