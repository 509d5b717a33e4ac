"""The author's site: which of the things that claim an address answers, and how it is sent.

The order: visible document, file, generated listing or feed, alias or former address, 404. A slash at the end that
is missing or too much is no error where the other address has something behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flask import Request, Response, abort, request

from gitblog.index.queries import Index, Snapshot
from gitblog.index.views import Gone, Redirect, ServedFile
from gitblog.web.answers import Answer, encoded, without_body
from gitblog.web.assets import blob_tag, file_answer, type_of
from gitblog.web.caching import PageCache
from gitblog.web.compression import coded_tag, worth_compressing
from gitblog.web.conditional import Span, not_modified, requested_span
from gitblog.web.feeds import feed
from gitblog.web.hosts import origin_of
from gitblog.web.listings import listing, redirect
from gitblog.web.nearby import nearby
from gitblog.web.presentation import Desk
from gitblog.web.search import description, search
from gitblog.web.theme import Theme

# A file of a bundle has the longest: base path, address and path, each at most 1,024 bytes (see `parse`).
_LONGEST_ADDRESS_BYTES: Final = 3 * 1024


@dataclass(frozen=True, slots=True)
class Pages:
    """The view behind every address outside `/-/`; `site_url` is "" where the operator set none."""

    index: Index
    cache: PageCache
    theme: Theme
    site_url: str

    def read(self, address: str = "") -> Response:
        """Answer 200, 206, 301, 304, 404, 410 or 416; raises IndexUnavailableError (503) without an index."""
        if request.path.startswith("/-/"):
            abort(404)
        asked = self.cache.asked(request.environ)
        with self.index.snapshot(asked.now) as snapshot:
            desk = self._desk(snapshot, _address(request.environ["PATH_INFO"]))
            answer = _answer(desk, request, asked.coding)
        self.cache.keep(asked, answer, snapshot.publication, snapshot.revision)
        return send(answer, snapshot.revision, request)

    def read_search_description(self) -> Response:
        """Answer 200 or 304 with what browsers want to know to offer this site's search; 503 without an index."""
        with self.index.snapshot(self.cache.asked(request.environ).now) as snapshot:
            answer = description(self._desk(snapshot, ""))
        return send(answer, snapshot.revision, request)

    def _desk(self, snapshot: Snapshot, here: str) -> Desk:
        origin = origin_of(self.site_url or snapshot.config.url)
        return Desk(snapshot, self.theme, origin, here, request.environ.get("QUERY_STRING", ""))


def resolve(desk: Desk, address: str) -> Answer | ServedFile:
    """Give what the address stands for at the desk's snapshot; the 404 page where it stands for nothing."""
    return (
        _document(desk, address)
        or _file(desk, address)
        or _generated(desk, address)
        or _fallback(desk, address)
        or _slash(desk, address)
        or _top(desk, address)
        or not_found(desk)
    )


def not_found(desk: Desk) -> Answer:
    """Make the page for an address with nothing behind it; it names what is near, and does not repeat the address."""
    site, _ = desk.frame()
    return desk.page("404.html", 404, site=site, nearby=nearby(desk.snapshot, desk.here))


def send(answer: Answer, revision: str, asking: Request) -> Response:
    """Send an answer: whole, as 304, or the part of a file that was asked for."""
    fields = answer.headers(revision)
    if answer.status == HTTPStatus.OK and not_modified(asking.headers.get("If-None-Match", ""), answer.etag):
        return Response(status=304, headers=without_body(fields))
    try:
        span = _span(answer, asking)
    except ValueError:
        # RFC 9110, 15.5.17: tell the size, so that the client can ask again.
        return Response(status=416, headers=[*fields, ("Content-Range", f"bytes */{len(answer.body)}")])
    if span is None:
        size = len(answer.body) if answer.size is None else answer.size
        # In a list: of bare bytes Werkzeug takes the length itself, and for HEAD those of a file are not read.
        return Response([answer.body], answer.status, [*fields, ("Content-Length", str(size))])
    content_range = f"bytes {span.start}-{span.stop - 1}/{len(answer.body)}"
    return Response(answer.body[span.start : span.stop], 206, [*fields, ("Content-Range", content_range)])


def _answer(desk: Desk, asking: Request, coding: str) -> Answer:
    found = resolve(desk, desk.here) if desk.here else not_found(desk)
    if isinstance(found, Answer):
        return encoded(found, coding)
    return _file_answer(desk, found, asking, coding)


def _file_answer(desk: Desk, found: ServedFile, asking: Request, wanted: str) -> Answer:
    coding = wanted if worth_compressing(type_of(found.path), found.size) else ""
    known = not_modified(asking.headers.get("If-None-Match", ""), coded_tag(blob_tag(found), coding))
    # HEAD tells the length too, and how long a compressed body is nobody knows before it is made.
    read = not known and (asking.method == "GET" or coding != "")
    return encoded(file_answer(desk.snapshot, found, with_body=read), coding)


def _address(path_info: str) -> str:
    """Give the address that was asked for, "" where it can be none: not UTF-8, too long, or with a NUL in it.

    PostgreSQL refuses a text with a NUL, and half a character must not become the address of something else.
    """
    if len(path_info) > _LONGEST_ADDRESS_BYTES:
        return ""
    try:
        address = path_info.encode("latin-1").decode()
    except UnicodeError:
        return ""
    return "" if "\0" in address else address


def _document(desk: Desk, address: str) -> Answer | None:
    article = desk.snapshot.article_at(address)
    return desk.article(article) if article else None


def _file(desk: Desk, address: str) -> ServedFile | None:
    # Files, like listings, answer below the base path alone.
    return desk.snapshot.file_at(address) if address.startswith(f"{desk.base}/") else None


def _generated(desk: Desk, address: str) -> Answer | None:
    if not address.startswith(f"{desk.base}/"):
        return None
    path = address.removeprefix(desk.base)
    return listing(desk, path) or feed(desk, path) or search(desk, path)


def _fallback(desk: Desk, address: str) -> Answer | None:
    match desk.snapshot.fallback(address):
        case Redirect(target):
            return redirect(target)
        case Gone(since):
            site, _ = desk.frame()
            return desk.page("410.html", 410, site=site, since=since)
        case None:
            return None


def _slash(desk: Desk, address: str) -> Answer | None:
    """Answer an address with a slash too few or too many, in one step: a redirect behind it is followed at once."""
    if address.endswith("//"):
        return None
    other = address.removesuffix("/") if address.endswith("/") else f"{address}/"
    if desk.snapshot.document_at(other) is not None:
        return redirect(other)
    generated = _generated(desk, other)
    if generated is not None and not generated.location:
        return redirect(other)
    return generated or _fallback(desk, other)


def _top(desk: Desk, address: str) -> Answer | None:
    """Send the host's root to the site's top where the site has a base path."""
    return redirect(f"{desk.base}/") if desk.base and address == "/" else None


def _span(answer: Answer, asking: Request) -> Span | None:
    header = asking.headers.get("Range", "")
    if not (header and answer.accepts_ranges and asking.method == "GET"):
        return None
    # RFC 9110, 13.1.5: a client that continues an older version gets the new one whole.
    if asking.headers.get("If-Range", answer.etag) != answer.etag:
        return None
    return requested_span(header, len(answer.body))
