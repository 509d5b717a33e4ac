"""What web processes count: requests, their time, the page cache's hits, deliveries.

Each process adds to a row of its own, in memory that gunicorn's first process shares with all of them (see
`server`). So nobody waits for anybody, whoever is asked sums the rows, and the row of a process that ended or was
killed stays until the next one goes on with it: no number is lost, and none ever falls. Files, as
prometheus-client would use, can do neither: a full disk ends whoever writes to a mapped one, and DATA_DIR may go
at any moment.
"""

from __future__ import annotations

import hashlib
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from mmap import mmap
from typing import TYPE_CHECKING, Final

from gitblog.webhooks import PROVIDERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROW_BYTES: Final = 4096

CACHE_RESULT: Final = "gitblog.cache"
"""The key of the WSGI environment under which the page cache says "hit" or "miss"."""

KINDS: Final = ("site", "theme", "webhook", "probe", "status", "other")
STATUSES: Final = ("2xx", "3xx", "4xx", "5xx")
CACHE_RESULTS: Final = ("hit", "miss")
BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))
SENDERS: Final = (*PROVIDERS, "unknown")
# What `web.webhooks` answers; another one would be a mistake, and is counted all the same.
DELIVERY_STATUSES: Final = (
    "200", "202", "400", "401", "404", "405", "411", "413", "415", "429", "503", "other",
)  # fmt: skip

REQUESTS: Final = "requests"
SECONDS: Final = "seconds"
SECONDS_SUM: Final = "seconds_sum"
CACHE: Final = "cache"
DELIVERIES: Final = "deliveries"

Cell = tuple[str, ...]
"""What is counted: one of the names above, then the values of its labels."""

CELLS: Final[tuple[Cell, ...]] = (
    *product((REQUESTS,), KINDS, STATUSES),
    *product((SECONDS,), KINDS, map(str, BUCKETS)),
    *product((SECONDS_SUM,), KINDS),
    *product((CACHE,), CACHE_RESULTS),
    *product((DELIVERIES,), SENDERS, DELIVERY_STATUSES),
)

_WIDTH = ROW_BYTES // 8
_PLACES: Final[Mapping[Cell, int]] = {cell: place for place, cell in enumerate(CELLS, start=1)}
# The first number of a row names what the others mean: after a reload another version of this file may go on.
_MEANING: Final = float(int.from_bytes(hashlib.sha256(repr(CELLS).encode()).digest()[:6]))

_KINDS_BELOW: Final = {
    "theme": "theme",
    "webhooks": "webhook",
    "healthz": "probe",
    "readyz": "probe",
    "status": "status",
    "metrics": "status",
}


class Counts:
    """The numbers of this process and, once `share` was called, of all processes of its server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows = memoryview(bytearray(ROW_BYTES)).cast("d")
        self._row = self._rows
        self._row[0] = _MEANING

    def share(self, memory: mmap, number: int) -> None:
        """Go on in row `number` of a memory that is a multiple of `ROW_BYTES`; no other process may have that row."""
        self._rows = memoryview(memory).cast("B").cast("d")
        self._row = self._rows[number * _WIDTH : (number + 1) * _WIDTH]
        if self._row[0] != _MEANING:
            for place in range(1, _WIDTH):
                self._row[place] = 0.0
            self._row[0] = _MEANING

    def add(self, cell: Cell, amount: float = 1.0) -> None:
        """Add to one of `CELLS`."""
        place = _PLACES[cell]
        with self._lock:
            self._row[place] += amount

    def total(self) -> dict[Cell, float]:
        """Give the sums over all processes."""
        starts = [start for start in range(0, len(self._rows), _WIDTH) if self._rows[start] == _MEANING]
        return {cell: sum(self._rows[start + place] for start in starts) for cell, place in _PLACES.items()}


def counted(
    application: WSGIApplication, counts: Counts, clock: Callable[[], float] = time.perf_counter
) -> WSGIApplication:
    """Count every request that an application answers; its time ends when the answer is made, not when it is read."""

    def counting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path, began, status = environ.get("PATH_INFO", ""), clock(), "500"

        def noting(line: str, headers: list[tuple[str, str]], *rest: object) -> object:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, *rest)  # type: ignore[arg-type]

        try:
            return application(environ, noting)  # type: ignore[arg-type]
        finally:
            _note(counts, path, status, clock() - began)
            if (result := environ.get(CACHE_RESULT)) in CACHE_RESULTS:
                counts.add((CACHE, result))

    return counting


def _note(counts: Counts, path: str, status: str, seconds: float) -> None:
    kind = kind_of(path)
    counts.add((REQUESTS, kind, f"{status[0]}xx" if f"{status[0]}xx" in STATUSES else "5xx"))
    counts.add((SECONDS, kind, str(BUCKETS[bisect_left(BUCKETS, seconds)])))
    counts.add((SECONDS_SUM, kind), seconds)
    if kind == "webhook":
        sender = path.split("/")[3] if path.count("/") >= 3 else ""
        known = status if status in DELIVERY_STATUSES else "other"
        counts.add((DELIVERIES, sender if sender in PROVIDERS else "unknown", known))


def kind_of(path: str) -> str:
    """Give what an address is of: one of `KINDS`."""
    if not path.startswith("/-/"):
        return "site"
    return _KINDS_BELOW.get(path.split("/")[2], "other")
