"""What pages ask: one snapshot and one `now` per request, few statements, frozen answers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, and_, func, select

from gitblog.errors import IndexUnavailableError
from gitblog.index import codec, resolution, tables
from gitblog.index.database import Database
from gitblog.index.problems import all_problems
from gitblog.index.resolution import holds_its_address, is_visible
from gitblog.index.rows import ALWAYS, NEVER, UNUSABLE_DOCUMENT, PublishedSite
from gitblog.index.stored import read_site
from gitblog.index.views import (
    Article,
    Dated,
    Era,
    Gone,
    Listed,
    Neighbour,
    Redirect,
    ServedFile,
    SourceListing,
    Status,
    Tag,
    TagCount,
)
from gitblog.model import UNUSABLE, Kind, SiteConfig, SyncReport

_document = tables.document.c
_tag = tables.tag.c
_INSTANTS = (_document.visible_from, _document.visible_until)
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


class Index:
    """The index as the web asks it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def snapshot(self, now: int) -> Iterator[Snapshot]:
        """Open one snapshot for one request; raises `IndexUnavailableError` where there is nothing to ask."""
        with self._database.reading() as connection:
            site = read_site(connection)
            if site is None:
                raise IndexUnavailableError("nothing has been published yet", reason="not-published")
            yield Snapshot(connection, site, now)

    def newest_report(self) -> SyncReport | None:
        """Give the report of the last sync that published, failed, or was asked for; there may be nothing else yet."""
        newest = select(tables.sync_report.c.report).order_by(tables.sync_report.c.number.desc()).limit(1)
        with self._database.reading() as connection:
            report = connection.scalar(newest)
        return codec.load_report(report) if report is not None else None

    def era(self, now: int) -> Era | None:
        """Give the live publication with the span around `now` in which nothing appears or expires; None before it.

        Two look-ups in an index, however many posts are scheduled.
        """
        with self._database.reading() as connection:
            publication = connection.scalar(select(tables.site.c.publication))
            if publication is None:
                return None
            start = max(_instant(connection, column, now, before=True) for column in _INSTANTS)
            end = min(_instant(connection, column, now, before=False) for column in _INSTANTS)
            return Era(publication, start, end)


def _instant(connection: Connection, column: ColumnElement[int], now: int, *, before: bool) -> int:
    """Give the latest instant of a column that is not after `now`, or the first one after it."""
    asked = select(column).where(_document.hold == "", column <= now if before else column > now)
    found = connection.scalar(asked.order_by(column.desc() if before else column.asc()).limit(1))
    return found if found is not None else ALWAYS if before else NEVER


class Snapshot:
    """One publication at one instant. Addresses carry the base path, decoded."""

    def __init__(self, connection: Connection, site: PublishedSite, now: int) -> None:
        self._connection = connection
        self._site = site
        self.now = now

    @property
    def revision(self) -> str:
        """The full commit id that is live."""
        return self._site.site.revision

    @property
    def publication(self) -> str:
        """The id of the publish that is live."""
        return self._site.publication

    @property
    def config(self) -> SiteConfig:
        """The site's configuration."""
        return self._site.site.configuration

    def article_at(self, address: str) -> Article | None:
        """Give the visible document that holds an address."""
        path = resolution.document_at(self._connection, address, self.now)
        return self._article(path) if path is not None else None

    def file_at(self, address: str) -> ServedFile | None:
        """Give the file that is served at an address now."""
        return resolution.file_at(self._connection, self._relative(address), self._base, self.now)

    def file_bytes(self, blob_id: str) -> bytes:
        """Give a file's bytes."""
        data = self._connection.scalar(select(tables.blob.c.data).where(tables.blob.c.id == blob_id))
        return bytes(data or b"")

    def fallback(self, address: str) -> Redirect | Gone | None:
        """Tell where an address that nothing holds leads: an alias, a former address, or nowhere."""
        return resolution.fallback(self._connection, address, self._base, self.now)

    def posts(self, *, offset: int, limit: int) -> tuple[Listed, ...]:
        """Give visible posts, newest first."""
        return self._listed(self._page(self._listable(), offset, limit))

    def post_count(self) -> int:
        """Count the posts that `posts` gives."""
        counted = select(func.count()).select_from(tables.document).where(self._listable())
        return int(self._connection.scalar(counted) or 0)

    def tagged(self, slug: str, *, offset: int, limit: int) -> tuple[Tag, int, tuple[Listed, ...]] | None:
        """Give a tag, the number of its visible posts and some of them, newest first; None for an unknown tag."""
        # A list, not EXISTS: SQLite would go through all that carry the tag once for every document.
        carriers = select(_tag.source).where(_tag.kind == "tag", _tag.slug == slug)
        condition = and_(self._listable(), _document.path.in_(carriers))
        count = self._connection.scalar(select(func.count()).select_from(tables.document).where(condition)) or 0
        if not count:
            return None
        named = select(func.min(_tag.name)).join(tables.document, _document.path == _tag.source)
        name = self._connection.scalar(named.where(self._listable(), _tag.kind == "tag", _tag.slug == slug))
        return Tag(str(name), slug), int(count), self._listed(self._page(condition, offset, limit))

    def tags(self) -> tuple[TagCount, ...]:
        """Give the tags of visible posts, by slug."""
        asked = (
            select(func.min(_tag.name), _tag.slug, func.count(_tag.source.distinct()))
            .where(_tag.source.in_(select(_document.path).where(self._listable())), _tag.kind == "tag")
            .group_by(_tag.slug)
            .order_by(_tag.slug)
        )
        return tuple(TagCount(*row) for row in self._connection.execute(asked))

    def archive(self, year: int | None = None) -> tuple[Dated, ...]:
        """Give address, title and date of every visible post, newest first; `year` is in the site's time zone."""
        asked = select(_document.address, _document.title, _document.published).where(self._listable())
        if year is not None:
            start, end = self._year(year), self._year(year + 1)
            asked = asked.where(_document.published >= start, _document.published < end)
        ordered = asked.order_by(_document.published.desc(), _document.path)
        return tuple(Dated(*row) for row in self._connection.execute(ordered))

    def years(self) -> tuple[tuple[int, int], ...]:
        """Give each year (in the site's time zone) with its number of visible posts, newest first."""
        zone = ZoneInfo(self.config.addressing.timezone)
        counts: dict[int, int] = {}
        for published in self._connection.scalars(select(_document.published).where(self._listable())):
            year = datetime.fromtimestamp(published, zone).year
            counts[year] = counts.get(year, 0) + 1
        return tuple(sorted(counts.items(), reverse=True))

    def sitemap(self) -> tuple[tuple[str, int], ...]:
        """Give address and last change of every visible document that search engines may list."""
        asked = (
            select(_document.address, _document.updated)
            .where(is_visible(tables.document, self.now), holds_its_address(self.now))
            .where(_document.noindex.is_(False), _document.unlisted.is_(False))
            .order_by(_document.address)
        )
        return tuple((row.address, row.updated) for row in self._connection.execute(asked))

    def addresses(self, targets: Collection[str]) -> Mapping[str, str]:
        """Give the addresses that link tokens stand for; a target that leads nowhere is absent."""
        return resolution.addresses_of(self._connection, targets, self._base, self.now)

    def bodies(self, paths: Collection[str]) -> Mapping[str, str]:
        """Give the HTML (with tokens) of documents by path."""
        asked = select(_document.path, _document.html).where(_document.path.in_(list(paths)))
        return {row.path: row.html for row in self._connection.execute(asked)}

    def source_files(self) -> tuple[SourceListing, ...]:
        """Give every file with a document's extension: published, or held back and why."""
        rows = self._connection.execute(select(tables.document).order_by(_document.path)).all()
        paths = [row.path for row in rows]
        tags, categories = self._tags_of(paths, "tag"), self._tags_of(paths, "category")
        asked = select(tables.address.c.target, tables.address.c.address).where(tables.address.c.kind == "alias")
        aliases: dict[str, tuple[str, ...]] = {}
        for row in self._connection.execute(asked.order_by(tables.address.c.address)):
            aliases[row.target] = (*aliases.get(row.target, ()), row.address)
        zone = ZoneInfo(self.config.addressing.timezone)
        listed = [
            SourceListing(
                source_path=row.path,
                kind=Kind(row.kind),
                status="held" if (reason := self._held(row)) else "published",
                reason=reason or ("broken" if row.shown != row.blob else None),
                url=quote(row.address.removeprefix(self._base)) if row.address else None,
                title=row.title,
                date=datetime.fromtimestamp(row.published, zone).isoformat() if row.shown else None,
                updated=datetime.fromtimestamp(row.updated, zone).isoformat() if row.shown else None,
                tags=tuple(tag.name for tag in tags.get(row.path, ())),
                categories=tuple(tag.name for tag in categories.get(row.path, ())),
                aliases=aliases.get(row.path, ()),
            )
            for row in rows
        ]
        return tuple(sorted([*listed, *self._unusable()], key=lambda each: each.source_path))

    def _unusable(self) -> Iterator[SourceListing]:
        """Give the files that would be documents if their paths could be used; what can be shown of each."""
        asked = select(tables.problem.c.source).where(tables.problem.c.stage == UNUSABLE_DOCUMENT)
        for source in self._connection.scalars(asked):
            shown = source.partition(UNUSABLE)[0]
            yield SourceListing(shown, Kind.PAGE, "held", "broken", None, "", None, None, (), (), ())

    def _held(self, row: Any) -> str:
        if row.hold:
            return str(row.hold)
        if row.visible_from > self.now:
            return "scheduled"
        if row.visible_until <= self.now:
            return "expired"
        holder = resolution.document_at(self._connection, row.address, self.now)
        return "" if holder == row.path else "shadowed"

    def status(self, *, detailed: bool = True) -> Status:
        """Give what is live and since when; in detail also what is wrong, which takes a look at every link."""
        return Status(
            revision=self.revision,
            branch=self._site.site.branch,
            url=self.config.url,
            publication=self.publication,
            publications=self._site.publications,
            published_at=self._site.published_at,
            problems=all_problems(self._connection, self._base, self.now) if detailed else (),
            reports=self._reports() if detailed else (),
            counts=self._counts() if detailed else {},
        )

    def _counts(self) -> dict[str, int]:
        return {
            "posts": self.post_count(),
            "documents": self._count(tables.document),
            "files": self._count(tables.file),
            "file_bytes": int(self._connection.scalar(select(func.sum(tables.file.c.size))) or 0),
        }

    @property
    def _base(self) -> str:
        return self.config.addressing.base_path

    def _relative(self, address: str) -> str:
        return address.removeprefix(self._base)

    def _listable(self) -> ColumnElement[bool]:
        return and_(
            _document.kind == Kind.POST.value,
            _document.unlisted.is_(False),
            is_visible(tables.document, self.now),
            holds_its_address(self.now),
        )

    def _page(self, condition: ColumnElement[bool], offset: int, limit: int) -> list[str]:
        ordered = select(_document.path).where(condition).order_by(_document.published.desc(), _document.path)
        return list(self._connection.scalars(ordered.offset(offset).limit(limit)))

    def _listed(self, paths: list[str]) -> tuple[Listed, ...]:
        rows = {row.path: row for row in self._connection.execute(select(*_LISTED).where(_document.path.in_(paths)))}
        tags = self._tags_of(paths, "tag")
        return tuple(_as_listed(rows[path], tags.get(path, ())) for path in paths)

    def _tags_of(self, paths: list[str], kind: str) -> dict[str, tuple[Tag, ...]]:
        found: dict[str, tuple[Tag, ...]] = {}
        # Asked by source alone: with the kind in it, SQLite reads every tag of the site by the other index.
        asked = select(_tag.source, _tag.kind, _tag.name, _tag.slug).where(_tag.source.in_(paths))
        for row in self._connection.execute(asked.order_by(_tag.source, _tag.position)):
            if row.kind == kind:
                found[row.source] = (*found.get(row.source, ()), Tag(row.name, row.slug))
        return found

    def _article(self, path: str) -> Article:
        row = self._connection.execute(select(tables.document).where(_document.path == path)).one()
        listed = _as_listed(row, self._tags_of([path], "tag").get(path, ()))
        is_post = listed.kind is Kind.POST and not row.unlisted
        return Article(
            listed=listed,
            html=row.html,
            outline=codec.load_outline(row.outline),
            categories=self._tags_of([path], "category").get(path, ()),
            language=row.language,
            image=row.image,
            canonical_url=row.canonical_url,
            noindex=row.noindex,
            previous=self._neighbour(row, newer=False) if is_post else None,
            next=self._neighbour(row, newer=True) if is_post else None,
        )

    def _neighbour(self, row: Any, *, newer: bool) -> Neighbour | None:
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
        asked = select(_document.address, _document.title).where(self._listable(), beyond)
        found = self._connection.execute(asked.order_by(*order).limit(1)).one_or_none()
        return Neighbour(*found) if found else None

    def _year(self, year: int) -> int:
        bounded = min(max(year, 1), 9999)
        return int(datetime(bounded, 1, 1, tzinfo=ZoneInfo(self.config.addressing.timezone)).timestamp())

    def _count(self, table: Any) -> int:
        return int(self._connection.scalar(select(func.count()).select_from(table)) or 0)

    def _reports(self) -> tuple[SyncReport, ...]:
        newest = tables.sync_report.c.number.desc()
        reports = self._connection.scalars(select(tables.sync_report.c.report).order_by(newest))
        return tuple(codec.load_report(report) for report in reports)


def _as_listed(row: Any, tags: tuple[Tag, ...]) -> Listed:
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
        tags=tags,
        feed_name=row.feed_name,
        word_count=row.word_count,
    )
