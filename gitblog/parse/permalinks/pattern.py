"""Permalink patterns: addresses with tokens, such as `/:year/:month/:slug/`."""

from __future__ import annotations

import re
from datetime import datetime

from gitblog.model import Document
from gitblog.parse.permalinks.tokens import DATE_TOKENS, DOCUMENT_TOKENS, is_token, token_value
from gitblog.parse.values import WrongValue, address

_TOKEN = re.compile(r":([a-z_]*[a-z])")
_SLASHES = re.compile(r"/{2,}")
# Without one of these all posts, or all of a day, would share one address.
_DISTINGUISHING = frozenset(DOCUMENT_TOKENS) - {"section", "sections", "categories"}


def check(pattern: str) -> str | None:
    """Say what is wrong with a pattern, None where nothing is."""
    try:
        usual = address(pattern)
    except WrongValue as error:
        return error.message
    if usual != pattern or "{" in pattern or " " in pattern:
        return "the permalink holds a space, a brace, a % code or a letter that is not in composed form"
    names = _TOKEN.findall(pattern)
    for name in names:
        if not is_token(name):
            known = " ".join(f":{token}" for token in (*DATE_TOKENS, *DOCUMENT_TOKENS))
            return f"the permalink's :{name} is unknown; known are {known}"
    if not _DISTINGUISHING.intersection(names):
        return "the permalink holds none of :slug :title :filename :path, so that posts would share an address"
    return None


def expand(pattern: str, document: Document, date: datetime | None) -> str:
    """Put a document's values into a checked pattern; `date` is local to the site, None where unknown."""
    filled = _TOKEN.sub(lambda match: token_value(match[1], document, date), pattern)
    return _SLASHES.sub("/", filled)
