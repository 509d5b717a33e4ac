"""The revision that is live, for answers that are made without the index: errors, redirects, the theme's files."""

from __future__ import annotations

from collections.abc import Callable

from gitblog.errors import IndexUnavailableError
from gitblog.index.queries import Index
from gitblog.web.caching import EraOf


class LiveRevision:
    """Asks the index once a publication, and otherwise answers from memory."""

    def __init__(self, index: Index, era_of: EraOf, clock: Callable[[], float]) -> None:
        self._index = index
        self._era_of = era_of
        self._clock = clock
        self._known = ("", "")

    def __call__(self) -> str:
        """Give the full commit id of the live publication, "" where none is or can be asked for."""
        now = int(self._clock())
        live = self._era_of(now)
        if live is None:
            return ""
        publication, revision = self._known
        if publication == live[0]:
            return revision
        try:
            with self._index.snapshot(now) as snapshot:
                self._known = (snapshot.publication, snapshot.revision)
        except IndexUnavailableError:
            return ""
        return self._known[1]
