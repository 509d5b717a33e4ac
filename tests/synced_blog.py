"""A repository and its index for the rules of history: every push is compared with a fresh index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from gitblog.index import schema, writer
from gitblog.index.database import Database, open_database
from gitblog.index.queries import Index
from gitblog.index.tables import document
from gitblog.index.views import Redirect
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.history_builder import Builder
from tests.served_site import post

# 2001-09-09T01:46:40Z; commits come at so many seconds after it.
BASE = 1_000_000_000
LATE = 4_000_000_000
C = {"blog.toml": b'permalink = "/p/:slug/"\n'}
C2 = {"blog.toml": b'permalink = "/q/:slug/"\n'}
BROKEN_CONFIGURATION = {"blog.toml": b"permalink = \n"}
BROKEN = b'---\ntitle: "never closed\n---\nBroken.\n'
OTHER = {"posts/other.md": b"Other.\n"}


def a_post(*lines: str, body: str = "Some words.") -> bytes:
    """Write a post without a date."""
    return post(*lines, body=body, date="").encode()


A = {"posts/a.md": a_post()}
X = {"posts/a.md": a_post("slug: x")}
Y = {"posts/a.md": a_post("slug: y")}
Z = {"posts/a.md": a_post("slug: z")}
T = {"posts/a.md": BROKEN}


@dataclass(slots=True)
class Blog:
    """A repository and its index; each push is synced and compared with a fresh index."""

    folder: Path
    builder: Builder
    database: Database

    def commit(self, at: int, tree: Mapping[str, bytes], *parents: str) -> str:
        """Commit without pushing, `at` seconds after the start."""
        return self.builder.commit(dict(tree), parents, BASE + at)

    def push(self, at: int, tree: Mapping[str, bytes], *parents: str) -> str:
        """Commit, push and sync."""
        commit = self.commit(at, tree, *parents)
        self.push_commit(commit)
        return commit

    def push_commit(self, commit: str) -> None:
        """Move the branch to a commit and sync; the index must be that of a fresh one."""
        self.builder.set_branch("main", commit)
        assert self.sync(self.builder.path) == commit

    def sync(self, repository: Path) -> str:
        """Sync and give the revision; the index must be that of a fresh one."""
        source = open_repository(Location(str(repository), self.folder / "data"))
        sync = Sync(source, self.database, Renderer())
        tip = run(sync).to_revision
        assert writer.differences(self.database, compute_everything(sync, tip, _drop)) == ()
        return tip

    def answer(self, address: str, now: int = LATE) -> str:
        """Tell how an address answers: `200 PATH`, `301 ADDRESS`, `410` or `404`."""
        with Index(self.database).snapshot(now) as snapshot:
            if article := snapshot.article_at(address):
                return f"200 {article.listed.path}"
            found = snapshot.fallback(address)
        if isinstance(found, Redirect):
            return f"301 {found.address}"
        return "410" if found else "404"

    def html(self, address: str) -> str:
        """Give the body at an address that must answer 200."""
        with Index(self.database).snapshot(LATE) as snapshot:
            article = snapshot.article_at(address)
        assert article is not None, address
        return article.html

    def column(self, name: str) -> dict[str, str]:
        """Give one column of every live document by its path."""
        with self.database.reading() as connection:
            rows = connection.execute(select(document)).all()
        return {row.path: getattr(row, name) for row in rows}

    def problems(self, now: int = LATE) -> list[str]:
        """Give path and reason of every problem."""
        with Index(self.database).snapshot(now) as snapshot:
            return [f"{problem.path} {problem.reason}" for problem in snapshot.status().problems]


@contextmanager
def synced_blog(folder: Path) -> Iterator[Blog]:
    """Open an empty repository and an empty index (SQLite) in `folder`."""
    database = open_database(f"sqlite:///{folder / 'index.sqlite'}")
    schema.upgrade(database)
    with Builder(folder / "repository") as builder:
        yield Blog(folder, builder, database)
    database.dispose()


def _drop(blobs: Iterable[tuple[str, bytes]]) -> None:
    for _ in blobs:
        pass
