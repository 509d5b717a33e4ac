"""The syncing process: holds the lock of DATA_DIR for life, waits for hints, runs the pipeline."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from gitblog.errors import FenceError, GitblogError, IndexUnavailableError, ObjectMissingError
from gitblog.index import schema, writer
from gitblog.index.hints import Hint, HintListener
from gitblog.index.stored import Stored
from gitblog.model import SyncReport
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.telling import Teller

logger = logging.getLogger(__name__)

_LONGEST_BACKOFF_SECONDS = 300.0
_FENCE_TRIES = 5
# Looks at what a remote does not show yet: replicas of a forge lag behind its webhooks.
_LOOKS = 5
# A repository that is away for long must not fill the memory with the names of deliveries.
_DELIVERIES_KEPT = 1000
_REVISION = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(slots=True)
class Doubt:
    """Whether a remote lags: what a delivery named and does not show, or a tip that lies before what is live.

    It is looked at again after 1, 2, 4, 8 and 16 s, and then believed. `deliveries` are those that asked for it.
    """

    hint: str = ""
    looks: int = 0
    deliveries: tuple[str, ...] = ()

    def hear(self, hint: str, deliveries: tuple[str, ...] = ()) -> None:
        """Take what a hint named; "" names nothing."""
        self.deliveries = (*self.deliveries, *deliveries)[-_DELIVERIES_KEPT:]
        if hint not in ("", self.hint):
            self.hint, self.looks = hint, 0

    def believes(self, tip: str) -> bool:
        """Tell whether a tip is published even if it lies before what is live: a delivery named it, or it stays."""
        return tip == self.hint or self.looks >= _LOOKS

    def settle(self, *, lagging: bool) -> float | None:
        """Give the seconds until the next look; None where there is nothing to look for."""
        if not lagging or self.looks >= _LOOKS:
            self.hint, self.looks, self.deliveries = "", 0, ()
            return None
        self.looks += 1
        return 2.0 ** (self.looks - 1)


def sync_once(sync: Sync, believe: Callable[[str], bool] = lambda tip: True) -> SyncReport:
    """Run the pipeline; looks again where somebody else published meanwhile, and makes anew what was lost."""
    for _ in range(_FENCE_TRIES):
        try:
            return run(sync, believe=believe)
        except FenceError:
            continue
        except ObjectMissingError:
            sync.source.discard()
        except IndexUnavailableError as exc:
            if exc.reason != "no-tables":
                raise
            schema.upgrade(sync.database)
    return run(sync, believe=believe)


def rebuild(sync: Sync) -> tuple[str, int]:
    """Compute everything at the indexed revision (before the first publish: at the tip) and publish what differs.

    Gives the revision and the number of rows that differed; looks again where somebody else published meanwhile.
    """
    for _ in range(_FENCE_TRIES):
        try:
            return _rebuild_once(sync)
        except FenceError:
            continue
    return _rebuild_once(sync)


def _rebuild_once(sync: Sync) -> tuple[str, int]:
    before = Stored(sync.database).site()
    tip = before.site.revision if before else sync.source.fetch()
    update = compute_everything(sync, tip, sync.keep)
    seen = before.publication if before else ""
    published = writer.publish(sync.database, update, seen=seen, at=int(time.time()))
    return tip, sum(published.rows.values())


def sync_now(sync: Sync) -> SyncReport:
    """Sync because a person asked, believing the remote; the report is kept."""
    report = _attempt(sync, lambda tip: True)
    Teller(sync.database).tell(report, asked=True)
    _pack(sync, report)
    return report


def work(sync: Sync, listener: HintListener, *, interval_seconds: float, may_go_on: Callable[[], bool]) -> None:
    """Sync at once, then at each hint and at least every `interval_seconds` (0: at hints alone), until told to end.

    A failed sync is reported and tried again, later and later; a hint makes it look at once.
    """
    doubt, failures, teller = Doubt(), 0, Teller(sync.database)
    heard: Hint | None = None
    while may_go_on():
        report = _attempt(sync, doubt.believes)
        teller.tell(report, doubt.deliveries, asked=heard is not None)
        _pack(sync, report)
        failures = failures + 1 if report.outcome == "failed" else 0
        pause = _pause(failures, interval_seconds)
        if not failures:
            soon = doubt.settle(lagging=report.outcome == "behind" or _is_missing(sync, doubt.hint))
            pause = pause if soon is None else min(pause, soon)
        heard = _wait(listener, pause, may_go_on)
        if heard is not None:
            doubt.hear(heard.revision, heard.deliveries)


def _attempt(sync: Sync, believe: Callable[[str], bool]) -> SyncReport:
    """Sync, and give the report of a failure too: nothing that fails once may fail for ever."""
    started, began = time.time(), time.monotonic()
    try:
        return sync_once(sync, believe)
    except GitblogError as exc:
        reason, message = exc.reason, exc.message
    except Exception as exc:
        logger.exception("a fault of gitblog stopped a sync")
        reason, message = "fault", f"{type(exc).__name__}: a fault of gitblog; its log has the details"
    seconds = round(time.monotonic() - began, 3)
    return SyncReport("", "", round(started, 3), seconds, "failed", message=message, reason=reason)


def _pack(sync: Sync, report: SyncReport) -> None:
    """Tidy the clone once readers have the new revision."""
    if report.outcome == "published":
        sync.source.pack()


def _is_missing(sync: Sync, hint: str) -> bool:
    """Tell whether a hint named a commit that the repository does not show yet."""
    try:
        return bool(_REVISION.fullmatch(hint)) and not sync.source.has(hint)
    except GitblogError:
        return False


def _pause(failures: int, interval_seconds: float) -> float:
    pause = min(2.0**failures, _LONGEST_BACKOFF_SECONDS) if failures else interval_seconds or float("inf")
    return pause * random.uniform(0.8, 1.2)  # noqa: S311 - spreads the looks of many hosts, guards nothing


def _wait(listener: HintListener, seconds: float, may_go_on: Callable[[], bool]) -> Hint | None:
    """Wait for a hint in short steps, so that the end is noticed; give what was heard."""
    deadline = time.monotonic() + seconds
    while may_go_on() and (left := deadline - time.monotonic()) > 0:
        heard = listener.wait(min(left, 1.0))
        if heard is not None:
            return heard
    return None
