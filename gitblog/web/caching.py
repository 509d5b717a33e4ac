"""The page cache: finished bytes, kept by Flask-Caching, asked for before Flask wakes up.

A hit costs no route, no query and no template. Nothing is ever purged: the key names the publication, the
program and theme, the era and the coding of the body, so a key's bytes cannot become wrong; what is no longer asked
for is dropped by the store. The key never holds the host or a query parameter, because no page depends on one; junk
in either therefore meets the same entry. A page is kept in the codings that its readers ask for and in no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_caching import Cache

from gitblog.web.answers import Answer, Stored, dump, load
from gitblog.web.assets import UNKNOWN, type_of
from gitblog.web.compression import accepted, compressible
from gitblog.web.conditional import not_modified
from gitblog.web.counting import CACHE_RESULT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Files that are not compressed are not kept above this: a photograph would push out a hundred pages.
_LARGEST_FILE_BYTES = 256 * 1024

_ASKED = "gitblog.asked"
_CACHED_METHODS = frozenset({"GET", "HEAD"})

EraOf = Callable[[int], tuple[str, int] | None]
"""Tells (publication, era) for an instant from memory; None while nothing is known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the cache layer decided about a request, and every later part of it must use.

    `now` is the request's one instant. `key` is "" where the answer is not to be kept. `coding` is the one that
    the answer is wanted in, "" for none.
    """

    now: int
    publication: str = ""
    key: str = ""
    coding: str = ""


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
            askable = asked.key and not _partial(environ)
            entry = self._store.cache.get(asked.key) if askable else None
            if askable:
                environ[CACHE_RESULT] = "miss" if entry is None else "hit"
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
        coding = _wanted_coding(environ, path)
        parts = (publication, self._shape, str(era), coding, path)
        return Asked(now, publication, _key(parts), coding)


def _key(parts: tuple[str, ...]) -> str:
    """Give a short key for parts of any length; none but the last, the path, can hold a line break."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _wanted_coding(environ: WSGIEnvironment, path: str) -> str:
    """Give the coding to answer in: none for a part of a body, nor where the address names a type without any.

    So a picture is kept once, whatever its readers accept.
    """
    if _partial(environ):
        return ""
    media_type = UNKNOWN if path.endswith("/") else type_of(path)
    if media_type != UNKNOWN and not compressible(media_type):
        return ""
    return accepted(environ.get("HTTP_ACCEPT_ENCODING", ""))


def _worth_keeping(answer: Answer) -> bool:
    # 404 does not last: there are endlessly many addresses without anything behind them.
    # Nor are there ends to the questions that a search can be asked at its one address.
    if not answer.lasting or answer.passing or answer.size is not None:
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
