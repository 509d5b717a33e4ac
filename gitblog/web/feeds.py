"""What machines read: the Atom feed, the sitemap and robots.txt.

Ids of feed entries last for ever: they name the post's lineage, never its address. Links are absolute,
because a feed is read elsewhere.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from gitblog.index.views import Listed
from gitblog.model import SiteConfig
from gitblog.web.answers import Answer, answer, quoted
from gitblog.web.hosts import NOWHERE
from gitblog.web.presentation import Desk
from gitblog.web.theme import iso

FEED_POSTS: Final = 20
# sitemaps.org/protocol.html: one file holds at most 50,000 addresses.
SITEMAP_LIMIT: Final = 50_000

_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The year the ids of this project began (RFC 4151 wants a date on which the authority held the name).
_ID_YEAR = 2026
# XML 1.0, 2.2: characters that no document may hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(desk: Desk, path: str) -> Answer | None:
    """Make what machines ask for at a path below the base path; None where there is nothing of the kind."""
    if path == "/feed.xml":
        return _atom(desk)
    if path == "/robots.txt":
        return _robots(desk)
    match = re.fullmatch(r"/sitemap(?:-(?P<part>[1-9][0-9]{0,5}))?\.xml", path)
    return _sitemap(desk, int(match["part"] or 0)) if match else None


def authority(config: SiteConfig) -> str:
    """Give the name in feed ids: what the author set, else the host of `url`, else "localhost"."""
    return config.id_authority or urlsplit(config.url).hostname or "localhost"


def _atom(desk: Desk) -> Answer:
    config, origin = desk.snapshot.config, desk.origin or NOWHERE
    posts = desk.snapshot.posts(offset=0, limit=FEED_POSTS)
    bodies = desk.snapshot.bodies([post.path for post in posts])
    filled = desk.absolute(bodies[post.path] for post in posts)
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": config.language})
    _text(root, "title", config.title)
    if config.tagline:
        _text(root, "subtitle", config.tagline)
    # Without the base path: the feed stays the same one where the blog moves to another folder.
    _text(root, "id", f"tag:{authority(config)},{_ID_YEAR}:/")
    _text(root, "updated", iso(max((post.updated for post in posts), default=0)))
    SubElement(root, "link", {"rel": "self", "href": f"{origin}{quoted(desk.base + '/feed.xml')}"})
    SubElement(root, "link", {"rel": "alternate", "href": f"{origin}{quoted(desk.base + '/')}"})
    _authors(root, tuple(author.name for author in config.authors) or (config.title,))
    for post, html in zip(posts, filled, strict=True):
        _entry(SubElement(root, "entry"), post, html, config=config, origin=origin)
    return _xml(root, "application/atom+xml; charset=utf-8")


def _entry(entry: Element, post: Listed, html: str, *, config: SiteConfig, origin: str) -> None:
    _text(entry, "title", post.title)
    _text(entry, "id", f"tag:{authority(config)},{_ID_YEAR}:{quote(post.feed_name, safe='/')}")
    SubElement(entry, "link", {"rel": "alternate", "href": origin + quoted(post.address)})
    _text(entry, "published", iso(post.published))
    _text(entry, "updated", iso(post.updated))
    _authors(entry, post.authors)
    for tag in post.tags:
        SubElement(entry, "category", {"term": _legal(tag.name)})
    if post.description:
        _text(entry, "summary", post.description)
    content = _text(entry, "content", html)
    content.set("type", "html")
    # Links inside the post (footnotes) are fragments, and a feed has no other place to hold them against.
    content.set("xml:base", origin + quoted(post.address))


def _sitemap(desk: Desk, part: int) -> Answer | None:
    """Give one list up to the limit; above it an index (part 0) of lists that are numbered from 1."""
    origin = desk.origin or NOWHERE
    rows = desk.snapshot.sitemap()
    home = f"{desk.base}/"
    if home not in {address for address, _ in rows}:
        rows = ((home, max((updated for _, updated in rows), default=0)), *rows)
    parts = -(-len(rows) // SITEMAP_LIMIT)
    if part > (parts if parts > 1 else 0):
        return None
    if parts > 1 and part == 0:
        return _sitemap_index(origin, desk.base, parts)
    start = max(part - 1, 0) * SITEMAP_LIMIT
    root = Element("urlset", {"xmlns": _SITEMAP})
    for address, updated in rows[start : start + SITEMAP_LIMIT]:
        url = SubElement(root, "url")
        _text(url, "loc", origin + quoted(address))
        if updated:
            _text(url, "lastmod", iso(updated))
    return _xml(root, "application/xml; charset=utf-8")


def _sitemap_index(origin: str, base: str, parts: int) -> Answer:
    root = Element("sitemapindex", {"xmlns": _SITEMAP})
    for number in range(1, parts + 1):
        _text(SubElement(root, "sitemap"), "loc", origin + quoted(f"{base}/sitemap-{number}.xml"))
    return _xml(root, "application/xml; charset=utf-8")


def _robots(desk: Desk) -> Answer:
    lines = ["User-agent: *", "Allow: /-/theme/", "Disallow: /-/"]
    if desk.origin:
        lines += ["", f"Sitemap: {desk.origin}{quoted(desk.base + '/sitemap.xml')}"]
    return answer(200, ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")


def _authors(parent: Element, names: tuple[str, ...]) -> None:
    for name in names:
        _text(SubElement(parent, "author"), "name", name)


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _legal(text)
    return element


def _legal(text: str) -> str:
    return _NOT_XML.sub("", text)


def _xml(root: Element, media_type: str) -> Answer:
    return answer(200, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True), media_type)
