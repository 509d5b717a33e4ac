"""Bodies in fewer bytes: which coding a client wants, and what is worth one. Pure.

A body is compressed once, when its answer is made; the page cache keeps it compressed.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from typing import Final

import brotli

CODINGS: Final = ("br", "gzip")
"""The codings that bodies are made in, the better one first."""

# Below this, the headers of an answer outweigh whatever could be saved.
LEAST_BYTES: Final = 512
# Above this, making it costs a request more than a tenth of a second.
MOST_BYTES: Final = 8 * 1024 * 1024

# Measured on 35 pages of 6 kB (and one of 200 kB): brotli 5 leaves 35.0 % (27.9 %) in 0.14 ms (3.7 ms), gzip 6
# 37.6 % (29.1 %) in 0.10 ms (6.3 ms). Brotli 6 to 9 save 0.6 points at most, 11 saves 4 and takes 45 times as long.
_PAGE_LEVELS: Final = {"br": 5, "gzip": 6}
# For what is compressed once for all readers of a version of the theme.
_STATIC_LEVELS: Final = {"br": 11, "gzip": 9}

# Types outside text/*, +xml and +json whose bytes are not compressed already.
_COMPRESSIBLE: Final = frozenset(
    {
        "application/json",
        "application/postscript",
        "application/wasm",
        "application/x-tar",
        "application/xml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/x-icon",
    }
)
# RFC 9110, 12.4.2: a weight is from 0 to 1 with at most three digits behind the point.
_ELEMENT = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?")


def accepted(accept_encoding: str) -> str:
    """Give the coding that a client wants best of those there are, "" for the body as it is (RFC 9110, 12.5.3).

    Whoever says nothing gets the body as it is, and so does who refuses even that: there is nothing else.
    An element that cannot be understood is ignored.
    """
    weights = dict(_weights(accept_encoding))
    others = weights.get("*", 0.0)
    # Of equals `max` takes the first, which is the better one.
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else ""


def compressible(media_type: str) -> bool:
    """Say whether bytes of the type get smaller: pictures, sound and archives are compressed already."""
    essence = media_type.partition(";")[0]
    return essence.startswith("text/") or essence.endswith(("+xml", "+json")) or essence in _COMPRESSIBLE


def worth_compressing(media_type: str, size: int) -> bool:
    """Say whether a body of that many bytes is sent in the coding that its reader wants."""
    return compressible(media_type) and LEAST_BYTES <= size <= MOST_BYTES


def compress(body: bytes, coding: str, *, once_for_all: bool = False) -> bytes:
    """Give the body in one of CODINGS; `once_for_all` takes much longer and saves a little more."""
    level = (_STATIC_LEVELS if once_for_all else _PAGE_LEVELS)[coding]
    if coding == "br":
        packed: bytes = brotli.compress(body, quality=level)
        return packed
    # Without a time in it: equal bodies have equal bytes.
    return gzip.compress(body, level, mtime=0)


def coded_tag(etag: str, coding: str) -> str:
    """Give the entity tag of a body in a coding: other bytes have another tag (RFC 9110, 8.8.3.3)."""
    return f'{etag[:-1]}-{coding}"' if coding else etag


def _weights(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for element in accept_encoding.split(","):
        if match := _ELEMENT.fullmatch(element.strip(" \t")):
            # RFC 9110, 8.4.1.3: x-gzip is another name of gzip.
            yield match[1].lower().removeprefix("x-"), float(match[2] or 1)
