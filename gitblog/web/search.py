"""The search page, and the description by which browsers offer it. Nothing of it needs a script.

The page is made anew for each reader: there are endlessly many questions, and none may push a page out of the cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement
from zoneinfo import ZoneInfo

from gitblog.errors import QueryError
from gitblog.index.views import Found, Listed
from gitblog.model import SearchQuery
from gitblog.parse.search.query import parse_query
from gitblog.parse.search.snippets import Marker, Piece, marked, marker_of, snippet
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.hosts import NOWHERE
from gitblog.web.presentation import Desk

PATH: Final = "/search/"

# A question of the greatest length in a script of three bytes a character, percent-encoded, with room for the rest.
_LONGEST_ARGUMENTS: Final = 8 * 1024
_PAGE: Final = re.compile("[1-9][0-9]{0,5}")
_DESCRIPTION_SPACE: Final = "http://a9.com/-/spec/opensearch/1.1/"
# Both from the specification (OpenSearch 1.1, "ShortName" and "Description").
_LONGEST_SHORT_NAME: Final = 16
_LONGEST_DESCRIPTION: Final = 1024
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Result:
    """A document that was found: its title and a part of its text, cut where what was looked for begins and ends."""

    listed: Listed
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What the search page shows. `asked` is the question as it was typed, `complaints` what was left out of it.

    `count` is None where nothing was looked for. `newer` and `older` are addresses, "" at the ends.
    """

    asked: str = ""
    complaints: tuple[str, ...] = ()
    count: int | None = None
    results: tuple[Result, ...] = ()
    number: int = 1
    last: int = 1
    newer: str = ""
    older: str = ""


def search(desk: Desk, path: str) -> Answer | None:
    """Make the search page: 200, 400 for a question that is too long, 404 past its last page; None elsewhere."""
    if path == PATH.rstrip("/"):
        return _with_slash(desk)
    if path != PATH:
        return None
    asked, number = _arguments(desk.arguments)
    config = desk.snapshot.config
    try:
        query = parse_query(asked, config.language, ZoneInfo(config.addressing.timezone))
    except QueryError as exc:
        return _page(desk, Results(complaints=(exc.message,)), 400)
    found = _look(desk, asked, query, number)
    return _page(desk, found, 200 if found.count is not None or query.asks_nothing else 404)


def description(desk: Desk) -> Answer:
    """Tell browsers how to ask this site (OpenSearch 1.1)."""
    config, origin = desk.snapshot.config, desk.origin or NOWHERE
    root = Element("OpenSearchDescription", {"xmlns": _DESCRIPTION_SPACE})
    texts = {
        "ShortName": config.title[:_LONGEST_SHORT_NAME],
        "Description": f"Search {config.title}"[:_LONGEST_DESCRIPTION],
        "InputEncoding": "UTF-8",
        "Language": config.language,
    }
    for name, text in texts.items():
        SubElement(root, name).text = _NOT_XML.sub("", text)
    template = f"{origin}{quoted(desk.base + PATH)}?q={{searchTerms}}"
    SubElement(root, "Url", {"type": "text/html", "template": template})
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return answer(200, body, "application/opensearchdescription+xml; charset=utf-8")


def _arguments(text: str) -> tuple[str, int]:
    """Give the question and the number of the page; a page that is no number from 1 on is the first."""
    if len(text) > _LONGEST_ARGUMENTS:
        # Longer than any question that is answered, so there is no need to read it.
        return text, 1
    try:
        fields = parse_qs(text.encode("latin-1").decode(errors="replace"), errors="replace")
    except ValueError:
        return "", 1
    page = fields.get("page", ["1"])[0]
    return fields.get("q", [""])[0].strip(), int(page) if _PAGE.fullmatch(page) else 1


def _with_slash(desk: Desk) -> Answer:
    address = quoted(desk.base + PATH)
    moved = answer(301, b"", "text/plain; charset=utf-8")
    return replace(moved, location=f"{address}?{desk.arguments}" if desk.arguments else address, passing=True)


def _look(desk: Desk, asked: str, query: SearchQuery, number: int) -> Results:
    if query.asks_nothing:
        return Results(asked, query.complaints)
    config = desk.snapshot.config
    size = config.posts_per_page
    count, found = desk.snapshot.search(query, offset=(number - 1) * size, limit=size)
    if not found and number > 1:
        return Results(asked, (*query.complaints, f"There is no page {number} of these results."))
    last = max(1, -(-count // size))
    marker = marker_of(query, config.language)
    return Results(
        asked,
        query.complaints,
        count,
        tuple(_result(each, marker) for each in found),
        number,
        last,
        newer=_address(desk, asked, number - 1) if number > 1 else "",
        older=_address(desk, asked, number + 1) if number < last else "",
    )


def _result(found: Found, marker: Marker) -> Result:
    return Result(found.listed, marked(found.listed.title, marker), snippet(found.text, marker))


def _address(desk: Desk, asked: str, number: int) -> str:
    fields = {"q": asked} | ({"page": str(number)} if number > 1 else {})
    return f"{quoted(desk.base + PATH)}?{urlencode(fields)}"


def _page(desk: Desk, results: Results, status: int = 200) -> Answer:
    site, _ = desk.frame()
    return replace(desk.page("search.html", status, site=site, found=results), passing=True)
