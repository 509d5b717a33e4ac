"""A whole blog in one process: a repository that grows, its index, the web part over it, and a clock to set.

Git, the pipeline, the database and the WSGI application are the real ones; only the time is the test's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import Client, TestResponse

from gitblog.index import schema
from gitblog.index.database import open_database
from gitblog.index.queries import Index
from gitblog.index.views import SourceListing
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, run
from gitblog.sync.rendering import Renderer
from gitblog.web import Serving, Surroundings, register
from tests.history_builder import Builder

Tree = dict[str, str | bytes | None]
"""Paths and what a push makes of them; None deletes."""

# 2026-01-02T03:04:05Z: the time at which a new site stands.
START = 1_767_323_045
VERSION = "0"


class ServedSite:
    """A content repository and all that gitblog makes of it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.now = START
        self.tree: dict[str, bytes] = {}
        self.repository = Builder(folder / "repository")
        self.database = open_database(url)
        schema.upgrade(self.database)
        self.index = Index(self.database)
        self._folder = folder
        self._renderer = Renderer()
        self._tip: tuple[str, ...] = ()
        self._app = self.app()
        self.client = Client(self._app)

    def app(self, serving: Serving | None = None, **extra: Callable[[], Any]) -> Flask:
        """Make another application over the same index; `extra` adds a view at an address."""
        app = Flask("gitblog", static_folder=None)
        for name, view in extra.items():
            app.add_url_rule(f"/{name}", name, view)
        around = Surroundings(self._era, lambda: True, lambda: self.now)
        register(app, self.index, serving or Serving(VERSION), around)
        return app

    def push(self, changes: Mapping[str, str | bytes | None], *, at: int | None = None) -> str:
        """Commit and sync; None deletes a path. Gives the revision that is live then."""
        for path, data in changes.items():
            if data is None:
                del self.tree[path]
            else:
                self.tree[path] = data.encode() if isinstance(data, str) else data
        tip = self.repository.commit(self.tree, self._tip, self.now if at is None else at, branch="main")
        self._tip = (tip,)
        source = open_repository(Location(str(self.repository.path), self._folder / "data"))
        report = run(Sync(source, self.database, self._renderer), clock=lambda: self.now)
        assert (report.outcome, report.to_revision) == ("published", tip)
        return tip

    def get(self, address: str, **extra: Any) -> TestResponse:
        """Ask for an address."""
        return self.client.get(address, **extra)

    def status_of(self, address: str) -> int:
        """Give the status with which an address answers."""
        return self.get(address).status_code

    def text(self, address: str) -> str:
        """Give the body of an address that must answer 200."""
        response = self.get(address)
        assert response.status_code == 200, (address, response.status)
        return response.get_data(as_text=True)

    def problems(self) -> list[str]:
        """Give every problem of the index now, as reports show them."""
        with self.index.snapshot(int(self.now)) as snapshot:
            return [str(problem) for problem in snapshot.status().problems]

    def listed(self) -> dict[str, SourceListing]:
        """Give what `gitblog list` says of each source file."""
        with self.index.snapshot(int(self.now)) as snapshot:
            return {each.source_path: each for each in snapshot.source_files()}

    def _era(self, now: int) -> tuple[str, int] | None:
        era = self.index.era(now)
        return (era.publication, era.start) if era else None

    def close(self) -> None:
        """Let go of the database and of the processes that rendered."""
        self._renderer.__exit__(None, None, None)
        self.database.dispose()


@contextmanager
def served_site(folder: Path, url: str) -> Iterator[ServedSite]:
    """Open a site without content in `folder`, its index at `url`."""
    site = ServedSite(folder, url)
    try:
        yield site
    finally:
        site.close()


def post(*lines: str, body: str = "Some words.", title: str = "A title", date: str = "2026-01-01") -> str:
    """Write a post; `lines` are more lines of front matter."""
    head = [f"title: {title}", *([f"date: {date}"] if date else []), *lines]
    return "---\n" + "\n".join(head) + f"\n---\n{body}\n"
