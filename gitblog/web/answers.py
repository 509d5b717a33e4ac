"""A public answer as a value: made once, sent now, and kept as bytes for whoever asks the same next.

Equal bodies have equal tags, and nothing of the request is in an answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import quote

from gitblog.web import headers
from gitblog.web.compression import coded_tag, compress, worth_compressing

HTML = "text/html; charset=utf-8"

# What a path may hold as it stands (RFC 3986, pchar and "/"), less the quote, which ends an attribute.
_PATH_CHARACTERS = "/:@!$&()*+,;=~"
# RFC 9110, 15.4.5: a 304 repeats what caches keep, and leaves out what describes the body it does not send.
_BODY_HEADERS = frozenset({"Content-Type", "Content-Encoding", "Accept-Ranges"})
# What a page cache may hold; 404 is asked for anew every time, so that nothing hides a post that has just come.
_LASTING = frozenset({200, 301, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `location` is "" unless it redirects; `policy` is its Content-Security-Policy.

    `size` is the body's length where the body itself was not read (HEAD and 304 of files), else None.
    `coding` is "" where the body is as it was made, else the one that it is compressed in (see `encoded`).
    `passing` says that the next one may ask something else at the same address, so that no cache of ours holds it.
    """

    status: int
    body: bytes
    etag: str
    media_type: str = HTML
    location: str = ""
    policy: str = headers.PAGE_POLICY
    accepts_ranges: bool = False
    size: int | None = None
    coding: str = ""
    passing: bool = False

    @property
    def lasting(self) -> bool:
        """Say whether the answer stays the same until the next publish or instant of the schedule."""
        return self.status in _LASTING

    @property
    def varies(self) -> bool:
        """Say whether another client may get the same body in another coding; never so for 404."""
        size = len(self.body) if self.size is None else self.size
        return bool(self.coding) or (self.lasting and worth_compressing(self.media_type, size))

    def headers(self, revision: str) -> list[tuple[str, str]]:
        """Give all headers but Content-Length; `revision` is that of the publication that answers."""
        fields = [
            ("ETag", self.etag),
            ("Content-Type", self.media_type),
            ("Cache-Control", headers.REVALIDATE),
            (headers.REVISION, revision),
            ("Content-Security-Policy", self.policy),
            *(field for field in headers.SECURITY if field[0] != "Content-Security-Policy"),
        ]
        if self.lasting:
            fields += headers.SHARED
        if self.varies:
            fields.append(headers.VARY)
        if self.coding:
            fields.append(("Content-Encoding", self.coding))
        if self.accepts_ranges:
            fields.append(("Accept-Ranges", "bytes"))
        if self.location:
            fields.append(("Location", self.location))
        return fields

    @property
    def status_line(self) -> str:
        """Give the status as WSGI wants it ("200 OK")."""
        return f"{self.status} {HTTPStatus(self.status).phrase.upper()}"


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it comes back from the page cache."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def etag(self) -> str:
        """Give the answer's tag; `dump` writes it first."""
        return self.headers[0][1]

    def headers_of_304(self) -> list[tuple[str, str]]:
        """Give the headers that go with "not modified"."""
        return without_body(self.headers)


def without_body(fields: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out the headers that describe a body."""
    return [field for field in fields if field[0] not in _BODY_HEADERS]


def answer(status: int, body: bytes, media_type: str = HTML, *, location: str = "") -> Answer:
    """Make an answer whose tag is a hash of its body."""
    return Answer(status, body, tag_of(body), media_type, location)


def encoded(given: Answer, coding: str) -> Answer:
    """Give the answer in a coding where that is worth it, else as it is; "" asks for none.

    A part of a compressed body is of use to nobody, so ranges are of the body as it is.
    """
    if not coding or not given.varies:
        return given
    body = compress(given.body, coding) if given.size is None else given.body
    return replace(given, body=body, coding=coding, etag=coded_tag(given.etag, coding), accepts_ranges=False)


def tag_of(body: bytes) -> str:
    """Give the entity tag of a body: 128 bits of its SHA-256, quoted."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def quoted(address: str) -> str:
    """Give an address as links and headers carry it: percent-encoded, and never another host's."""
    return quote("/" + address.lstrip("/"), safe=_PATH_CHARACTERS)


def dump(given: Answer, revision: str) -> bytes:
    """Give the bytes that `load` reads."""
    lines = [given.status_line, *(f"{name}: {value}" for name, value in given.headers(revision))]
    return "\n".join(lines).encode("latin-1") + b"\n\n" + given.body


def load(entry: bytes) -> Stored:
    """Read what `dump` wrote; no value holds a line break, so the first empty line ends the headers."""
    head, _, body = entry.partition(b"\n\n")
    status, *lines = head.decode("latin-1").split("\n")
    return Stored(status, tuple((name, value) for name, _, value in (x.partition(": ") for x in lines)), body)
