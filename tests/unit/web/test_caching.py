"""The page cache: what it answers, what it keeps, and under which key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import flask
import pytest
from werkzeug.test import Client

from gitblog.web.answers import Answer, answer, encoded
from gitblog.web.caching import Asked, PageCache
from gitblog.web.stores import open_store


class Origin:
    """A site of one page that tells how often it was asked."""

    def __init__(self, made: Answer, era: tuple[str, int] | None = ("p1", 0)) -> None:
        self.made, self.era, self.calls, self.publication = made, era, 0, "p1"
        app = flask.Flask("cache", static_folder=None)
        store = open_store(app, "", 100_000)
        self.cache = PageCache(store, "shape", lambda now: self.era, lambda: 7.9)
        self.client = Client(self.cache.wrap(self))
        self.asked: list[Asked] = []

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer as Flask would, and offer the answer to the cache."""
        self.calls += 1
        self.asked.append(self.cache.asked(environ))
        made = encoded(self.made, self.asked[-1].coding)
        self.cache.keep(self.asked[-1], made, self.publication, "r" * 40)
        start_response(made.status_line, made.headers("r" * 40))
        return [made.body]


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


def test_a_page_is_made_once_for_each_coding_that_is_asked_for() -> None:
    """Each coding is an entry of its own; what a reader gets never depends on who came before."""
    origin = Origin(answer(200, b"a page " * 200))
    wanted = ["br", "", "gzip, deflate", "br, gzip", "gzip"]
    answers = [origin.client.get("/x/", headers={"Accept-Encoding": each}) for each in wanted * 2]

    assert [given.headers.get("Content-Encoding") for given in answers] == ["br", None, "gzip", "br", "gzip"] * 2
    assert origin.calls == 3
    assert [given.data for given in answers[:5]] == [given.data for given in answers[5:]]


@pytest.mark.parametrize(
    ("path", "coding"),
    [("/x/", "br"), ("/x", "br"), ("/x.html", "br"), ("/x.svg", "br"), ("/how-to.mp4/", "br"), ("/x.PNG", "")],
)
def test_what_is_compressed_already_has_one_entry(path: str, coding: str) -> None:
    """A picture is the same bytes for every reader, so that it is kept once."""
    origin = Origin(answer(200, b"page"))
    origin.client.get(path, headers={"Accept-Encoding": "br"})

    assert [asked.coding for asked in origin.asked] == [coding]


def test_a_key_is_short_however_long_the_address_is() -> None:
    """Stores have limits for keys, and an address may hold anything."""
    origin = Origin(answer(200, b"page"))
    for path in ("/", "/" + "x" * 5000, "/%0a%00%ff"):
        origin.client.get(path)

    assert [len(asked.key) for asked in origin.asked] == [64, 64, 64]
    assert len({asked.key for asked in origin.asked}) == 3
