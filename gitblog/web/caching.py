"""The page cache: finished bytes, kept by Flask-Caching, asked for before Flask wakes up.

A hit costs no route, no query and no template. Nothing is ever purged: the key names the publication, the
program and theme, and the era, so a key's bytes cannot become wrong; what is no longer asked for is dropped
for lack of room. The key never holds the host or a query parameter, because no page depends on one; junk in
either therefore meets the same entry.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_caching import Cache
from flask_caching.backends.base import BaseCache

from gitblog.web.answers import Answer, Stored, dump, load
from gitblog.web.conditional import not_modified

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

BACKEND = "gitblog.web.caching.MemoryBackend"

# What an entry costs beside its key and value: two objects and a place in the dictionary.
_ENTRY_BYTES = 400
# One entry may take this part of the room, so that a few large files cannot push out every page.
_LARGEST_PART = 8

# Files above this are not kept: the browser keeps them, and a photograph would push out a hundred pages.
_LARGEST_FILE_BYTES = 256 * 1024

_ASKED = "gitblog.asked"
_CACHED_METHODS = frozenset({"GET", "HEAD"})
# 404 is not kept: there are endlessly many addresses without anything behind them.
_KEPT_STATUSES = frozenset({200, 301, 410})

EraOf = Callable[[int], tuple[str, int] | None]
"""Tells (publication, era) for an instant from memory; None while nothing is known."""


class MemoryBackend(BaseCache):
    """A store in this process for bytes alone, at most `max_bytes` of them; the least recently used go first.

    Timeouts are ignored: a key of the page cache names everything its bytes depend on.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(default_timeout=0)
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._used_bytes = 0
        self._lock = threading.Lock()

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> MemoryBackend:
        """Make the store as Flask-Caching asks for it; CACHE_OPTIONS must hold `max_bytes`."""
        return cls(max_bytes=kwargs["max_bytes"])

    @property
    def used_bytes(self) -> int:
        """What the entries take now, never more than `max_bytes`."""
        return self._used_bytes

    def get(self, key: str) -> bytes | None:
        """Give the bytes, or None; whoever is asked for stays longest."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Keep the bytes; False where they are too large to be kept beside others."""
        if not isinstance(value, bytes):
            raise TypeError(f"the page cache keeps bytes, not {type(value).__name__}")
        cost = _cost(key, value)
        if cost > self._max_bytes // _LARGEST_PART:
            return False
        with self._lock:
            self._drop(key)
            self._entries[key] = value
            self._used_bytes += cost
            while self._used_bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))
        return True

    def add(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Keep the bytes unless the key is taken."""
        return not self.has(key) and self.set(key, value)

    def has(self, key: str) -> bool:
        """Say whether the key is there; that does not count as use."""
        with self._lock:
            return key in self._entries

    def delete(self, key: str) -> bool:
        """Forget one entry; False where there was none."""
        with self._lock:
            return self._drop(key)

    def clear(self) -> bool:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._used_bytes = 0
        return True

    def _drop(self, key: str) -> bool:
        value = self._entries.pop(key, None)
        if value is None:
            return False
        self._used_bytes -= _cost(key, value)
        return True


def _cost(key: str, value: bytes) -> int:
    return len(key) + len(value) + _ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class Asked:
    """What the cache layer decided about a request, and every later part of it must use.

    `now` is the request's one instant. `key` is "" where the answer is not to be kept.
    """

    now: int
    publication: str = ""
    key: str = ""


class PageCache:
    """The layer in front of Flask: answers from the store, else lets Flask answer and `keep`."""

    def __init__(
        self,
        store: Cache,
        shape: str,
        era_of: EraOf,
        clock: Callable[[], float],
        learn: Callable[[int], object] = lambda now: None,
    ) -> None:
        self._store = store
        self._shape = shape
        self._era_of = era_of
        self._clock = clock
        self._learn = learn

    def wrap(self, application: WSGIApplication) -> WSGIApplication:
        """Put the layer in front of a WSGI application."""

        def layered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            asked = self._ask(environ)
            entry = self._store.cache.get(asked.key) if asked.key and not _partial(environ) else None
            if entry is None:
                environ[_ASKED] = asked
                return application(environ, start_response)
            return _send(load(entry), environ, start_response)

        return layered

    def asked(self, environ: WSGIEnvironment) -> Asked:
        """Give what the layer decided about this request; it must have come through `wrap`."""
        asked: Asked = environ[_ASKED]
        return asked

    def keep(self, asked: Asked, answer: Answer, publication: str, revision: str) -> None:
        """Keep an answer made from `publication`; one that the key does not name is not kept.

        The two differ only in the moment between a publish and this process' learning of it, which ends here: whoever
        got the newer page must not be given an older one next.
        """
        if publication != asked.publication:
            self._learn(asked.now)
        elif asked.key and _worth_keeping(answer):
            self._store.cache.set(asked.key, dump(answer, revision))

    def _ask(self, environ: WSGIEnvironment) -> Asked:
        now = int(self._clock())
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] not in _CACHED_METHODS or path.startswith("/-/"):
            return Asked(now)
        known = self._era_of(now)
        if known is None:
            return Asked(now)
        publication, era = known
        return Asked(now, publication, f"{publication}\n{self._shape}\n{era}\n{path}")


def _worth_keeping(answer: Answer) -> bool:
    if answer.status not in _KEPT_STATUSES or answer.size is not None:
        return False
    return not answer.accepts_ranges or len(answer.body) <= _LARGEST_FILE_BYTES


def _partial(environ: WSGIEnvironment) -> bool:
    return "HTTP_RANGE" in environ


def _send(stored: Stored, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if stored.status == "200 OK" and not_modified(environ.get("HTTP_IF_NONE_MATCH", ""), stored.etag):
        start_response("304 NOT MODIFIED", stored.headers_of_304())
        return []
    start_response(stored.status, [*stored.headers, ("Content-Length", str(len(stored.body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [stored.body]
