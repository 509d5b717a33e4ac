"""Pages of blogs of different sizes, made anew at each request: which of them grow with the blog?"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.blogs import SHORT_WORDS, TAGS, Blog, make_blog
from benchmarks.results import Row
from benchmarks.statements import Statement, asked_again, plan_of, watched_statements
from benchmarks.workbench import Workbench
from gitblog.index import schema
from gitblog.index.database import Database, open_database
from gitblog.index.queries import Index
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, run
from gitblog.sync.rendering import Renderer
from gitblog.web import Serving, Surroundings, register

_STATUS_TOKEN = "a token to measure with"  # noqa: S105 - the application is asked in this process alone
_POSTS_PER_PAGE = 10


def page_size(bench: Workbench) -> tuple[list[Row], list[str]]:
    """How long does each kind of page take when nothing is cached, and does it take longer on a larger blog?

    In this process, without gunicorn. The peer is the same page of the smallest blog: growth is the ratio to it.
    With --explain the slowest statement of each page of the largest blog is shown with the database's plan for it.
    """
    rows, notes = [], []
    sizes = bench.options.posts or bench.choose(quick=(40, 80), default=(100, 1_000), full=(100, 1_000, 20_000))
    for kind in bench.options.databases:
        smallest: dict[str, float] = {}
        for posts in sizes:
            bench.say(f"pages of {posts} posts on {kind}")
            blog = make_blog(bench.new_folder() / "blog.git", posts, SHORT_WORDS)
            database = indexed(blog, bench.new_database(kind), bench.new_folder())
            client = _uncached(database)
            for page, address in _pages(blog).items():
                figures = _measure(client, database, address, bench.options.runs or 5)
                figures["growth"] = figures["ms"] / smallest.setdefault(page, figures["ms"])
                rows.append(Row(f"{kind}, {page}, {posts:,} posts", figures))
                if bench.options.explain and posts == sizes[-1]:
                    notes.append(f"{kind}, {page}: {_slowest(client, database, address)}")
            database.dispose()
    return sorted(rows, key=lambda row: row.case.rpartition(", ")[0]), notes


def indexed(blog: Blog, url: str, data_dir: Path) -> Database:
    """Index a blog in this process; the database knows its own statistics afterwards, as after a minute in use."""
    database = open_database(url)
    schema.upgrade(database)
    with Renderer() as renderer:
        run(Sync(open_repository(Location(str(blog.path), data_dir)), database, renderer))
    if database.is_postgres:
        with database.writing() as connection:
            connection.execute(text("ANALYZE"))
    return database


def _pages(blog: Blog) -> dict[str, str]:
    last = -(-blog.posts // _POSTS_PER_PAGE)
    tagged = f"/tags/tag-{7 % min(TAGS, blog.posts)}/"
    return {
        "home": "/",
        "last page": f"/page/{last}/",
        "post": blog.address(blog.posts // 2),
        "tag": tagged,
        "tags": "/tags/",
        "archive": "/archive/",
        "year": "/2005/",
        "feed": "/feed.xml",
        "sitemap": "/sitemap.xml",
        "404": "/nothing/here/",
        "status": "/-/status",
    }


def _uncached(database: Database) -> FlaskClient:
    """Give the web part without a publication in memory, for which it keeps no page."""
    app = Flask("gitblog", static_folder=None)
    around = Surroundings(era_of=lambda now: None, syncing=lambda: True)
    register(app, Index(database), Serving("bench", status_token=_STATUS_TOKEN), around)
    return app.test_client()


def _measure(client: FlaskClient, database: Database, address: str, runs: int) -> dict[str, float]:
    _ask(client, address)
    seconds = [_ask(client, address) for _ in range(runs)]
    asked = _statements(client, database, address)
    return {
        "ms": 1000 * median(seconds),
        "sql_ms": 1000 * sum(each.seconds for each in asked),
        "statements": len(asked),
        "slowest_ms": 1000 * max(each.seconds for each in asked),
    }


def _slowest(client: FlaskClient, database: Database, address: str) -> str:
    slowest = max(_statements(client, database, address), key=lambda each: each.seconds)
    return f"{1000 * slowest.seconds:.1f} ms\n{plan_of(database, slowest)}"


def _statements(client: FlaskClient, database: Database, address: str) -> list[Statement]:
    with watched_statements(database) as statements:
        _ask(client, address)
    return asked_again(database, statements)


def _ask(client: FlaskClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address, headers={"Authorization": f"Bearer {_STATUS_TOKEN}", "Accept": "application/json"})
    seconds = time.perf_counter() - began
    expected = 404 if address == "/nothing/here/" else 200
    if answer.status_code != expected:
        raise RuntimeError(f"{address} answered {answer.status_code}, not {expected}: {answer.text[:500]}")
    return seconds
