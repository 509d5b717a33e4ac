"""Answers as values and as kept bytes."""

from __future__ import annotations

import pytest

from gitblog.web.answers import Answer, answer, dump, encoded, load, quoted


def test_what_was_kept_comes_back_the_same() -> None:
    """A body may hold empty lines: only the first one ends the headers."""
    made = answer(200, b"one\n\ntwo\n\n\xff")

    stored = load(dump(made, "r" * 40))

    assert stored.status == "200 OK"
    assert stored.body == made.body
    assert list(stored.headers) == made.headers("r" * 40)
    assert stored.etag == made.etag


def test_equal_bodies_have_equal_tags() -> None:
    """The tag is a hash of the body and of nothing else."""
    assert answer(200, b"x").etag == answer(404, b"x", "text/plain").etag
    assert answer(200, b"x").etag != answer(200, b"y").etag


def test_not_modified_says_nothing_of_the_body() -> None:
    """A 304 repeats tag, caching and policies, and leaves out the type."""
    names = {name for name, _ in load(dump(answer(200, b"x"), "r")).headers_of_304()}

    assert "Content-Type" not in names
    assert {"ETag", "Cache-Control", "X-Gitblog-Revision", "Content-Security-Policy"} <= names


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/b/käse/", "/b/k%C3%A4se/"),
        ("//evil.test/", "/evil.test/"),
        ("/\\evil.test/", "/%5Cevil.test/"),
        ("/a?b#c", "/a%3Fb%23c"),
        ("/a\r\nX: y/", "/a%0D%0AX:%20y/"),
        ("/50%/", "/50%25/"),
        ("/it's/", "/it%27s/"),
    ],
)
def test_an_address_never_leaves_its_host_or_its_line(address: str, expected: str) -> None:
    """What stands in a link or a Location header is one path of this host."""
    assert expected == quoted(address)


@pytest.mark.parametrize(
    ("status", "media_type", "size", "varies"),
    [
        (200, "text/html; charset=utf-8", 512, True),
        (200, "text/html; charset=utf-8", 511, False),
        (200, "image/svg+xml", 600, True),
        (200, "image/png", 9000, False),
        (200, "text/csv", 8 * 1024 * 1024 + 1, False),
        (410, "text/html", 600, True),
        (404, "text/html", 600, False),
        (301, "text/plain", 0, False),
    ],
)
def test_only_what_gets_smaller_varies(status: int, media_type: str, size: int, varies: bool) -> None:
    """Vary stands where another client may get other bytes, whichever this one got, and nowhere else."""
    made = answer(status, b"x" * size, media_type)
    for coding in ("", "br", "gzip"):
        fields = dict(encoded(made, coding).headers("r"))

        assert fields.get("Vary") == ("Accept-Encoding" if varies else None)
        assert fields.get("Content-Encoding", "") == (coding if varies else "")


def test_a_body_that_was_not_read_is_not_compressed() -> None:
    """For "not modified" the tag of the coding is enough."""
    unread = Answer(200, b"", '"blob"', "text/plain", accepts_ranges=True, size=9000)

    given = encoded(unread, "br")

    assert (given.body, given.etag, given.size, given.accepts_ranges) == (b"", '"blob-br"', 9000, False)


def test_caches_in_front_are_told_apart_from_browsers() -> None:
    """A browser asks every time; a CDN may hold for a second what lasts, and forgets all by one key."""
    page, nothing = dict(answer(200, b"x").headers("r")), dict(answer(404, b"x").headers("r"))

    assert page["Cache-Control"] == nothing["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert page["CDN-Cache-Control"] == page["Surrogate-Control"]
    assert page["CDN-Cache-Control"].startswith("max-age=1, stale-while-revalidate=10")
    assert page["Surrogate-Key"] == page["Cache-Tag"] == "gitblog"
    assert not nothing.keys() & {"CDN-Cache-Control", "Surrogate-Control"}
