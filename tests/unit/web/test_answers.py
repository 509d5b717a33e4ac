"""Answers as values and as kept bytes."""

from __future__ import annotations

import pytest

from gitblog.web.answers import answer, dump, load, quoted


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
