"""Conditional and partial requests (RFC 9110, sections 13 and 14), as pure functions.

A header that cannot be understood is ignored, as the RFC asks: the whole answer is always a right answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# RFC 9110, 14.1.2: "bytes=first-last", "bytes=first-" or "bytes=-suffix"; a list is answered whole.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a body: bytes `start` up to, not including, `stop`."""

    start: int
    stop: int


def not_modified(if_none_match: str, etag: str) -> bool:
    """Say whether the client's copy is still good; `if_none_match` is the header, "" where there is none.

    Tags are compared weakly, as RFC 9110, 13.1.2 asks; tags of ours hold no comma.
    """
    if not if_none_match:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


def requested_span(header: str, size: int) -> Span | None:
    """Give the part that a Range header asks for; None means "send everything".

    Raises ValueError where the range is well formed but lies outside the body (answer 416).
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return _suffix(int(last), size)
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < int(first):
        return None
    if start >= size:
        raise ValueError(f"the range starts at byte {start} of {size}")
    return Span(start, stop)


def _suffix(length: int, size: int) -> Span:
    if length == 0 or size == 0:
        raise ValueError(f"the last {length} bytes of {size} are none")
    return Span(max(0, size - length), size)
