"""Plain text of HTML that a serialiser wrote: for search, for headings and for counting words."""

from __future__ import annotations

import html
import re

_FOOTNOTE_MARK = re.compile(
    r"<sup\b[^>]*(?:footnote-ref|>\s*<a\b[^>]*footnote-ref)[^>]*>.*?</sup>|<a\b[^>]*footnote-backref[^>]*>.*?</a>",
    re.DOTALL,
)
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|del|dfn|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr)"
    r"\b[^>]*>"
)
_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
# Han, Hiragana, Katakana (Unicode blocks): written without spaces, so that each character counts as a word.
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


def plain_text(markup: str) -> str:
    """Give the text of a serialiser's HTML without footnote marks, whitespace folded."""
    text = _FOOTNOTE_MARK.sub("", markup)
    text = _TAG.sub(" ", _INLINE_TAG.sub("", text))
    return " ".join(html.unescape(text).split())


def heading_texts(markup: str) -> tuple[str, ...]:
    """Give the text of each heading of a serialiser's HTML."""
    return tuple(plain_text(inner) for _, inner in _HEADING.findall(markup))


def count_words(text: str) -> int:
    """Count words, each Chinese or Japanese character as one."""
    if text.isascii():
        return len(_WORD.findall(text))
    without, characters = _CJK.subn(" ", text)
    return characters + len(_WORD.findall(without))
