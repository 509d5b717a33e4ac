"""An index that grew push by push beside one that was made at once: the rows, the pages, and what readers remember."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

import flask
from sqlalchemy import text

from gitblog.history.lineages import Version, trace
from gitblog.index import schema, writer
from gitblog.index.database import Database, open_database, sqlite_files
from gitblog.index.queries import Index
from gitblog.index.rows import ALWAYS, DocumentRow, Update
from gitblog.index.tables import POSTGRES_SCHEMA
from gitblog.index.views import Era
from gitblog.source.command import make_git
from gitblog.source.locations import Location
from gitblog.source.repository import ChangedPath, Repository
from gitblog.sync.documents import HELD_IGNORED
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from gitblog.web import Serving, Surroundings, register
from tests.histories import History, Look
from tests.history_edits import CONFIGURATION, is_broken
from tests.terms_index import assert_terms_follow

# Pages that are made of many posts, below the base path, a served file of each sort, and an address with nothing.
_MADE = (
    "/", "/page/2/", "/tags/", "/tags/one/", "/archive/", "/feed.xml", "/sitemap.xml", "/robots.txt",
    "/pic.png", "/posts/pic.png", "/nothing/",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader gets: everything but the time of the answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Site:
    """An index with the real pages in front, its page cache included, on a clock that the test sets."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.index = Index(database)
        self.now = 0
        self._era: Era | None = None
        app = flask.Flask("gitblog", static_folder=None)
        # An error is the test's to see, not a page.
        app.config["PROPAGATE_EXCEPTIONS"] = True
        around = Surroundings(self._era_of, lambda: True, lambda: self.now)
        register(app, self.index, Serving("test"), around)
        self._client = app.test_client()

    def look(self, now: int) -> None:
        """Set the clock, and see what is live."""
        self.now = now
        self._era = self.index.era(now)

    def told(self) -> tuple[object, ...]:
        """Give what `check` and `list` say: the problems, of several files too, and each file's state."""
        with self.index.snapshot(self.now) as snapshot:
            return snapshot.status().problems, snapshot.source_files()

    def answer(self, address: str) -> Answer:
        """Ask for an address."""
        response = self._client.get(quote(address))
        return Answer(response.status_code, tuple(response.headers), response.data)

    def _era_of(self, now: int) -> tuple[str, int] | None:
        return (self._era.publication, self._era.start) if self._era else None


class _Remembering(Repository):
    """Asks git once for what follows from ids alone: three indexes of one history ask for nearly the same.

    Warnings follow from what was fetched.
    """

    def __init__(self, location: Location) -> None:
        super().__init__(make_git(location))
        self._blobs: dict[tuple[str, int], bytes | None] = {}
        self._present: set[str] = set()
        self._differing: dict[tuple[str, str], tuple[ChangedPath, ...]] = {}
        self._told: tuple[str, ...] | None = None

    def fetch(self) -> str:
        self._told = None
        return super().fetch()

    @property
    def warnings(self) -> tuple[str, ...]:
        if self._told is None:
            self._told = super().warnings
        return self._told

    def has(self, revision: str) -> bool:
        if revision not in self._present and super().has(revision):
            self._present.add(revision)
        return revision in self._present

    def changed_paths(self, old: str, new: str) -> tuple[ChangedPath, ...]:
        if (old, new) not in self._differing:
            self._differing[old, new] = super().changed_paths(old, new)
        return self._differing[old, new]

    def read(self, blob_ids: Iterable[str], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
        wanted = list(dict.fromkeys(blob_ids))
        for blob, data in super().read([blob for blob in wanted if (blob, max_bytes) not in self._blobs], max_bytes):
            self._blobs[blob, max_bytes] = data
        yield from ((blob, self._blobs[blob, max_bytes]) for blob in wanted)


def empty(database: Database) -> None:
    """Lose the database, and make its tables anew."""
    if database.is_postgres:
        with database.writing() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {POSTGRES_SCHEMA} CASCADE"))
    else:
        for name in sqlite_files(database):
            for each in (name, f"{name}-wal", f"{name}-shm"):
                Path(each).unlink(missing_ok=True)
    schema.upgrade(database)


class Fresh:
    """An index in memory that is filled by one sync, again and again from nothing."""

    def __init__(self) -> None:
        self._empty = open_database("sqlite://")
        schema.upgrade(self._empty)
        self.site = Site(open_database("sqlite://"))

    def fill(self, update: Update, blobs: Iterable[tuple[str, bytes]], now: int) -> None:
        """Forget everything, and publish an update that names every path."""
        with self._empty.engine.connect() as source, self.site.database.engine.connect() as target:
            # Typed as what every driver has in common.
            source.connection.driver_connection.backup(target.connection.driver_connection)  # type: ignore[union-attr]
        writer.store_blobs(self.site.database, blobs)
        writer.publish(self.site.database, update, seen="", at=now)


@dataclass(frozen=True, slots=True)
class _Read:
    """A document that answered 200 at an address: the version that its file was, its date, and at which tip."""

    address: str
    version: Version
    date: int
    tip: str


@dataclass(slots=True)
class Grown:
    """The indexes of one history, which grow by syncs, each look compared with a fresh index."""

    history: History
    sites: tuple[Site, ...]
    fresh: Fresh
    source: Repository = field(init=False)
    renderer: Renderer = field(default_factory=Renderer)
    addresses: set[str] = field(default_factory=set)
    read: set[_Read] = field(default_factory=set)

    def __post_init__(self) -> None:
        for site in self.sites:
            empty(site.database)
        self.source = self._open()

    def look(self, look: Look, *, last: bool = False) -> None:
        """Sync every index; its rows are then those of a fresh one, its pages too, and no address died.

        After the last push every address ever seen is asked, on every database; before, the home page and the feed,
        which has the text of every post, on one (all of it each time would take three times as long).
        """
        if look.clone_lost:
            self.source = self._open()
        for site in self.sites:
            if look.database_lost:
                empty(site.database)
            report = run(Sync(self.source, site.database, self.renderer), clock=lambda: look.now)
            assert (report.to_revision, report.outcome) in {(look.tip, "published"), (look.tip, "unchanged")}
        update = self._compute(look)
        for site in self.sites:
            assert writer.differences(site.database, update) == ()
            assert_terms_follow(site.database)
        self._assert_last_good(look, update)
        # What git forgets is forgotten, and a shallow clone knows too little.
        kept = self.history.ancestors(look.tip)
        self.read = {read for read in self.read if read.tip in kept}
        answers = self._compare_pages(look, update, last=last)
        if not look.shallow:
            self._assert_remembered(look, update, answers)
            self._remember(look, update, answers)

    def _open(self) -> Repository:
        return _Remembering(Location(str(self.history.content), self.history.folder / "data"))

    def _compute(self, look: Look) -> Update:
        """Compute everything from git, and fill the fresh index with it."""
        blobs: dict[str, bytes] = {}
        sync = Sync(self.source, self.fresh.site.database, self.renderer)
        update = compute_everything(sync, look.tip, blobs.update)
        self.fresh.fill(update, blobs.items(), look.now)
        return update

    def _assert_last_good(self, look: Look, update: Update) -> None:
        """A broken post shows the version before it was broken, where one line of commits tells which that is."""
        for row in update.rows.documents:
            data = self._before_broken(look.tip, row.path)
            if data is not None and row.hold != HELD_IGNORED and not look.shallow:
                assert row.shown == writer.git_blob_id(data, row.blob), row.path

    def _before_broken(self, tip: str, path: str) -> bytes | None:
        """Give the last good bytes at a path; None after a merge, a rename, or where there never were any."""
        parents = self.history.parents[tip]
        while is_broken(data := self.history.trees[tip].get(path, b"")):
            if len(parents) != 1:
                return None
            (tip,) = parents
            parents = self.history.parents[tip]
        return data or None

    def _compare_pages(self, look: Look, update: Update, *, last: bool) -> Mapping[str, Answer]:
        """Compare answers of the grown indexes with those of the fresh one; give these, and what readers ask for."""
        base = update.site.configuration.addressing.base_path
        self.addresses |= _addresses(update, base)
        compared = self.addresses if last else {f"{base}/", f"{base}/feed.xml"}
        asked = {read.address for read in self.read} | compared
        asked |= {row.address for row in _readable(update.rows.documents, look.now)}
        self.fresh.site.look(look.now)
        answers = {address: self.fresh.site.answer(address) for address in sorted(asked)}
        assert {answer.status for answer in answers.values()} <= {200, 301, 404, 410}
        for site in self.sites if last else self.sites[:1]:
            site.look(look.now)
            for address in sorted(compared):
                assert site.answer(address) == answers[address], address
            assert not last or site.told() == self.fresh.site.told()
        return answers

    def _assert_remembered(self, look: Look, update: Update, answers: Mapping[str, Answer]) -> None:
        """What was read answers 200, 301 to a page that answers 200, or 410, or is excused."""
        for read in sorted(self.read, key=lambda read: (read.address, read.version)):
            answer = answers[read.address]
            if answer.status == 301:
                target = self.fresh.site.answer(unquote(dict(answer.headers)["Location"]))
                assert target.status == 200, (read, answer.headers)
            elif answer.status == 404 and self._was_due_later(read, look):
                self.read.discard(read)
            elif answer.status not in {200, 410}:
                assert answer.status == 404, (read, answer.status)
                assert _is_held(read, update, look.now), read

    def _remember(self, look: Look, update: Update, answers: Mapping[str, Answer]) -> None:
        for row in _readable(update.rows.documents, look.now):
            assert answers[row.address].status == 200, row.address
            version = Version(row.path, row.blob)
            self.read.add(_Read(row.address, version, row.visible_from, look.tip))

    def _was_due_later(self, read: _Read, look: Look) -> bool:
        """Tell whether the post was due only after the date of the commit that took its address away.

        That is the last one since which changed the post's file, or the site's configuration.
        """
        if read.date == ALWAYS:
            return False
        takers = [self._last_change(path, read.tip, look.tip) for path in (read.version.path, CONFIGURATION)]
        ends = [order for order in takers if order is not None]
        return bool(ends) and read.date > min(ends)

    def _last_change(self, path: str, since: str, tip: str) -> int | None:
        """Give the corrected date of the last commit that took away what lay at a path then."""
        trees, was = self.history.trees, self.history.trees[since].get(path)
        return max(
            (
                self.history.orders[commit]
                for commit in self.history.ancestors(tip) - self.history.ancestors(since)
                if trees[commit].get(path) != was
                and any(trees[parent].get(path) == was for parent in self.history.parents[commit])
            ),
            default=None,
        )


def _addresses(update: Update, base: str) -> set[str]:
    """Give every address that could have something behind it, now or once."""
    documents = [row for row in update.rows.documents if row.address]
    own = {row.address for row in documents} | {f"{row.address}pic.png" for row in documents if row.bundle}
    return own | {row.address for row in update.rows.addresses} | {base + path for path in _MADE}


def _readable(documents: Iterable[DocumentRow], now: int) -> Iterable[DocumentRow]:
    """Give those that readers may see, the first to begin at each address."""
    found: dict[str, DocumentRow] = {}
    for row in sorted(documents, key=lambda row: row.rank):
        if _is_visible(row, now):
            found.setdefault(row.address, row)
    return found.values()


def _is_visible(row: DocumentRow, now: int) -> bool:
    return not row.hold and row.visible_from <= now < row.visible_until


def _is_held(read: _Read, update: Update, now: int) -> bool:
    """Tell whether the post itself is held: the file that is now what was read, be it elsewhere."""
    rows = {row.path: row for row in update.rows.documents}
    history = trace(
        [change for change in update.changes if CONFIGURATION not in (change.path, change.old_path)],
        {commit.id: commit for commit in update.commits},
        {path: row.blob for path, row in rows.items()},
        lambda path: rows[path].hold != HELD_IGNORED,
    )
    lineage = history.lineages[read.version]
    path = read.version.path if read.version.path in lineage.live else lineage.heir
    return path is not None and not _is_visible(rows[path], now)
