"""What a page adds to a post's body, and a feed does not: frames in which wide things scroll, names for what has none.

Only whole tags of sanitised HTML are matched, from the first character on, so that a "<table" in the value of an
attribute is never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_ATTRIBUTES = r'(?:\s+[^\s=>"]+(?:="[^"]*")?)*'
_TAG = re.compile(rf"<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>{_ATTRIBUTES})\s*>")
_LANGUAGE = re.compile(r'\sdata-language="([^"]*)"')
_ALIGN = re.compile(r'\salign="(left|right|center)"')
_CLASS = re.compile(r'\sclass="')


def dress(html: str) -> str:
    """Give the body as its page shows it; equal input gives equal bytes."""
    return _TAG.sub(_dressed, html)


def _dressed(match: re.Match[str]) -> str:
    change = (_CLOSING if match["end"] else _OPENING).get(match["name"])
    return change(match[0], match["attributes"]) if change else match[0]


def _table(tag: str, attributes: str) -> str:
    # Reached by the keyboard, because what scrolls must be (WCAG 2.1.1).
    return f'<div class="wide" role="group" aria-label="Table" tabindex="0">{tag}'


def _code(tag: str, attributes: str) -> str:
    language = _LANGUAGE.search(attributes)
    label = f'<div class="code-language">{language[1]}</div>' if language else ""
    return f'<div class="code">{label}<pre tabindex="0"{attributes}>'


def _framed(tag: str, attributes: str) -> str:
    return f"{tag}</div>"


def _aligned(tag: str, attributes: str) -> str:
    """Align by class: HTML has no attribute for it any more, and the page's policy allows no style."""
    align = _ALIGN.search(attributes)
    if align is None:
        return tag
    bare = tag.replace(align[0], "", 1)
    if _CLASS.search(attributes):
        return _CLASS.sub(f' class="align-{align[1]} ', bare, count=1)
    return f'{bare[:-1]} class="align-{align[1]}">'


def _box(tag: str, attributes: str) -> str:
    return f'{tag[:-1]} aria-label="{"Done" if " checked" in attributes else "To do"}">'


def _section(tag: str, attributes: str) -> str:
    return f'{tag}<h2 class="unseen">Footnotes</h2>' if 'class="footnotes"' in attributes else tag


_OPENING: Mapping[str, Callable[[str, str], str]] = {
    "table": _table,
    "pre": _code,
    "td": _aligned,
    "th": _aligned,
    "p": _aligned,
    "div": _aligned,
    "input": _box,
    "section": _section,
}
_CLOSING: Mapping[str, Callable[[str, str], str]] = {"table": _framed, "pre": _framed}
