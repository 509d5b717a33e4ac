"""The tokens of permalink patterns, as Hugo and Jekyll spell them.

`:slug` is the `slug` key or the file's name, `:title` the title's words, `:section` the folder below the
layout's own, `:categories` all categories, `:filename` the file's name without date and extension, `:path`
section and slug. A token whose value is empty leaves no empty part behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from gitblog.model import Document
from gitblog.parse.slugs import slug_from_name, slug_from_text

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def is_token(name: str) -> bool:
    """Say whether `:name` is a token."""
    return name in DOCUMENT_TOKENS or name in DATE_TOKENS


def token_value(name: str, document: Document, date: datetime | None) -> str:
    """Give a token's value; `date` is in the site's time zone. Without a date its tokens are empty."""
    if name in DOCUMENT_TOKENS:
        return DOCUMENT_TOKENS[name](document)
    return DATE_TOKENS[name](date) if date else ""


def _title(document: Document) -> str:
    return slug_from_text(document.title) or document.slug


def _section(document: Document) -> str:
    if not document.section:
        return ""
    return "/".join(slug_from_name(part) for part in document.section.split("/"))


def _categories(document: Document) -> str:
    slugs = (slug_from_text(category) for category in document.categories)
    return "/".join(slug for slug in slugs if slug)


def _path(document: Document) -> str:
    section = _section(document)
    return f"{section}/{document.slug}" if section else document.slug


DOCUMENT_TOKENS: Mapping[str, Callable[[Document], str]] = {
    "slug": lambda document: document.slug,
    "title": _title,
    "section": _section,
    "sections": _section,
    "categories": _categories,
    "filename": lambda document: slug_from_name(document.name),
    "contentbasename": lambda document: slug_from_name(document.name),
    "slugorfilename": lambda document: document.slug,
    "slugorcontentbasename": lambda document: document.slug,
    "path": _path,
}
DATE_TOKENS: Mapping[str, Callable[[datetime], str]] = {
    "year": lambda date: f"{date.year:04d}",
    "month": lambda date: f"{date.month:02d}",
    "day": lambda date: f"{date.day:02d}",
    "short_year": lambda date: f"{date.year % 100:02d}",
    "i_month": lambda date: str(date.month),
    "i_day": lambda date: str(date.day),
    "short_month": lambda date: _MONTHS[date.month - 1],
}
