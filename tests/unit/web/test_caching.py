"""The page cache: its store, and its key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import flask
import pytest
from flask_caching import Cache
from werkzeug.test import Client

from gitblog.web.answers import Answer, answer
from gitblog.web.caching import BACKEND, Asked, MemoryBackend, PageCache


def test_the_store_never_holds_more_than_its_room() -> None:
    """The size of keys and values is counted, and the least recently used go first."""
    store = MemoryBackend(max_bytes=10_000)
    for number in range(100):
        assert store.set(f"k{number}", b"x" * 500)
        assert store.get("k0") is not None
        assert store.used_bytes <= 10_000

    assert store.has("k0")
    assert not store.has("k1")
    assert store.has("k99")


def test_an_entry_that_would_push_out_the_others_is_refused() -> None:
    """One entry may take an eighth of the room."""
    store = MemoryBackend(max_bytes=10_000)

    assert not store.set("large", b"x" * 1_300)
    assert store.used_bytes == 0


def test_the_store_counts_a_replaced_entry_once() -> None:
    """Writing a key again frees what it took before; forgetting all frees everything."""
    store = MemoryBackend(max_bytes=10_000)
    store.set("k", b"x" * 500)
    once = store.used_bytes
    store.set("k", b"y" * 500)

    assert once == store.used_bytes
    assert store.get("k") == b"y" * 500
    assert store.delete("k")
    assert not store.delete("k")
    assert store.used_bytes == 0


def test_the_store_keeps_bytes_alone() -> None:
    """Anything else would have to be pickled, and unpickling runs code."""
    with pytest.raises(TypeError, match="bytes, not str"):
        MemoryBackend(max_bytes=10_000).set("k", "text")


class Origin:
    """A site of one page that tells how often it was asked."""

    def __init__(self, made: Answer, era: tuple[str, int] | None = ("p1", 0)) -> None:
        self.made, self.era, self.calls, self.publication = made, era, 0, "p1"
        app = flask.Flask("cache", static_folder=None)
        store = Cache(app, config={"CACHE_TYPE": BACKEND, "CACHE_OPTIONS": {"max_bytes": 100_000}})
        self.cache = PageCache(store, "shape", lambda now: self.era, lambda: 7.9)
        self.client = Client(self.cache.wrap(self))
        self.asked: list[Asked] = []

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer as Flask would, and offer the answer to the cache."""
        self.calls += 1
        self.asked.append(self.cache.asked(environ))
        self.cache.keep(self.asked[-1], self.made, self.publication, "r" * 40)
        start_response(self.made.status_line, self.made.headers("r" * 40))
        return [self.made.body]


def test_queries_and_hosts_meet_one_entry() -> None:
    """What a page does not depend on is not in its key."""
    origin = Origin(answer(200, b"page"))
    first = origin.client.get("/x/")
    for query, host in [("?a=1", "a.test"), ("?a=2", "b.test"), ("", "c.test")]:
        again = origin.client.get(f"/x/{query}", headers={"Host": host})
        assert (first.status, first.data) == (again.status, again.data)

    assert origin.calls == 1
    assert origin.asked[0].now == 7


@pytest.mark.parametrize(("status", "calls"), [(200, 1), (301, 1), (410, 1), (404, 2), (503, 2)])
def test_only_what_is_bounded_is_kept(status: int, calls: int) -> None:
    """There are endlessly many addresses that answer 404."""
    origin = Origin(answer(status, b"page"))
    origin.client.get("/x/")
    origin.client.get("/x/")

    assert calls == origin.calls


def test_a_new_era_or_publication_is_a_new_page() -> None:
    """Nothing is purged: a key that is not asked for any more is not found any more."""
    origin = Origin(answer(200, b"old"))
    assert origin.client.get("/").data == b"old"
    origin.made, origin.era = answer(200, b"due"), ("p1", 5)
    assert origin.client.get("/").data == b"due"
    origin.made, origin.era, origin.publication = answer(200, b"new"), ("p2", 5), "p2"
    assert origin.client.get("/").data == b"new"
    origin.era = ("p1", 0)
    assert origin.client.get("/").data == b"old"


def test_an_answer_of_another_publication_is_not_kept_under_this_one() -> None:
    """Between a publish and its becoming known, the page is already the new one."""
    origin = Origin(answer(200, b"new"))
    origin.publication = "p2"
    origin.client.get("/")
    origin.client.get("/")

    assert origin.calls == 2


def test_a_hit_answers_head_and_not_modified() -> None:
    """HEAD has the length and no body; a known tag gets 304 with the same tag."""
    origin = Origin(answer(200, b"page"))
    first = origin.client.get("/")
    head = origin.client.head("/")
    known = origin.client.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", "4")
    assert (known.status_code, known.data, known.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert origin.calls == 1


@pytest.mark.parametrize("path", ["/-/status", "/-/healthz"])
def test_what_is_not_the_authors_is_never_kept(path: str) -> None:
    """Status must be today's."""
    origin = Origin(answer(200, b"page"))
    origin.client.get(path)
    origin.client.get(path)

    assert origin.calls == 2


def test_a_large_file_is_not_kept() -> None:
    """The browser keeps it; here it would push out a hundred pages."""
    large = Answer(200, b"x" * (256 * 1024 + 1), '"tag"', accepts_ranges=True)
    origin = Origin(large)
    origin.cache.keep(Asked(0, "p1", "key"), large, "p1", "r")
    origin.client.get("/")
    origin.client.get("/")

    assert origin.calls == 2
