"""Put the web part together: `register` is all that the composition root needs to call."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Flask, Response, abort, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from gitblog.index.queries import Index
from gitblog.web import headers
from gitblog.web.answers import tag_of
from gitblog.web.assets import policy_of, type_of
from gitblog.web.caching import EraOf, PageCache
from gitblog.web.compression import CODINGS, accepted, coded_tag, compress, worth_compressing
from gitblog.web.counting import Counts, counted
from gitblog.web.errors import register_errors
from gitblog.web.health import Health, health_of
from gitblog.web.hosts import canonical_host
from gitblog.web.metrics import MetricsPage, register_metrics
from gitblog.web.pages import Pages
from gitblog.web.request_ids import identified
from gitblog.web.revisions import LiveRevision
from gitblog.web.status import StatusPages, register_status
from gitblog.web.stores import open_store
from gitblog.web.theme import Theme, load_theme

COUNTS: Final = "gitblog.counts"
"""The name under which the application's extensions hold what it counts, for whoever shares it with others."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The operator's settings that shape what is served, and the program's `version`.

    `cache_bytes` bounds the page cache of this process; with a `redis_url` the cache is there and Redis bounds it.
    """

    version: str
    site_url: str = ""
    theme_dir: Path | None = None
    trusted_proxies: int = 0
    status_token: str = ""
    cache_bytes: int = 64 * 1024 * 1024
    redis_url: str = field(default="", repr=False)
    content_revision: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process around the web part knows.

    `era_of` is asked at every request, so it answers from memory. `syncing` says whether any process brings
    new revisions. `learn` is called where an answer was made from a publication that `era_of` does not know yet.
    """

    era_of: EraOf
    syncing: Callable[[], bool]
    clock: Callable[[], float] = time.time
    learn: Callable[[int], object] = lambda now: None


# The probe of the process, and what forges ask: neither waits for the database.
_APART = ("/-/healthz", "/-/webhooks/")


class _Anything(BaseConverter):
    """The rest of the path whatever it is: "" and "//x" too, which Werkzeug's own `path` leaves out."""

    regex = ".*?"
    weight = 200
    part_isolating = False


def register(app: Flask, index: Index, serving: Serving, around: Surroundings) -> None:
    """Give the application every address outside the webhooks, its error pages, headers and page cache.

    The application must be made without a static folder: `/static/` is the author's.
    """
    theme = load_theme(serving.theme_dir)
    store = open_store(app, serving.redis_url, serving.cache_bytes)
    cache = PageCache(store, _shape(serving, theme), around.era_of, around.clock, around.learn)
    # Werkzeug would redirect "//x" by itself, to an absolute address made of the request's host.
    app.url_map.merge_slashes = False
    pages = Pages(index, cache, theme, serving.site_url)
    app.url_map.converters["anything"] = _Anything
    app.add_url_rule("/<anything:address>", "page", pages.read)
    app.add_url_rule("/-/opensearch.xml", "search description", pages.read_search_description)
    app.add_url_rule("/-/theme/<digest>/<path:name>", "theme", _theme_view(theme))
    told = (serving.status_token, serving.site_url, around.clock, around.syncing, serving.content_revision)
    counts = Counts()
    app.extensions[COUNTS] = counts

    def health() -> tuple[Health, ...]:
        return health_of(index, serving.redis_url, syncing=around.syncing())

    register_status(app, StatusPages(index, theme, *told, health))
    register_metrics(app, MetricsPage(index, counts, serving.status_token, serving.version, around.clock, health))
    register_errors(app, theme)
    live = LiveRevision(index, around.era_of, around.clock)
    app.after_request(_completing(live))
    _wrap(app, cache, serving, live)
    app.wsgi_app = identified(counted(app.wsgi_app, counts))  # type: ignore[method-assign, assignment]


def _wrap(app: Flask, cache: PageCache, serving: Serving, live: LiveRevision) -> None:
    application = cache.wrap(app.wsgi_app)
    if serving.site_url:
        scheme_is_told = serving.trusted_proxies > 0
        application = canonical_host(application, serving.site_url, live, compare_scheme=scheme_is_told)
    if serving.trusted_proxies:
        count = serving.trusted_proxies
        application = ProxyFix(application, x_for=count, x_proto=count, x_host=count)
    # Flask's documented way to add a layer; typed as a method, which cannot be assigned.
    app.wsgi_app = application  # type: ignore[method-assign, assignment]


def _shape(serving: Serving, theme: Theme) -> str:
    """Hash what shapes bodies beside the publication and the clock."""
    parts = (serving.version, theme.hash, serving.site_url)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _theme_view(theme: Theme) -> Callable[[str, str], Response]:
    bodies = {(name, ""): body for name, body in theme.files.items()}
    varying = {name for name, body in theme.files.items() if worth_compressing(type_of(name), len(body))}
    for name in varying:
        for coding in CODINGS:
            bodies[name, coding] = compress(theme.files[name], coding, once_for_all=True)

    def read_theme_file(digest: str, name: str) -> Response:
        """Answer 200 with a file that never changes at this address, 304, or 404.

        A page of the version before still names its own hash: it gets today's file, but not for ever.
        """
        if name not in theme.files:
            abort(404)
        media_type = type_of(name)
        coding = accepted(request.headers.get("Accept-Encoding", "")) if name in varying else ""
        response = Response(bodies[name, coding], content_type=media_type)
        response.headers["ETag"] = coded_tag(tag_of(theme.files[name]), coding)
        if name in varying:
            response.headers.set(*headers.VARY)
        if coding:
            response.headers["Content-Encoding"] = coding
        response.headers["Cache-Control"] = headers.IMMUTABLE if digest == theme.hash else headers.REVALIDATE
        response.headers["Content-Security-Policy"] = policy_of(media_type)
        response.make_conditional(request)
        return response

    return read_theme_file


def _completing(live: LiveRevision) -> Callable[[Response], Response]:
    def complete(response: Response) -> Response:
        """Add what every answer carries and this one does not say yet; where no index answered, no revision did."""
        for name, value in headers.DEFAULTS:
            response.headers.setdefault(name, value)
        unnamed = headers.REVISION not in response.headers and response.status_code != HTTPStatus.SERVICE_UNAVAILABLE
        if unnamed and not request.path.startswith(_APART) and (revision := live()):
            response.headers[headers.REVISION] = revision
        return response

    return complete
