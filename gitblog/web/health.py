"""What must be well so that pushes appear and pages answer: each part in a sentence, or what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from gitblog.errors import IndexUnavailableError
from gitblog.index.queries import Index
from gitblog.model import SyncReport
from gitblog.web.stores import cache_health
from gitblog.web.theme import iso

PARTS = ("repository", "database", "cache", "sync")
"""The parts, in the order in which they are told."""

_MEGABYTE = 1_000_000
# A push may write as much, and more than that where it brings a picture.
_LEAST_FREE_BYTES = 500_000


@dataclass(frozen=True, slots=True)
class Health:
    """Whether one of `PARTS` is well; `message` says how it was found, or what to do."""

    part: str
    ok: bool
    message: str


def health_of(index: Index, redis_url: str, *, syncing: bool) -> tuple[Health, ...]:
    """Look at every part now; Redis is waited for as long as a request would."""
    return (_repository(index), _database(index), _cache(redis_url), _sync(syncing=syncing))


def looked_at(report: SyncReport) -> float:
    """Give when the repository was last looked at, in seconds since 1970."""
    return max(report.started_at, report.looked_at)


def _repository(index: Index) -> Health:
    try:
        newest = index.newest_report()
    except IndexUnavailableError:
        newest = None
    if newest is None:
        return Health("repository", False, "no look at it is recorded; run `gitblog sync`, or start `gitblog worker`")
    if newest.outcome == "failed":
        message = f"the last sync failed: {newest.message} (at {iso(newest.started_at)})"
        return Health("repository", False, message)
    found = ", and shows less than what is live: it may only lag" if newest.outcome == "behind" else ""
    return Health("repository", True, f"was read at {iso(looked_at(newest))}{found}")


def _database(index: Index) -> Health:
    try:
        found = index.condition()
    except IndexUnavailableError as error:
        return Health("database", False, error.message)
    if found.free is not None and found.free < _LEAST_FREE_BYTES:
        message = f"its disk has only {found.free} bytes left; make room, since no push shows until then"
        return Health("database", False, message)
    sizes = f"{found.size / _MEGABYTE:.1f} MB with {found.file_bytes / _MEGABYTE:.1f} MB of files"
    return Health("database", True, f"{found.server}, index version {found.index_version}, {sizes}")


def _cache(redis_url: str) -> Health:
    wrong = cache_health(redis_url)
    return Health("cache", not wrong, wrong or ("Redis answers" if redis_url else "in the memory of each web process"))


def _sync(*, syncing: bool) -> Health:
    if syncing:
        return Health("sync", True, "a process follows the repository")
    return Health("sync", False, "nobody syncs: run `gitblog worker`, or serve with SYNC_MODE=web")
