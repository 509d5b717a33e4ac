"""What every request asks first: the publication, and the era (the latest instant at which something appeared).

A request reads both from memory. One thread of each process, started at its first request and so after the fork,
waits for the next publish; the clock ends an era by itself.
"""

from __future__ import annotations

import os
import threading
import time
import weakref

from gitblog.errors import IndexUnavailableError
from gitblog.index.queries import Index
from gitblog.index.views import Era
from gitblog.index.watching import PublicationWatch

# A missed notification costs at most this much.
_LONGEST_WAIT_SECONDS = 1.0
# A database that did not answer is left alone for so long: requests are answered from what was kept.
_BLIND_SECONDS = 1.0


class Eras:
    """Knows the live publication; where the database does not answer, the last one known stays."""

    def __init__(self, index: Index, watch: PublicationWatch) -> None:
        self._index = index
        self._watch = watch
        self._known: Era | None = None
        self._blind_until = 0.0
        self._process = 0
        self._starting = threading.Lock()
        self._looking = threading.Lock()

    def era_of(self, now: int) -> tuple[str, int] | None:
        """Give the publication and the era of `now`; None while nothing is known."""
        self._keep_watching()
        known = self._known
        if known is None or not known.start <= now < known.end:
            known = self.look(now)
        return (known.publication, known.start) if known else None

    def look(self, now: int) -> Era | None:
        """Ask the database, unless it did not answer a moment ago; give what is known then."""
        # One at a time: an answer that was read earlier must not replace a later one.
        with self._looking:
            if time.monotonic() < self._blind_until:
                return self._known
            try:
                # An index that was lost is made again; until then what was kept goes on answering.
                self._known = self._index.era(now) or self._known
            except IndexUnavailableError:
                self._blind_until = time.monotonic() + _BLIND_SECONDS
            return self._known

    def _keep_watching(self) -> None:
        if self._process == os.getpid():
            return
        with self._starting:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(
                    target=_watch, args=(weakref.ref(self), self._watch), name="publications", daemon=True
                ).start()


def _watch(eras: weakref.ref[Eras], watch: PublicationWatch) -> None:
    """Look after each publish, for as long as somebody uses what is found."""
    while True:
        watch.wait(_LONGEST_WAIT_SECONDS)
        if (used := eras()) is None:
            return
        used.look(int(time.time()))
        del used
