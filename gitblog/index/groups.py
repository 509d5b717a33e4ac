"""Posts by what they share: a tag, a category, a series, an author, a year or a month."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from gitblog.index import tables
from gitblog.index.posts import listable, newest
from gitblog.index.views import Dated, Listed, Tag, TagCount

_document = tables.document.c
_tag = tables.tag.c
_NO_AUTHORS = "[]"


def groups(connection: Connection, kind: str, now: int) -> tuple[TagCount, ...]:
    """Give the tags (or categories, series, authors) of listed posts with their number of posts, by slug."""
    asked = (
        select(func.min(_tag.name), _tag.slug, func.count(_tag.source.distinct()))
        .where(_tag.source.in_(select(_document.path).where(listable(now))), _tag.kind == kind)
        .group_by(_tag.slug)
        .order_by(_tag.slug)
    )
    return tuple(TagCount(*row) for row in connection.execute(asked))


def members(kind: str, slug: str, now: int) -> ColumnElement[bool]:
    """Tell of a document whether it is a listed post of this tag, category, series or author."""
    # A list, not EXISTS: SQLite would go through all that carry the tag once for every document.
    carriers = select(_tag.source).where(_tag.kind == kind, _tag.slug == slug)
    return and_(listable(now), _document.path.in_(carriers))


def anonymous(now: int) -> ColumnElement[bool]:
    """Tell of a document whether it is a listed post that names no author."""
    return and_(listable(now), _document.authors == _NO_AUTHORS)


def count(connection: Connection, condition: ColumnElement[bool]) -> int:
    """Count the posts of a condition."""
    return int(connection.scalar(select(func.count()).select_from(tables.document).where(condition)) or 0)


def group(
    connection: Connection, kind: str, slug: str, now: int, span: tuple[int, int]
) -> tuple[Tag, int, tuple[Listed, ...]] | None:
    """Give a group, its number of posts and those of a span (offset, limit), newest first; None for an unknown one."""
    condition = members(kind, slug, now)
    posts = count(connection, condition)
    if not posts:
        return None
    return name_of(connection, kind, slug, now), posts, newest(connection, condition, offset=span[0], limit=span[1])


def written_by(connection: Connection, author: Tag, now: int, span: tuple[int, int]) -> tuple[int, tuple[Listed, ...]]:
    """Give the number of posts of one of the site's own authors, whose are also those that name none, and a span."""
    condition = or_(members("author", author.slug, now), anonymous(now))
    return count(connection, condition), newest(connection, condition, offset=span[0], limit=span[1])


def name_of(connection: Connection, kind: str, slug: str, now: int) -> Tag:
    """Give a group with the first of the names that its listed posts write it with."""
    named = select(func.min(_tag.name)).join(tables.document, _document.path == _tag.source)
    return Tag(str(connection.scalar(named.where(listable(now), _tag.kind == kind, _tag.slug == slug))), slug)


def dated(connection: Connection, condition: ColumnElement[bool], *, oldest_first: bool = False) -> tuple[Dated, ...]:
    """Give address, title and date of the posts of a condition."""
    asked = select(_document.address, _document.title, _document.published).where(condition)
    date = _document.published.asc() if oldest_first else _document.published.desc()
    return tuple(Dated(*row) for row in connection.execute(asked.order_by(date, _document.path)))


def within(now: int, zone: ZoneInfo, year: int, month: int = 0) -> ColumnElement[bool]:
    """Tell of a document whether it is a listed post of a year, or of a month of it, in the time zone."""
    following = (year, month + 1) if month and month < 12 else (year + 1, 1)
    start, end = _start(zone, year, month or 1), _start(zone, *following)
    return and_(listable(now), _document.published >= start, _document.published < end)


def years(connection: Connection, zone: ZoneInfo, now: int) -> tuple[tuple[int, int], ...]:
    """Give each year (in the time zone) with its number of listed posts, newest first."""
    counts: dict[int, int] = {}
    for published in connection.scalars(select(_document.published).where(listable(now))):
        year = datetime.fromtimestamp(published, zone).year
        counts[year] = counts.get(year, 0) + 1
    return tuple(sorted(counts.items(), reverse=True))


def _start(zone: ZoneInfo, year: int, month: int) -> int:
    bounded = min(max(year, 1), 9999)
    return int(datetime(bounded, month, 1, tzinfo=zone).timestamp())
