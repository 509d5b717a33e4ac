"""The syncing process: holds the lock of DATA_DIR for life, waits for hints, runs the pipeline."""

from __future__ import annotations

import fcntl
import logging
import os
import random
import re
import time
from collections.abc import Callable
from pathlib import Path

from gitblog.errors import FenceError, GitblogError, ObjectMissingError
from gitblog.index import writer
from gitblog.index.hints import HintListener
from gitblog.model import SyncReport
from gitblog.sync.pipeline import Sync, run

logger = logging.getLogger(__name__)

LOCK_FILE = "sync.lock"
_LONGEST_BACKOFF_SECONDS = 300.0
_FENCE_TRIES = 5
# Looks after a hint whose commit is not there yet: replicas of a forge lag behind its webhooks.
_LOOKS_FOR_A_HINT = 5
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def take_lock(folder: Path) -> int | None:
    """Take the lock of DATA_DIR and give its descriptor; None where another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def owns_lock(folder: Path, descriptor: int) -> bool:
    """Tell whether the file at the lock's path still is the one that is locked (DATA_DIR may be emptied)."""
    try:
        there, held = os.stat(folder / LOCK_FILE), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def sync_once(sync: Sync) -> SyncReport:
    """Run the pipeline; looks again where somebody else published meanwhile, and renews a damaged clone once."""
    for _ in range(_FENCE_TRIES):
        try:
            return run(sync)
        except FenceError:
            continue
        except ObjectMissingError:
            sync.source.discard()
    return run(sync)


def work(sync: Sync, listener: HintListener, *, interval_seconds: float, may_go_on: Callable[[], bool]) -> None:
    """Sync at once, then at each hint and at least every `interval_seconds` (0: at hints alone), until told to end.

    A failed sync is logged and tried again, later and later; a hint makes it look at once. Where the remote does
    not show the commit of a hint yet, it looks again at 1, 2, 4, 8 and 16 s, and then believes the remote.
    """
    failures = 0
    hint, looks = "", 0
    while may_go_on():
        try:
            report = sync_once(sync)
            failures = 0
            if report.outcome != "unchanged":
                writer.record_report(sync.database, report)
                logger.info(
                    "sync finished",
                    extra={"revision": report.to_revision, "seconds": report.seconds, **report.counts},
                )
                sync.source.pack()
        except GitblogError as exc:
            failures += 1
            logger.warning("sync failed", extra={"reason": exc.reason, "problem": exc.message})
        except Exception:
            # Nothing that fails once may fail for ever: the next look starts anew.
            failures += 1
            logger.exception("sync failed")
        pause = _pause(failures, interval_seconds)
        if looks < _LOOKS_FOR_A_HINT and not failures and _is_missing(sync, hint):
            pause, looks = min(pause, 2.0**looks), looks + 1
        heard = _wait(listener, pause, may_go_on)
        if heard is not None:
            hint, looks = heard, 0


def _is_missing(sync: Sync, hint: str) -> bool:
    """Tell whether a hint named a commit that the repository does not show yet."""
    try:
        return bool(_REVISION.fullmatch(hint)) and not sync.source.has(hint)
    except GitblogError:
        return False


def _pause(failures: int, interval_seconds: float) -> float:
    pause = min(2.0**failures, _LONGEST_BACKOFF_SECONDS) if failures else interval_seconds or float("inf")
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the looks of many hosts, guards nothing


def _wait(listener: HintListener, seconds: float, may_go_on: Callable[[], bool]) -> str | None:
    """Wait for a hint in short steps, so that the end is noticed; give what was heard."""
    deadline = time.monotonic() + seconds
    while may_go_on() and (left := deadline - time.monotonic()) > 0:
        heard = listener.wait(min(left, 1.0))
        if heard is not None:
            return heard
    return None
