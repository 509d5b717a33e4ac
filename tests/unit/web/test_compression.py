"""Codings: what a client wants, and what it gets."""

from __future__ import annotations

import gzip

import brotli
import pytest

from gitblog.web.compression import accepted, coded_tag, compress, compressible


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0.8, gzip;q=0.8", "br"),
        ("br ; Q=1.000,\tgzip", "br"),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("br;q=0, gzip;q=0", ""),
        ("*", "br"),
        ("*;q=0", ""),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("identity", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip", "gzip"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0", ""),
        ("identity;q=0, gzip", "gzip"),
        ("", ""),
        (",,", ""),
        ("zstd", ""),
        ("brotli", ""),
        ("br;q=2", ""),
        ("br;q=-1", ""),
        ("br;q=", ""),
        ("br;q=0.1234", ""),
        ("br;q=nan", ""),
        ("br;level=9", ""),
        ("br gzip", ""),
        ("br;q=x, gzip", "gzip"),
        ("\xff\xfe;q=1, gzip", "gzip"),
        ("br;q=\u0661", ""),
        (";q=1", ""),
        ("a" * 5000 + ",br", "br"),
    ],
)
def test_the_best_of_what_a_client_accepts_is_taken(header: str, expected: str) -> None:
    """Weights count, junk does not, and whoever says nothing that is understood gets the body as it is."""
    assert expected == accepted(header)


@pytest.mark.parametrize("once_for_all", [False, True])
def test_a_compressed_body_is_the_same_body(once_for_all: bool) -> None:
    """Byte for byte, and two calls give the same bytes."""
    body = "<p>Käse &amp; Brot</p>\n".encode() * 100 + bytes(range(256))
    packed = {coding: compress(body, coding, once_for_all=once_for_all) for coding in ("br", "gzip")}

    assert brotli.decompress(packed["br"]) == body
    assert gzip.decompress(packed["gzip"]) == body
    assert packed == {coding: compress(body, coding, once_for_all=once_for_all) for coding in packed}
    assert max(map(len, packed.values())) < len(body) / 4


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("text/html; charset=utf-8", True),
        ("text/calendar; charset=utf-8", True),
        ("image/svg+xml", True),
        ("application/atom+xml; charset=utf-8", True),
        ("application/manifest+json", True),
        ("application/json", True),
        ("font/ttf", True),
        ("font/woff2", False),
        ("image/png", False),
        ("video/mp4", False),
        ("application/zip", False),
        ("application/gzip", False),
        ("application/octet-stream", False),
    ],
)
def test_what_is_compressed_already_is_left_alone(media_type: str, expected: bool) -> None:
    """Twice compressed is larger."""
    assert expected == compressible(media_type)


def test_each_coding_has_its_own_tag() -> None:
    """A tag names bytes, and these differ."""
    assert [coded_tag('"abc"', coding) for coding in ("", "br", "gzip")] == ['"abc"', '"abc-br"', '"abc-gzip"']
