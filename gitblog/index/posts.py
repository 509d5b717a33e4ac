"""The posts that listings show: which they are, and their rows as frozen values."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from gitblog.index import tables
from gitblog.index.resolution import holds_its_address, is_visible
from gitblog.index.views import Listed, Tag
from gitblog.model import Kind

_document = tables.document.c
_tag = tables.tag.c
# Everything but the body: a listing of ten posts must not carry ten bodies.
_LISTED = (
    _document.path,
    _document.address,
    _document.kind,
    _document.title,
    _document.published,
    _document.updated,
    _document.authors,
    _document.description,
    _document.excerpt,
    _document.feed_name,
    _document.word_count,
)


def listable(now: int) -> ColumnElement[bool]:
    """Tell of a document whether it is a post that listings show at `now`."""
    return and_(
        _document.kind == Kind.POST.value,
        _document.unlisted.is_(False),
        is_visible(tables.document, now),
        holds_its_address(now),
    )


def newest(connection: Connection, condition: ColumnElement[bool], *, offset: int, limit: int) -> tuple[Listed, ...]:
    """Give the posts of a condition, newest first; ties are broken by path."""
    ordered = select(_document.path).where(condition).order_by(_document.published.desc(), _document.path)
    return listed(connection, list(connection.scalars(ordered.offset(offset).limit(limit))))


def listed(connection: Connection, paths: list[str]) -> tuple[Listed, ...]:
    """Give the posts at these paths, in this order."""
    rows = {row.path: row for row in connection.execute(select(*_LISTED).where(_document.path.in_(paths)))}
    tags = names_of(connection, paths)
    return tuple(as_listed(rows[path], tags.get(path, {})) for path in paths)


def names_of(connection: Connection, paths: list[str]) -> dict[str, dict[str, tuple[Tag, ...]]]:
    """Give the tags, categories, series and authors that each document names, by kind."""
    found: dict[str, dict[str, tuple[Tag, ...]]] = {}
    # Asked by source alone: with the kind in it, SQLite reads every tag of the site by the other index.
    asked = select(_tag.source, _tag.kind, _tag.name, _tag.slug).where(_tag.source.in_(paths))
    for row in connection.execute(asked.order_by(_tag.source, _tag.position)):
        kinds = found.setdefault(row.source, {})
        kinds[row.kind] = (*kinds.get(row.kind, ()), Tag(row.name, row.slug))
    return found


def as_listed(row: Any, names: dict[str, tuple[Tag, ...]]) -> Listed:
    """Make a document's row what a listing shows; `names` are what `names_of` found for it."""
    return Listed(
        path=row.path,
        address=row.address,
        kind=Kind(row.kind),
        title=row.title,
        published=row.published,
        updated=row.updated,
        authors=tuple(json.loads(row.authors)),
        description=row.description,
        excerpt=row.excerpt,
        tags=names.get("tag", ()),
        feed_name=row.feed_name,
        word_count=row.word_count,
    )
