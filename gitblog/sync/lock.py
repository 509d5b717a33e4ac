"""The lock of DATA_DIR: who holds it is the one process of this machine that syncs into it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_FILE = "sync.lock"


def take_lock(folder: Path) -> int | None:
    """Take the lock and give its descriptor, to be kept for life; None where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    return _locked(folder, fcntl.LOCK_EX)


def is_locked(folder: Path) -> bool:
    """Tell whether a process holds the lock now."""
    if not folder.is_dir():
        return False
    # Shared, so that those who only ask are never taken for the holder by each other.
    descriptor = _locked(folder, fcntl.LOCK_SH)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def owns_lock(folder: Path, descriptor: int) -> bool:
    """Tell whether the file at the lock's path still is the one that is locked (DATA_DIR may be emptied)."""
    try:
        there, held = os.stat(folder / _FILE), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def _locked(folder: Path, kind: int) -> int | None:
    descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
