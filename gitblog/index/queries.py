"""What pages ask: one snapshot and one `now` per request, few statements, frozen answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, func, select

from gitblog.errors import IndexUnavailableError
from gitblog.index import codec, groups, posts, related, resolution, search, tables
from gitblog.index.condition import Condition, condition_of
from gitblog.index.database import Database
from gitblog.index.problems import all_problems
from gitblog.index.resolution import holds_its_address, is_visible
from gitblog.index.rows import ALWAYS, NEVER, UNUSABLE_DOCUMENT, PublishedSite
from gitblog.index.stored import read_site
from gitblog.index.views import (
    Article,
    Dated,
    Era,
    Found,
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
from gitblog.model import UNUSABLE, Kind, Problem, SearchQuery, SiteConfig, SyncReport

_document = tables.document.c
_INSTANTS = (_document.visible_from, _document.visible_until)


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

    def condition(self) -> Condition:
        """Tell which server holds the index and how large it is; raises `IndexUnavailableError` without one."""
        return condition_of(self._database)

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

    def document_at(self, address: str) -> str | None:
        """Give the path of the visible document that holds an address, None where none does."""
        return resolution.document_at(self._connection, address, self.now)

    def posts(self, *, offset: int, limit: int) -> tuple[Listed, ...]:
        """Give visible posts, newest first."""
        return posts.newest(self._connection, posts.listable(self.now), offset=offset, limit=limit)

    def post_count(self) -> int:
        """Count the posts that `posts` gives."""
        return groups.count(self._connection, posts.listable(self.now))

    def groups(self, kind: str) -> tuple[TagCount, ...]:
        """Give every "tag" ("category", "series", "author") of visible posts, by slug."""
        return groups.groups(self._connection, kind, self.now)

    def group(self, kind: str, slug: str, *, offset: int, limit: int) -> tuple[Tag, int, tuple[Listed, ...]] | None:
        """Give a group, the number of its visible posts and some of them, newest first; None for an unknown one."""
        return groups.group(self._connection, kind, slug, self.now, (offset, limit))

    def written_by(self, author: Tag, *, offset: int, limit: int) -> tuple[int, tuple[Listed, ...]]:
        """Give the same of one of the site's own authors, whose are also the posts that name none."""
        return groups.written_by(self._connection, author, self.now, (offset, limit))

    def anonymous_count(self) -> int:
        """Count the visible posts that name no author."""
        return groups.count(self._connection, groups.anonymous(self.now))

    def series(self, slug: str) -> tuple[Tag, tuple[Dated, ...]] | None:
        """Give a series and its visible posts, the first part first; None for an unknown one."""
        parts = groups.dated(self._connection, groups.members("series", slug, self.now), oldest_first=True)
        return (groups.name_of(self._connection, "series", slug, self.now), parts) if parts else None

    def archive(self, year: int | None = None, month: int = 0) -> tuple[Dated, ...]:
        """Give address, title and date of every visible post, newest first; `year` is in the site's time zone."""
        every = posts.listable(self.now)
        condition = every if year is None else groups.within(self.now, self._zone, year, month)
        return groups.dated(self._connection, condition)

    def years(self) -> tuple[tuple[int, int], ...]:
        """Give each year (in the site's time zone) with its number of visible posts, newest first."""
        return groups.years(self._connection, self._zone, self.now)

    def candidates(self, address: str) -> tuple[Neighbour, ...]:
        """Give visible documents of which one may have been meant by an address that nothing holds."""
        return related.candidates(self._connection, address, self.now)

    def sitemap(self) -> tuple[tuple[str, int], ...]:
        """Give address and last change of every visible document that search engines may list."""
        asked = (
            select(_document.address, _document.updated)
            .where(is_visible(tables.document, self.now), holds_its_address(self.now))
            .where(_document.noindex.is_(False), _document.unlisted.is_(False))
            .order_by(_document.address)
        )
        return tuple((row.address, row.updated) for row in self._connection.execute(asked))

    def search(self, query: SearchQuery, *, offset: int, limit: int) -> tuple[int, tuple[Found, ...]]:
        """Give how many visible documents a question finds and some of them, best first; 0 past the last one."""
        count, paths = search.find(self._connection, query, self.now, offset=offset, limit=limit)
        asked = select(_document.path, _document.text).where(_document.path.in_(paths))
        texts = {row.path: row.text for row in self._connection.execute(asked)}
        return count, tuple(Found(each, texts[each.path]) for each in posts.listed(self._connection, list(paths)))

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
        names = posts.names_of(self._connection, paths)
        asked = select(tables.address.c.target, tables.address.c.address).where(tables.address.c.kind == "alias")
        aliases: dict[str, tuple[str, ...]] = {}
        for row in self._connection.execute(asked.order_by(tables.address.c.address)):
            aliases[row.target] = (*aliases.get(row.target, ()), row.address)
        zone = self._zone
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
                tags=tuple(tag.name for tag in names.get(row.path, {}).get("tag", ())),
                categories=tuple(tag.name for tag in names.get(row.path, {}).get("category", ())),
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
            problems=self.problems() if detailed else (),
            reports=self._reports() if detailed else (),
            counts=self.counts() if detailed else {},
        )

    def problems(self) -> tuple[Problem, ...]:
        """Give everything that is wrong with the content, by path and line; takes a look at every link."""
        return all_problems(self._connection, self._base, self.now)

    def counts(self) -> dict[str, int]:
        """Give how much there is: `posts` that listings show, `documents`, `files` and `file_bytes`."""
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

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.config.addressing.timezone)

    def _article(self, path: str) -> Article:
        connection, now = self._connection, self.now
        row = connection.execute(select(tables.document).where(_document.path == path)).one()
        names = posts.names_of(connection, [path]).get(path, {})
        listed = posts.as_listed(row, names)
        is_post = listed.kind is Kind.POST and not row.unlisted
        series = names.get("series", ()) if is_post else ()
        return Article(
            listed=listed,
            html=row.html,
            outline=codec.load_outline(row.outline),
            categories=names.get("category", ()),
            language=row.language,
            image=row.image,
            canonical_url=row.canonical_url,
            noindex=row.noindex,
            previous=related.neighbour(connection, row, now, newer=False) if is_post else None,
            next=related.neighbour(connection, row, now, newer=True) if is_post else None,
            series=related.series_of(connection, path, series[0], now) if series else None,
            related=related.related_to(connection, path, listed.tags, now) if is_post else (),
            mentions=related.mentions_of(connection, row, self._base, now) if is_post else (),
        )

    def _count(self, table: Any) -> int:
        return int(self._connection.scalar(select(func.count()).select_from(table)) or 0)

    def _reports(self) -> tuple[SyncReport, ...]:
        newest = tables.sync_report.c.number.desc()
        reports = self._connection.scalars(select(tables.sync_report.c.report).order_by(newest))
        return tuple(codec.load_report(report) for report in reports)
