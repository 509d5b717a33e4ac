"""A push of one edit, without network, web or gunicorn: what the sync itself costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.blogs import SHORT_WORDS, Blog, make_blog
from benchmarks.results import Row
from benchmarks.statements import watched_statements
from benchmarks.workbench import Workbench
from gitblog.index import schema
from gitblog.index.database import open_database
from gitblog.source.command import Answer, Git, make_git
from gitblog.source.locations import Location
from gitblog.source.repository import Repository
from gitblog.sync.pipeline import Sync, run
from gitblog.sync.rendering import Renderer


@dataclass(frozen=True, slots=True)
class _TimedGit(Git):
    """Git that notes the seconds of each of its runs."""

    spent: list[float] = field(default_factory=list)

    def ask(
        self, arguments: Sequence[str], *, what: str, limit_seconds: float | None = None, data: bytes = b""
    ) -> Answer:
        began = time.perf_counter()
        try:
            return Git.ask(self, arguments, what=what, limit_seconds=limit_seconds, data=data)
        finally:
            self.spent.append(time.perf_counter() - began)


def one_edit(bench: Workbench) -> tuple[list[Row], list[str]]:
    """How long does the sync of a push that edits one post take, and does it take longer on a larger blog?

    In this process, from a repository on this disk. The peer is the first index of the same blog.
    """
    rows = []
    pushes = bench.options.pushes or bench.choose(quick=3, default=15, full=15)
    for posts in bench.options.posts or bench.choose(quick=(40,), default=(1_000, 5_000), full=(1_000, 10_000)):
        blog = make_blog(bench.new_folder() / "blog.git", posts, SHORT_WORDS)
        for kind in bench.options.databases:
            bench.say(f"{pushes} edits of {posts} posts on {kind}")
            figures = _measure(blog, bench.new_database(kind), bench.new_folder(), pushes)
            rows.append(Row(f"{kind}, {posts:,} posts", figures))
    return rows, ["git_ms and sql_ms are parts of push_ms; ratio: push_ms by first_index_ms."]


def _measure(blog: Blog, url: str, data_dir: Path, pushes: int) -> dict[str, float]:
    database = open_database(url)
    schema.upgrade(database)
    plain = make_git(Location(str(blog.path), data_dir))
    git = _TimedGit(plain.location, plain.lock_descriptor, plain.secrets, plain.environment)
    with Renderer() as renderer:
        sync = Sync(Repository(git), database, renderer)
        first, *_ = _timed(sync, git)
        found = []
        for number in range(pushes):
            blog.edit(number * 7 % blog.posts)
            found.append(_timed(sync, git))
    database.dispose()
    push, git_seconds, sql_seconds, runs, statements = (median(column) for column in zip(*found, strict=True))
    return {
        "push_ms": 1000 * push,
        "git_ms": 1000 * git_seconds,
        "sql_ms": 1000 * sql_seconds,
        "git_runs": runs,
        "statements": statements,
        "first_index_ms": 1000 * first,
        "ratio": push / first,
    }


def _timed(sync: Sync, git: _TimedGit) -> tuple[float, float, float, int, int]:
    """Sync once; give the seconds of all, of git, of the database, and the number of runs and of statements."""
    git.spent.clear()
    with watched_statements(sync.database) as statements:
        began = time.perf_counter()
        report = run(sync)
        seconds = time.perf_counter() - began
    if report.outcome != "published":
        raise RuntimeError(f"the sync published nothing: {report}")
    return seconds, sum(git.spent), statements.seconds, len(git.spent), len(statements.seen)
