"""One pass over the HTML of every engine, with an HTML5 parser: ids, links, code and what the author is told.

The pass rewrites and reports; `sanitising.clean` removes, last. The result holds link tokens (see `links`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gitblog.model import Heading
from gitblog.render import excerpts, highlighting, links, sanitising, texts

_HEADING = re.compile(r"h[1-6]")
_NOT_SLUG = re.compile(r"[^\w\- ]")
_FOOTNOTE_ID = re.compile(r"fn(?:ref)?[-:0-9].*", re.DOTALL)
_TEXT_ALIGN = re.compile(r"\s*text-align:\s*(left|right|center)\s*;?\s*")
# Marks of the engines that no reader needs; the author did not write them.
_ENGINE_MARKS = re.compile(r"data-(?:meta|footnote.*)|hl_lines|linenums")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something of the author's that is not published; the fields say where to look for it, and `why`."""

    tag: str
    attribute: str = ""
    written: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link inside the site, with the address as the markup gave it."""

    target: str
    fragment: str
    written: str
    token: str


@dataclass(slots=True)
class _Findings:
    """What the pass collects on its way; equal complaints once."""

    source: str
    outline: list[Heading] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    links: dict[str, FoundLink] = field(default_factory=dict)
    complaints: dict[Complaint, None] = field(default_factory=dict)
    code: list[tuple[LexborNode, str]] = field(default_factory=list)
    images: int = 0


@dataclass(frozen=True, slots=True)
class Transformed:
    """Sanitised HTML with tokens, and what was found in it."""

    html: str
    excerpt: excerpts.Excerpt
    outline: tuple[Heading, ...]
    links: tuple[FoundLink, ...]
    complaints: tuple[Complaint, ...]


def transform(markup: str, source: str) -> Transformed:
    """Rewrite and sanitise an engine's HTML for the document at `source`; equal input gives equal bytes."""
    tree = LexborHTMLParser(markup, is_fragment=True)
    findings = _Findings(source)
    for node in tree.css("*"):
        _visit(node, findings)
    _colour_code(findings.code)
    issued = findings.links.keys()
    html = sanitising.clean(tree.html or "", issued)
    surviving = links.tokens_in(html)
    return Transformed(
        html,
        excerpts.cut(tree, source, issued),
        tuple(findings.outline),
        tuple(link for link in findings.links.values() if link.token in surviving),
        tuple(findings.complaints),
    )


def _visit(node: LexborNode, findings: _Findings) -> None:
    tag = node.tag or ""
    if tag not in sanitising.TAGS:
        findings.complaints[Complaint(tag)] = None
        return
    attributes = node.attributes
    for name, value in attributes.items():
        _rewrite(node, name, value or "", findings)
    if tag == "input":
        _check_input(node, attributes, findings)
    elif tag == "img":
        findings.images += 1
        if findings.images > 1:
            node.attrs["loading"] = "lazy"
    elif _HEADING.fullmatch(tag):
        _name_heading(node, findings)


def _rewrite(node: LexborNode, name: str, value: str, findings: _Findings) -> None:
    """Make one attribute what the site may hold: kept, changed, or taken away with a complaint."""
    tag = node.tag or ""
    if name in ("href", "src") and name in sanitising.ATTRIBUTES.get(tag, ()):
        _point(node, name, value, findings)
    elif name == "class":
        _keep_classes(node, value, findings)
    elif name == "style" and tag in ("td", "th") and (match := _TEXT_ALIGN.fullmatch(value)):
        # Python-Markdown aligns cells by style, which the page's policy forbids.
        del node.attrs["style"]
        node.attrs["align"] = match[1]
    elif _is_engines_own(tag, name, value):
        return
    elif name == "id" or name not in sanitising.EVERYWHERE | sanitising.ATTRIBUTES.get(tag, frozenset()):
        del node.attrs[name]
        findings.complaints[Complaint(tag, name)] = None


def _is_engines_own(tag: str, name: str, value: str) -> bool:
    """Tell what an engine wrote for itself: `clean` keeps what serves readers, and drops the rest."""
    if name == "id":
        return _FOOTNOTE_ID.fullmatch(value) is not None
    return _ENGINE_MARKS.fullmatch(name) is not None or (tag == "input" and name in ("type", "disabled"))


def _point(node: LexborNode, name: str, written: str, findings: _Findings) -> None:
    destination = links.read_destination(written, findings.source)
    if destination.complaint:
        del node.attrs[name]
        findings.complaints[Complaint(node.tag or "", name, written, destination.complaint)] = None
        return
    node.attrs[name] = destination.href
    if destination.target:
        found = FoundLink(destination.target, destination.fragment, written, destination.href)
        findings.links.setdefault(destination.href, found)


def _keep_classes(node: LexborNode, value: str, findings: _Findings) -> None:
    tag = node.tag or ""
    if tag == "code" and node.parent is not None and node.parent.tag == "pre":
        findings.code.append((node, highlighting.language_of(value)))
        del node.attrs["class"]
    elif not sanitising.allowed_classes(tag).issuperset(value.split()):
        findings.complaints[Complaint(tag, "class")] = None


def _check_input(node: LexborNode, attributes: dict[str, str | None], findings: _Findings) -> None:
    """Keep check boxes, which nh3 disables; every other input is removed."""
    if (attributes.get("type") or "").lower() == "checkbox":
        node.attrs["type"] = "checkbox"
        return
    findings.complaints[Complaint("input")] = None
    node.decompose()


def _name_heading(node: LexborNode, findings: _Findings) -> None:
    text = texts.plain_text(node.html or "")
    identifier = _unique(_slug(text), findings.ids)
    node.attrs["id"] = identifier
    findings.outline.append(Heading(int((node.tag or "h1")[1]), identifier, text))


def _slug(text: str) -> str:
    """Give GitHub's id for a heading of this text, but for names that could stand for something else."""
    slug = _NOT_SLUG.sub("", text.lower()).replace(" ", "-")
    return links.safe_id(slug or "section")


def _unique(slug: str, taken: dict[str, int]) -> str:
    identifier = slug
    while identifier in taken:
        taken[slug] += 1
        identifier = f"{slug}-{taken[slug]}"
    taken[identifier] = 0
    return identifier


def _colour_code(blocks: list[tuple[LexborNode, str]]) -> None:
    """Colour blocks that hold only text; raw HTML inside a block is the author's and stays as it is."""
    for code, language in blocks:
        content = code.first_child
        if not language or content is None or not content.is_text_node or content.next is not None:
            continue
        if code.parent is not None:
            code.parent.attrs["class"] = "highlight"
            code.parent.attrs["data-language"] = language
        if coloured := highlighting.highlight(content.text_content or "", language):
            code.inner_html = coloured
