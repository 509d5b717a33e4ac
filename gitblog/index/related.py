"""What one document has to do with others: its neighbours, its series, related posts, who mentions it, what is near.

Each is a query of bounded cost, whatever the number of posts.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, func, select

from gitblog.index import tables
from gitblog.index.posts import listable
from gitblog.index.resolution import holds_its_address, is_visible
from gitblog.index.views import Neighbour, Series, Tag

_document = tables.document.c
_tag = tables.tag.c
_link = tables.link.c

RELATED: Final = 3
MENTIONS: Final = 10
SERIES_PARTS: Final = 200
# How many posts are compared for the related ones: those of the rarest tags, which say most.
_COMPARED: Final = 500
_AROUND: Final = 15
_RECENT: Final = 150


def neighbour(connection: Connection, row: Any, now: int, *, newer: bool) -> Neighbour | None:
    """Give the post next to `row` in the order of listings (newest first, then by path).

    The bound on the date alone is what lets an index start there: OR would go through every newer post.
    """
    date, path = _document.published, _document.path
    if newer:
        beyond = (date >= row.published) & ((date > row.published) | (path < row.path))
        order = (date.asc(), path.desc())
    else:
        beyond = (date <= row.published) & ((date < row.published) | (path > row.path))
        order = (date.desc(), path.asc())
    asked = select(_document.address, _document.title).where(listable(now), beyond)
    found = connection.execute(asked.order_by(*order).limit(1)).one_or_none()
    return Neighbour(*found) if found else None


def series_of(connection: Connection, path: str, tag: Tag, now: int) -> Series | None:
    """Give the parts of a series in the order of their dates; None where the document is not among them."""
    carriers = select(_tag.source).where(_tag.kind == "series", _tag.slug == tag.slug)
    asked = select(_document.path, _document.address, _document.title).where(
        listable(now), _document.path.in_(carriers)
    )
    ordered = asked.order_by(_document.published, _document.path).limit(SERIES_PARTS)
    rows = connection.execute(ordered).all()
    number = next((number for number, row in enumerate(rows, 1) if row.path == path), 0)
    return Series(tag, tuple(Neighbour(row.address, row.title) for row in rows), number) if number else None


def related_to(connection: Connection, path: str, tags: tuple[Tag, ...], now: int) -> tuple[Neighbour, ...]:
    """Give the posts that share most of a post's rarer tags, the newest first among equals."""
    slugs = _rarest(connection, tuple(tag.slug for tag in tags))
    if not slugs:
        return ()
    shared = func.count(_tag.slug.distinct())
    asked = (
        select(_document.address, _document.title)
        .join(tables.tag, _tag.source == _document.path)
        .where(_tag.kind == "tag", _tag.slug.in_(slugs), _document.path != path, listable(now))
        .group_by(_document.path, _document.address, _document.title, _document.published)
        .order_by(shared.desc(), _document.published.desc(), _document.path)
        .limit(RELATED)
    )
    return tuple(Neighbour(*row) for row in connection.execute(asked))


def _rarest(connection: Connection, slugs: tuple[str, ...]) -> list[str]:
    """Give the tags with the fewest carriers, as many as can be compared."""
    if not slugs:
        return []
    carriers = func.count()
    asked = select(_tag.slug, carriers).where(_tag.kind == "tag", _tag.slug.in_(slugs)).group_by(_tag.slug)
    chosen, total = [], 0
    for slug, posts in connection.execute(asked.order_by(carriers, _tag.slug)):
        total += posts
        if total > _COMPARED:
            break
        chosen.append(slug)
    return chosen


def mentions_of(connection: Connection, row: Any, base: str, now: int) -> tuple[Neighbour, ...]:
    """Give the visible documents that link to one, the newest first."""
    targets = [row.path, row.address.removeprefix(base), *([row.bundle] if row.bundle else [])]
    linking = select(_link.source).where(_link.target.in_(targets))
    asked = select(_document.address, _document.title).where(
        _document.path.in_(linking), _document.path != row.path, _known(now)
    )
    ordered = asked.order_by(_document.published.desc(), _document.path).limit(MENTIONS)
    return tuple(Neighbour(*found) for found in connection.execute(ordered))


def candidates(connection: Connection, address: str, now: int) -> tuple[Neighbour, ...]:
    """Give documents whose address could have been meant: those around it in code-point order, and the newest."""
    asked = select(_document.address, _document.title).where(_known(now))
    newest = select(_document.address, _document.title).where(listable(now))
    at = _document.address
    statements = (
        asked.where(at >= address).order_by(at.asc(), _document.path).limit(_AROUND),
        asked.where(at < address).order_by(at.desc(), _document.path).limit(_AROUND),
        newest.order_by(_document.published.desc(), _document.path).limit(_RECENT),
    )
    found = {Neighbour(*row): None for each in statements for row in connection.execute(each)}
    return tuple(found)


def _known(now: int) -> ColumnElement[bool]:
    """Tell of a document whether readers may be led to it: pages too, but nothing that is unlisted."""
    return and_(_document.unlisted.is_(False), is_visible(tables.document, now), holds_its_address(now))
