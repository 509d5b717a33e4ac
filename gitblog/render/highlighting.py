"""Code in colour: Pygments' classes on the spans of a block whose language is known.

A lexer can need quadratic time on one long line: above static bounds of blocks and lines, code is plain.
"""

from __future__ import annotations

import re
from functools import cache

import pygments
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import STANDARD_TYPES

MAX_BLOCK_BYTES = 64 * 1024
MAX_LINE_CHARACTERS = 1000
# Some lexers look far ahead over line ends.
MAX_LINES = 2000

_LANGUAGE = re.compile(r"(?:language-|lang-)?([\w#+.-]{1,40})")


def span_classes() -> frozenset[str]:
    """Give every class that a highlighted span may carry."""
    return frozenset(name for name in STANDARD_TYPES.values() if name)


def language_of(class_name: str) -> str:
    """Read the language from an engine's class ("language-rust,ignore" is rust); "" where there is none."""
    words = class_name.replace(",", " ").split()
    match = _LANGUAGE.fullmatch(words[0]) if words else None
    return match[1].lower() if match else ""


def highlight(code: str, language: str) -> str:
    """Give the code as HTML spans; "" where it must stay plain: language unknown, or block too large."""
    if language not in _known_languages() or not _within_bounds(code):
        return ""
    html = pygments.highlight(code, _lexer(language), _formatter())
    return html if code.endswith("\n") else html.removesuffix("\n")


def _within_bounds(code: str) -> bool:
    if len(code) > MAX_BLOCK_BYTES or len(code.encode(errors="replace")) > MAX_BLOCK_BYTES:
        return False
    lines = code.split("\n")
    return len(lines) <= MAX_LINES and max(map(len, lines)) <= MAX_LINE_CHARACTERS


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)


@cache
def _known_languages() -> frozenset[str]:
    # Without plug-ins: what is installed beside gitblog must not change a page.
    return frozenset(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases)


@cache
def _lexer(language: str) -> Lexer:
    lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=True)
    return lexer
