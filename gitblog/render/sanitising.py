"""What HTML may hold when it leaves `render`: one table for the pass, which reports, and nh3, which acts.

No script, style, form, frame or foreign content; no event handler; no author's id; classes only by tag.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

import nh3

from gitblog.render import highlighting, links

TAGS = frozenset(
    {"a", "abbr", "article", "aside", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption"}
    | {"cite", "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em"}
    | {"figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img"}
    | {"input", "ins", "kbd", "li", "mark", "ol", "p", "picture", "pre", "q", "rp", "rt", "ruby", "s"}
    | {"samp", "section", "small", "source", "span", "strong", "sub", "summary", "sup", "table"}
    | {"tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "video", "wbr"}
)
# Their content is no text of the author's.
REMOVED_WITH_CONTENT = frozenset(
    {"applet", "canvas", "embed", "frame", "frameset", "iframe", "math", "noembed", "noframes"}
    | {"noscript", "object", "plaintext", "script", "select", "style", "svg", "template", "textarea"}
    | {"title", "xmp"}
)
EVERYWHERE = frozenset({"title", "lang", "dir", "id", "aria-label"})
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt", "width", "height", "loading"}),
    "audio": frozenset({"src", "controls", "loop", "muted"}),
    "video": frozenset({"src", "controls", "loop", "muted", "width", "height"}),
    "source": frozenset({"src", "type", "media"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "li": frozenset({"value"}),
    "td": frozenset({"colspan", "rowspan", "align"}),
    "th": frozenset({"colspan", "rowspan", "align", "scope"}),
    "p": frozenset({"align"}),
    "div": frozenset({"align"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "details": frozenset({"open"}),
    "time": frozenset({"datetime"}),
    "del": frozenset({"datetime"}),
    "ins": frozenset({"datetime"}),
    "pre": frozenset({"data-language"}),
    "input": frozenset({"checked"}),
}
_ALERTS = ("note", "tip", "important", "warning", "caution")
_CLASSES: Mapping[str, frozenset[str]] = {
    "div": frozenset({"markdown-alert", "footnote", *(f"markdown-alert-{kind}" for kind in _ALERTS)}),
    "p": frozenset({"markdown-alert-title"}),
    "ul": frozenset({"contains-task-list"}),
    "ol": frozenset({"contains-task-list"}),
    "li": frozenset({"task-list-item"}),
    "input": frozenset({"task-list-item-checkbox"}),
    "section": frozenset({"footnotes"}),
    "a": frozenset({"footnote-ref", "footnote-backref"}),
    "sup": frozenset({"footnote-ref"}),
    "pre": frozenset({"highlight"}),
}
# XML 1.0, section 2.2: characters that no feed may hold; PostgreSQL refuses the first.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def allowed_classes(tag: str) -> frozenset[str]:
    """Give the classes that the tag may carry."""
    return _all_classes().get(tag, frozenset())


def clean(html: str, issued: Collection[str]) -> str:
    """Sanitise HTML; of the link tokens only the issued ones stay."""
    safe = nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(REMOVED_WITH_CONTENT),
        attributes=_attributes(),
        allowed_classes={tag: set(names) for tag, names in _all_classes().items()},
        # Whatever input is left is a box that nobody can tick. One value alone: nh3 adds several in an order that
        # differs from process to process.
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={"input": {"disabled": ""}},
        url_schemes={*links.KEPT_SCHEMES, links.SCHEME},
        link_rel=None,
    )
    return printable(links.drop_foreign_tokens(safe, issued))


def printable(text: str) -> str:
    """Drop the characters that neither XML nor the database can hold."""
    return _NOT_XML.sub("", text)


@cache
def _attributes() -> dict[str, set[str]]:
    return {"*": set(EVERYWHERE), **{tag: set(names) for tag, names in ATTRIBUTES.items()}}


@cache
def _all_classes() -> Mapping[str, frozenset[str]]:
    return {**_CLASSES, "span": highlighting.span_classes()}
