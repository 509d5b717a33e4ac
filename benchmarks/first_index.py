"""A whole service that starts on nothing: its time and its memory until the blog is live."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.blogs import LONG_WORDS, Blog, make_blog, open_blog
from benchmarks.processes import Memory, wait_for_rest, watched_memory
from benchmarks.results import Row
from benchmarks.service import content_server, running, service_environment
from benchmarks.workbench import Workbench
from gitblog.model import Addressing, SourceFile
from gitblog.parse.documents import parse_document
from gitblog.parse.paths import is_document
from gitblog.render.markup import ENGINES
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.heads import MAX_DOCUMENT_BYTES

_MIB = 1024 * 1024


def first_index(bench: Workbench) -> tuple[list[Row], list[str]]:
    """How long does a service on an empty DATA_DIR take until the blog is live, and how much memory does it hold?

    Memory is the sum over all its processes (gunicorn, web, worker, render, git), not PostgreSQL's. The peer is the
    Markdown engine alone, in one process, over the bodies of all documents.
    """
    rows = []
    for name, blog in _blogs(bench):
        engine = _engine_seconds(blog, bench.new_folder())
        for kind in bench.options.databases:
            bench.say(f"first index of {name} on {kind}")
            seconds, memory = _start(bench, blog, kind)
            figures = {"seconds": seconds, "engine_seconds": engine, "ratio": seconds / engine}
            rows.append(Row(f"{kind}, {name}", figures | _mebibytes(memory)))
    return rows, ["Target: peak_mib at most 512. The other figures of memory are each part's at that moment."]


def _blogs(bench: Workbench) -> list[tuple[str, Blog]]:
    source = bench.options.repository
    if source is not None:
        return [(source.parent.name, open_blog(bench.new_folder() / "served" / "blog.git", source))]
    sizes = bench.options.posts or bench.choose(quick=(50,), default=(1_000,), full=(1_000, 10_000))
    folder = bench.new_folder() / "served"
    return [(f"{posts:,} posts", make_blog(folder / f"blog-{posts}.git", posts, LONG_WORDS)) for posts in sizes]


def _start(bench: Workbench, blog: Blog, kind: str) -> tuple[float, Memory]:
    with content_server(blog.path) as content:
        environment = service_environment(content, bench.new_database(kind), bench.new_folder() / "data")
        began = time.monotonic()
        with running(environment) as service, watched_memory(service.process) as memory:
            service.wait_for("/", blog.tip)
            seconds = time.monotonic() - began
            # What comes after the publish (git packs the clone) is part of the service too.
            wait_for_rest(service.process)
    return seconds, memory


def _mebibytes(memory: Memory) -> dict[str, float]:
    parts = {f"{part}_mib": held / _MIB for part, held in sorted(memory.at_peak.items())}
    return {"peak_mib": memory.peak / _MIB, "processes": memory.processes, **parts}


def _engine_seconds(blog: Blog, scratch: Path) -> float:
    """Turn every body into HTML with the engine alone, and give the seconds."""
    bodies = _bodies(blog, scratch)
    to_html = ENGINES["gfm"].to_html
    began = time.monotonic()
    for body in bodies:
        to_html(body)
    return time.monotonic() - began


def _bodies(blog: Blog, scratch: Path) -> list[str]:
    source = open_repository(Location(str(blog.path), scratch))
    paths = {entry.blob_id: entry.path for entry in source.tree(blog.tip) if is_document(entry.path)}
    found = []
    for blob, data in source.read(paths, MAX_DOCUMENT_BYTES):
        parsed = parse_document(SourceFile(paths[blob], blob, data or b""), Addressing())
        if parsed is not None and parsed.document is not None:
            found.append(parsed.document.body)
    return found
