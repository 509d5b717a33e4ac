"""Compressed answers on a real index: the same bytes in fewer, with the right headers, however they are asked for."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import brotli
import pytest
from werkzeug.test import Client, TestResponse

from tests.served_site import ServedSite, post

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg">' + '<path d="M0 0L9 9"/>' * 100 + "</svg>"
TEXT = "A line of text.\n" * 500
LONG_TEXT = "A line of text, and another.\n" * 20_000
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

VARYING = ("/", "/2026/01/a/", "/archive/", "/feed.xml", "/logo.svg", "/notes.txt", "/long.txt", "/2026/01/gone/")
FIXED = ("/cat.png", "/small.txt", "/2026/01/a", "/nothing/", "/robots.txt", "/-/healthz")
UNPACK: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


@pytest.fixture
def filled(small_site: ServedSite) -> ServedSite:
    """Every kind of answer, larger than what is worth compressing."""
    small_site.push({"posts/gone.md": "---\ndate: 2026-01-01\n---\nGone soon.\n"})
    small_site.push(
        {
            "posts/gone.md": None,
            "posts/a.md": post(body="Some words, and others.\n\n" * 100 + "![](/cat.png)"),
            "static/logo.svg": DRAWING,
            "static/notes.txt": TEXT,
            "static/long.txt": LONG_TEXT,
            "static/small.txt": "short\n",
            "static/cat.png": PICTURE,
        }
    )
    return small_site


def _ask(site: ServedSite, address: str, accept: str, **fields: str) -> TestResponse:
    return site.get(address, headers={"Accept-Encoding": accept, **fields})


@pytest.mark.parametrize("address", VARYING)
def test_a_compressed_answer_is_the_same_answer(filled: ServedSite, address: str) -> None:
    """GET and HEAD, made and kept: the body unpacks to the plain one, and the headers tell of it."""
    plain = filled.get(address)
    assert (plain.headers["Vary"], "Content-Encoding" in plain.headers) == ("Accept-Encoding", False)
    for coding in ("br", "gzip"):
        cold_head = filled.client.head(address, headers={"Accept-Encoding": coding})
        made, kept = _ask(filled, address, coding), _ask(filled, address, coding)
        warm_head = filled.client.head(address, headers={"Accept-Encoding": coding})

        assert dict(cold_head.headers) == dict(made.headers) == dict(kept.headers) == dict(warm_head.headers)
        assert cold_head.data == warm_head.data == b""
        assert made.status == kept.status == plain.status
        assert UNPACK[coding](made.data) == UNPACK[coding](kept.data) == plain.data
        assert int(made.headers["Content-Length"]) == len(made.data) < len(plain.data)
        assert (made.headers["Content-Encoding"], made.headers["Vary"]) == (coding, "Accept-Encoding")
        assert made.headers["Content-Type"] == plain.headers["Content-Type"]


@pytest.mark.parametrize("address", FIXED)
def test_what_cannot_get_smaller_is_sent_as_it_is(filled: ServedSite, address: str) -> None:
    """A picture, a short text, a redirect, an error: the same for every client, and nothing says otherwise."""
    plain, asked = filled.get(address), _ask(filled, address, "br, gzip")

    assert plain.data == asked.data
    assert dict(plain.headers) == dict(asked.headers)
    assert not {"Vary", "Content-Encoding"} & set(asked.headers.keys())


@pytest.mark.parametrize("address", ["/2026/01/a/", "/logo.svg"])
def test_a_copy_in_another_coding_is_not_taken_for_this_one(filled: ServedSite, address: str) -> None:
    """Each coding has a tag of its own; 304 comes for that one alone, cached or not, with what caches need."""
    tags = {coding: _ask(filled, address, coding).headers["ETag"] for coding in UNPACK}
    assert len(set(tags.values())) == 3
    for coding in UNPACK:
        for known, tag in tags.items():
            fields = {"Accept-Encoding": coding, "If-None-Match": tag}
            warm = filled.get(address, headers=fields)
            cold = Client(filled.app()).get(address, headers=fields)
            for given in (warm, cold):
                assert given.status_code == (304 if coding == known else 200), (coding, known)
                assert given.headers["ETag"] == tags[coding]
                assert given.headers["Vary"] == "Accept-Encoding"
                assert ("Content-Encoding" in given.headers) == (coding not in {"", known})


def test_parts_are_of_the_body_as_it_is(filled: ServedSite) -> None:
    """A client that asks for a part and for compression gets the part of the plain file."""
    plain = filled.get("/notes.txt")
    part = _ask(filled, "/notes.txt", "br", Range="bytes=2-9")
    packed = _ask(filled, "/notes.txt", "br")
    resumed = _ask(filled, "/notes.txt", "br", Range="bytes=2-9", **{"If-Range": packed.headers["ETag"]})

    assert (part.status_code, part.data) == (206, TEXT.encode()[2:10])
    assert part.headers["ETag"] == plain.headers["ETag"] != packed.headers["ETag"]
    assert part.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in part.headers
    assert "Accept-Ranges" not in packed.headers
    assert (resumed.status_code, resumed.data) == (200, TEXT.encode())


def test_the_themes_files_come_compressed(filled: ServedSite) -> None:
    """For ever at their address, so what they vary in must be told too."""
    style = filled.text("/").partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert style.startswith("/-/theme/")
    plain = filled.get(style)
    assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for coding in ("br", "gzip"):
        packed = _ask(filled, style, coding)
        known = _ask(filled, style, coding, **{"If-None-Match": packed.headers["ETag"]})
        other = _ask(filled, style, coding, **{"If-None-Match": plain.headers["ETag"]})
        head = filled.client.head(style, headers={"Accept-Encoding": coding})

        assert UNPACK[coding](packed.data) == plain.data
        assert dict(head.headers) == dict(packed.headers)
        assert (
            packed.headers["Cache-Control"] == plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        )
        assert (packed.headers["Vary"], packed.headers["Content-Encoding"]) == ("Accept-Encoding", coding)
        assert (known.status_code, known.data, known.headers["Vary"]) == (304, b"", "Accept-Encoding")
        assert (other.status_code, other.data) == (200, packed.data)


def test_junk_in_the_header_costs_nobody_the_page(filled: ServedSite) -> None:
    """Whatever stands there, the answer is right."""
    plain = filled.get("/").data
    for header in ("", ",", "br;q=nan", "\xff", "x" * 4000, "*;q=0", "identity;q=0", "gzip;;;q=1"):
        given = _ask(filled, "/", header)

        assert given.status_code == 200
        assert UNPACK[given.headers.get("Content-Encoding", "")](given.data) == plain
