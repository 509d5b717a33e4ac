"""From a push's delivery to the page that shows it, from outside."""

from __future__ import annotations

import time
from statistics import median

from benchmarks.blogs import LONG_WORDS, Blog, make_blog
from benchmarks.results import Row, percentile
from benchmarks.service import Service, content_server, run_command, running, service_environment
from benchmarks.workbench import Workbench

# People push seconds apart: the worker has done its tidying when the next delivery comes.
_PAUSE_SECONDS = 0.3


def push_to_page(bench: Workbench) -> tuple[list[Row], list[str]]:
    """How long from the start of a signed delivery until the page answers with the push's revision?

    The repository is fetched over HTTP, gunicorn has two workers, and each push edits one post. The peer is
    `gitblog rebuild` on the same repository: what a push would cost if everything were made again.
    """
    rows = []
    pushes = bench.options.pushes or bench.choose(quick=3, default=50, full=50)
    for posts in bench.options.posts or bench.choose(quick=(30,), default=(100, 1_000), full=(100, 1_000, 10_000)):
        blog = make_blog(bench.new_folder() / "served" / "blog.git", posts, LONG_WORDS)
        for kind in bench.options.databases:
            bench.say(f"{pushes} pushes to {posts} posts on {kind}")
            rows.append(Row(f"{kind}, {posts:,} posts", _measure(bench, blog, kind, pushes)))
    return rows, ["Target: p50 at most 1,000 ms, p95 at most 2,000 ms. ratio: a push's p50 by a rebuild."]


def _measure(bench: Workbench, blog: Blog, kind: str, pushes: int) -> dict[str, float]:
    with content_server(blog.path) as content:
        environment = service_environment(content, bench.new_database(kind), bench.new_folder() / "data")
        with running(environment) as service:
            service.wait_for("/", blog.tip)
            waits = [_push(service, blog, number * 7 % blog.posts) for number in range(pushes)]
            syncs = service.sync_seconds()[1:]
            rebuild = run_command(environment, "rebuild")
    return {
        "p50_ms": 1000 * median(waits),
        "p95_ms": 1000 * percentile(waits, 0.95),
        "worst_ms": 1000 * max(waits),
        "sync_p50_ms": 1000 * median(syncs) if syncs else 0.0,
        "rebuild_ms": 1000 * rebuild,
        "ratio": median(waits) / rebuild,
    }


def _push(service: Service, blog: Blog, number: int) -> float:
    time.sleep(_PAUSE_SECONDS)
    revision = blog.edit(number)
    began = time.monotonic()
    service.deliver(revision)
    service.wait_for(blog.address(number), revision)
    return time.monotonic() - began
