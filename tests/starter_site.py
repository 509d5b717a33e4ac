"""The starter blog, served on a port of this machine for browsers and checkers, and the kinds of pages on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import make_server

from gitblog.web import Serving
from tests.served_site import VERSION, ServedSite, Tree, served_site

CONTENT = Path(__file__).resolve().parents[1] / "content"
# 2026-11-24: after every post of the starter but the letter to 2030.
NOW = 1_795_478_400

PAGES = {
    "home": "/",
    "home, page 2": "/page/2/",
    "post": "/2026/11/tables-footnotes-and-more/",
    "post with code": "/2026/10/code-blocks/",
    "post with pictures": "/2026/10/pictures-beside-the-post/",
    "post of a series": "/2026/11/when-a-post-breaks/",
    "post by Python-Markdown": "/2026/11/the-other-markdown/",
    "page": "/about/",
    "tags": "/tags/",
    "tag": "/tags/writing/",
    "categories": "/categories/",
    "category": "/categories/guide/",
    "all series": "/series/",
    "series": "/series/nothing-gets-lost/",
    "authors": "/authors/",
    "author": "/authors/the-gitblog-contributors/",
    "archive": "/archive/",
    "year": "/2026/",
    "month": "/2026/10/",
    "search": "/search/?q=markdown",
    "search, nothing asked": "/search/",
    "not found": "/2026/11/welcom/",
    "gone": "/2026/11/short-lived/",
    "status": "/-/status",
    "error": "/-/nothing",
}
"""One address of each kind of page."""

STATUSES = {"not found": 404, "gone": 410, "error": 404}
"""How the kinds answer that do not answer 200."""


def starter_tree() -> dict[str, bytes]:
    """Read the starter as a push would bring it."""
    return {path.relative_to(CONTENT).as_posix(): path.read_bytes() for path in CONTENT.rglob("*") if path.is_file()}


@contextmanager
def starter_site(folder: Path, extra: Tree | None = None) -> Iterator[ServedSite]:
    """Open the starter with a post that is gone again, five posts a page and a public address."""
    with served_site(folder, f"sqlite:///{folder / 'index.sqlite'}") as site:
        site.now = NOW
        tree = starter_tree()
        config = tree["blog.toml"].replace(b"posts_per_page = 10", b"posts_per_page = 5")
        tree["blog.toml"] = b'url = "https://blog.example.org"\n' + config
        gone: Tree = {"posts/short-lived.md": "---\ndate: 2026-11-03\n---\nGone soon, and like no other.\n"}
        site.push({**tree, **gone, **(extra or {})}, at=NOW - 3600)
        site.push(dict.fromkeys(gone), at=NOW - 1800)
        yield site


@contextmanager
def listening(site: ServedSite) -> Iterator[str]:
    """Serve a site on a free port of this machine; gives its address without a path."""
    server = make_server("127.0.0.1", 0, site.app(Serving(VERSION)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
