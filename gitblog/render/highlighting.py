"""Code in colour: Pygments' classes on the spans of a block whose language is known.

A lexer can need quadratic time on one long line, and on text that repeats itself: above static bounds of blocks,
lines and monotony, code is plain.
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
# Measured on 8 KiB of one repeated word or sign: many lexers (C, Java, Make) need half a second and more, four times
# that on 16 KiB. Programs, data and prose of any language stay below a tenth of it.
MAX_MONOTONOUS_CHARACTERS = 2048
_WINDOW = 1024
_PIECE = 4
# A window of code has several hundred different pieces, one of repetition a dozen.
_FEW_PIECES = 64

# Lexers that backtrack without end on ordinary text (Maple's on half a kilobyte). Measured over all lexers of Pygments
# 2.21 with programs, data, prose and drawings of trees; the others need a fraction of a second for 16 KiB.
_ENDLESS = frozenset({"maple", "smithy", "systemd", "urlencoded"})
# A unit file is an INI file, and people write about both.
_INSTEAD = {"systemd": "ini"}

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
    """Give the code as HTML spans; "" where it must stay plain: language unknown, or out of bounds."""
    language = _INSTEAD.get(language, language)
    if language not in _known_languages() or not _within_bounds(code):
        return ""
    html = pygments.highlight(code, _lexer(language), _formatter())
    return html if code.endswith("\n") else html.removesuffix("\n")


def _within_bounds(code: str) -> bool:
    if len(code) > MAX_BLOCK_BYTES or len(code.encode(errors="replace")) > MAX_BLOCK_BYTES:
        return False
    lines = code.split("\n")
    if len(lines) > MAX_LINES or max(map(len, lines)) > MAX_LINE_CHARACTERS:
        return False
    return _monotonous_characters(code) <= MAX_MONOTONOUS_CHARACTERS


def _monotonous_characters(code: str) -> int:
    """Count the characters in windows that say the same over and over: nothing there is worth colouring."""
    if len(code) <= MAX_MONOTONOUS_CHARACTERS:
        return 0
    windows = (code[start : start + _WINDOW] for start in range(0, len(code), _WINDOW))
    return sum(len(window) for window in windows if _is_monotonous(window))


def _is_monotonous(window: str) -> bool:
    pieces = {window[start : start + _PIECE] for start in range(len(window) - _PIECE + 1)}
    return len(pieces) < min(_FEW_PIECES, len(window) // _PIECE)


@cache
def _formatter() -> HtmlFormatter[str]:
    return HtmlFormatter(nowrap=True)


@cache
def _known_languages() -> frozenset[str]:
    # Without plug-ins: what is installed beside gitblog must not change a page.
    lexers = (aliases for _, aliases, _, _ in get_all_lexers(plugins=False))
    return frozenset(alias for aliases in lexers if _ENDLESS.isdisjoint(aliases) for alias in aliases)


@cache
def _lexer(language: str) -> Lexer:
    lexer: Lexer = get_lexer_by_name(language, stripnl=False, ensurenl=True)
    return lexer
