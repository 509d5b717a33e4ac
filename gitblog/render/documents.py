"""A document becomes HTML, or a Problem that tells its author why not.

Two renders with the same fingerprint, document and engine return the same bytes, on any host at any time.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from importlib.metadata import version
from typing import Final
from urllib.parse import unquote

from gitblog.model import Document, Heading, Link, Problem, RenderedDocument, Severity
from gitblog.render import sanitising, texts
from gitblog.render.html import Complaint, Transformed, transform
from gitblog.render.markup import ENGINES

# Raised by hand with every change of this package that changes bytes.
RENDER_VERSION: Final = 2

MAX_BODY_BYTES: Final = 2 * 1024 * 1024
# An HTML parser may look through all open elements at each tag, in C code that no timer cuts: bound both.
MAX_DEPTH: Final = 1_200
MAX_TAGS: Final = 100_000
MAX_WARNINGS: Final = 20
# A text with fewer headings is seen at a glance: it gets contents only where its author asks for them.
CONTENTS_FROM: Final = 3

_NEVER_NESTED = frozenset(
    {"area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta"}
    | {"option", "p", "param", "rp", "rt", "source", "tbody", "td", "tfoot", "th", "thead", "tr"}
    | {"track", "wbr"}
)
_REPORT: Final = "write it in a simpler way, and tell gitblog's developers about the text"
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_WORD_END = re.compile(r"[\s()<>\"'\[\]]+")


def fingerprint() -> str:
    """Give a hash of everything but document and engine name that shapes a rendered document."""
    packages = sorted({engine.package for engine in ENGINES.values()} | {"selectolax", "nh3", "pygments"})
    facts = [f"render {RENDER_VERSION}", *(f"{package} {version(package)}" for package in packages)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def render_document(document: Document, engine: str) -> RenderedDocument | Problem:
    """Render with the document's own engine, else with `engine`; of any text only MemoryError is raised."""
    name = document.markup or engine
    if name not in ENGINES:
        names = " or ".join(sorted(ENGINES))
        return _refusal(document, "unknown-markup", f"there is no markup engine {name[:40]!r}", f"use {names}", 0)
    body = sanitising.printable(document.body)
    if len(body.encode()) > MAX_BODY_BYTES:
        limit = MAX_BODY_BYTES // 1024 // 1024
        return _refusal(document, "too-large", f"the text is larger than {limit} MiB", "split it into several posts")
    try:
        markup = ENGINES[name].to_html(body)
        if refusal := _limit(document, markup):
            return refusal
        transformed = transform(markup, document.path)
    except RecursionError:
        return _refusal(document, "too-deep", "lists or quotes are nested too deeply", "use fewer levels")
    except (ValueError, LookupError, AttributeError, TypeError, AssertionError) as exc:
        # A parser's own fault on odd text must not stop the posts beside it.
        message = f"{name} failed on the text: {exc}"[:200]
        return _refusal(document, "render-failed", message, _REPORT)
    return _finished(document, body, transformed)


def _refusal(document: Document, reason: str, message: str, hint: str, line: int | None = None) -> Problem:
    return Problem(document.path, document.body_line if line is None else line, 0, reason, message, hint)


def _limit(document: Document, markup: str) -> Problem | None:
    """Refuse HTML that would keep a parser busy: too many elements, or too many open at once."""
    if markup.count("<") > 2 * MAX_TAGS:
        message = f"the text makes more than {MAX_TAGS} HTML elements"
        return _refusal(document, "too-complex", message, "split it, or make its tables smaller")
    open_tags: Counter[str] = Counter()
    depth = 0
    for closing, name in _TAG.findall(markup):
        tag = name.lower()
        if tag in _NEVER_NESTED:
            continue
        if not closing:
            open_tags[tag] += 1
            depth += 1
            if depth > MAX_DEPTH:
                return _refusal(document, "too-deep", f"more than {MAX_DEPTH} levels are nested", "use fewer levels")
        elif open_tags[tag]:
            open_tags[tag] -= 1
            depth -= 1
    return None


def _finished(document: Document, body: str, transformed: Transformed) -> RenderedDocument:
    text = texts.plain_text(transformed.html)
    excerpt = transformed.excerpt.html
    if document.description.strip() and not transformed.excerpt.by_author:
        excerpt = f"<p>{html.escape(sanitising.printable(document.description.strip()), quote=False)}</p>"
    return RenderedDocument(
        transformed.html,
        excerpt,
        text,
        _contents(document, transformed.outline),
        _links(document, body, transformed),
        texts.count_words(text),
        _warnings(document, body, transformed),
    )


def _contents(document: Document, outline: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """Give the table of contents: what the author says, else from a few headings on."""
    wanted = len(outline) >= CONTENTS_FROM if document.toc is None else document.toc
    return outline if wanted else ()


def _links(document: Document, body: str, transformed: Transformed) -> tuple[Link, ...]:
    lines = _lines_of_words(body) if transformed.links else {}
    found: dict[tuple[str, str], Link] = {}
    for link in transformed.links:
        line = lines.get(link.written) or lines.get(unquote(link.written)) or _line_of_odd(body, link.written)
        where = line + document.body_line - 1 if line else 0
        found.setdefault((link.target, link.fragment), Link(link.target, link.fragment, where))
    return tuple(found.values())


def _line_of_odd(body: str, written: str) -> int:
    """Find an address that holds blanks or brackets; engines write the blanks as %20."""
    plain = unquote(written)
    place = body.find(plain) if _WORD_END.search(plain) else -1
    return body.count("\n", 0, place) + 1 if place >= 0 else 0


def _lines_of_words(body: str) -> dict[str, int]:
    """Map what stands between brackets, quotes and blanks to the first line that holds it."""
    lines: dict[str, int] = {}
    for number, line in enumerate(body.split("\n"), start=1):
        for word in _WORD_END.split(line):
            lines.setdefault(word, number)
    return lines


def _warnings(document: Document, body: str, transformed: Transformed) -> tuple[Problem, ...]:
    return tuple(_warning(document, body, complaint) for complaint in transformed.complaints[:MAX_WARNINGS])


def _warning(document: Document, body: str, complaint: Complaint) -> Problem:
    line = _line_of(body, complaint)
    where = line + document.body_line - 1 if line else 0
    reason = "stripped-html"
    if complaint.why:
        reason = "dropped-link"
        message = f"the address {complaint.written[:80]!r} was removed: {complaint.why}"
        hint = "link to a file of the site, or with http, https or mailto"
    elif complaint.attribute:
        message = f"the attribute {complaint.attribute[:40]!r} of <{complaint.tag[:40]}> was removed"
        hint = "write it in Markdown, or leave it out"
    else:
        message = f"the tag <{complaint.tag[:40]}> was removed"
        hint = "write it in Markdown, or leave it out"
    return Problem(document.path, where, 0, reason, message, hint, Severity.WARNING)


def _line_of(body: str, complaint: Complaint) -> int:
    """Find the complaint's line in the body, counted from 1; 0 where it is not written as it was read."""
    if complaint.why:
        place = body.find(complaint.written)
    else:
        name = complaint.attribute or complaint.tag
        found = re.search(rf"(?:(?<=<)|(?<=[\s\"'{{])){re.escape(name)}\b", body, re.IGNORECASE)
        place = found.start() if found else -1
    return body.count("\n", 0, place) + 1 if place >= 0 else 0
