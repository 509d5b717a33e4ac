"""The beginning of a document for listings: what stands before `<!--more-->`, else the first paragraph."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gitblog.render import links, sanitising

_MORE = re.compile(r"\s*more\s*")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Sanitised HTML without ids and footnotes, "" without text; `by_author` where a mark ends it."""

    html: str
    by_author: bool


def cut(tree: LexborHTMLParser, source: str, issued: Collection[str]) -> Excerpt:
    """Cut the excerpt out of a rewritten tree, which stays whole."""
    marked = _before_more(tree)
    html = _sanitised(marked or _first_paragraph(tree), source, issued)
    return Excerpt(html, by_author=bool(marked))


def _sanitised(raw: str, source: str, issued: Collection[str]) -> str:
    if not raw:
        return ""
    part = LexborHTMLParser(raw, is_fragment=True)
    own = _detach(part, source)
    return sanitising.clean(part.html or "", {*issued, *own}).strip()


def _before_more(tree: LexborHTMLParser) -> str:
    copy = tree.clone()
    node = _find_more(copy)
    if node is None:
        return ""
    while node is not None:
        while node.next is not None:
            node.next.decompose()
        node = node.parent
    return copy.html or ""


def _find_more(tree: LexborHTMLParser) -> LexborNode | None:
    if tree.root is None:
        return None
    for node in tree.root.traverse(include_text=True):
        if node.is_comment_node and _MORE.fullmatch(node.comment_content or ""):
            return node
    return None


def _first_paragraph(tree: LexborHTMLParser) -> str:
    for node in tree.css("p"):
        if "markdown-alert-title" not in (node.attributes.get("class") or "") and node.text().strip():
            return node.html or ""
    return ""


def _detach(part: LexborHTMLParser, source: str) -> set[str]:
    """Take away what makes sense only on the document's own page; links to its headings become tokens."""
    for reference in part.css("sup a"):
        sup = reference.parent
        if (reference.attributes.get("href") or "").startswith("#fn") and sup is not None:
            sup.attrs["class"] = "footnote-ref"
    for sup in part.css("sup.footnote-ref"):
        # The children go with it; no list of this function still holds one.
        sup.decompose()
    own = set()
    for node in part.css("[id], a[href]"):
        if "id" in node.attributes:
            del node.attrs["id"]
        href = node.attributes.get("href") or ""
        if href.startswith("#"):
            node.attrs["href"] = links.make_token(source, fragment=href[1:])
            own.add(node.attrs["href"] or "")
    return own
