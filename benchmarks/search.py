"""Finding and ranking every post with a word, straight from the index."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from zoneinfo import ZoneInfo

from benchmarks.blogs import SHORT_WORDS, Blog, make_blog
from benchmarks.results import Row, percentile
from benchmarks.workbench import Workbench
from gitblog.index import schema
from gitblog.index.database import Database, open_database
from gitblog.index.queries import Index, Snapshot
from gitblog.parse.search.query import parse_query
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, run
from gitblog.sync.rendering import Renderer

_PAGE = 10
# The words of a made-up blog have one to four syllables: the longer, the rarer.
_QUESTIONS = {
    "rare word": "bacordefin",
    "frequent word": "bacor",
    "word of nearly all": "ba",
    "phrase": '"ba cor"',
    "two words, a tag": "ba cor tag:tag-1",
}


def search(bench: Workbench) -> tuple[list[Row], list[str]]:
    """How long does the index take to find all posts with a word, rank them and give the first ten?

    The peer is the list of the ten newest posts, with the number of all, from the same index.
    """
    rows = []
    for posts in bench.options.posts or bench.choose(quick=(60,), default=(2_000,), full=(2_000, 20_000)):
        blog = make_blog(bench.new_folder() / "blog.git", posts, SHORT_WORDS)
        for kind in bench.options.databases:
            bench.say(f"search among {posts} posts on {kind}")
            database = _indexed(bench, blog, kind)
            for name, question in _QUESTIONS.items():
                figures = _measure(
                    Index(database), question, bench.options.runs or bench.choose(quick=3, default=30, full=50)
                )
                rows.append(Row(f"{kind}, {posts:,} posts, {name}", figures))
            database.dispose()
    return rows, ["All matches are ranked. What a page adds to it (template, snippets) is in no figure."]


def _indexed(bench: Workbench, blog: Blog, kind: str) -> Database:
    database = open_database(bench.new_database(kind))
    schema.upgrade(database)
    with Renderer() as renderer:
        run(Sync(open_repository(Location(str(blog.path), bench.new_folder())), database, renderer))
    return database


def _measure(index: Index, question: str, runs: int) -> dict[str, float]:
    query = parse_query(question, "en", ZoneInfo("UTC"))
    with index.snapshot(int(time.time())) as snapshot:
        matches, _ = snapshot.search(query, offset=0, limit=_PAGE)
        found = _timed(lambda: snapshot.search(query, offset=0, limit=_PAGE), runs)
        peer = median(_timed(lambda: _newest(snapshot), runs))
    return {
        "matches": matches,
        "p50_ms": 1000 * median(found),
        "p95_ms": 1000 * percentile(found, 0.95),
        "newest_ms": 1000 * peer,
        "ratio": median(found) / peer,
    }


def _newest(snapshot: Snapshot) -> object:
    return snapshot.post_count(), snapshot.posts(offset=0, limit=_PAGE)


def _timed(ask: Callable[[], object], runs: int) -> list[float]:
    found = []
    for _ in range(runs):
        began = time.perf_counter()
        ask()
        found.append(time.perf_counter() - began)
    return found
