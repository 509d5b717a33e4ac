"""Permalinks: how a post's address follows from it. Patterns with tokens, and named styles; one file a style.

A named style is a pattern under a name that people know; `permalink = "pretty"` in the configuration means
it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gitblog.parse.permalinks import date, none, path, pretty
from gitblog.parse.permalinks.pattern import check, expand

__all__ = ["STYLES", "check_pattern", "expand", "resolve"]


def check_pattern(text: str) -> str | None:
    """Say what is wrong with a permalink setting (a pattern or a style's name), None where nothing is."""
    return check(resolve(text))


def resolve(text: str) -> str:
    """Give the pattern of a named style; a pattern stays what it is."""
    return STYLES.get(text, text)


STYLES: Mapping[str, str] = {
    "pretty": pretty.PATTERN,
    "date": date.PATTERN,
    "none": none.PATTERN,
    "path": path.PATTERN,
}
