"""Put the web part together: `register` is all that the composition root needs to call."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, abort, request
from flask_caching import Cache
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from gitblog.index.queries import Index
from gitblog.web import headers
from gitblog.web.answers import tag_of
from gitblog.web.assets import policy_of, type_of
from gitblog.web.caching import BACKEND, EraOf, PageCache
from gitblog.web.errors import register_errors
from gitblog.web.hosts import canonical_host
from gitblog.web.pages import Pages
from gitblog.web.revisions import LiveRevision
from gitblog.web.status import StatusPages, register_status
from gitblog.web.theme import Theme, load_theme


@dataclass(frozen=True, slots=True)
class Serving:
    """The operator's settings that shape what is served, and the program's `version`."""

    version: str
    site_url: str = ""
    theme_dir: Path | None = None
    trusted_proxies: int = 0
    status_token: str = ""
    cache_bytes: int = 64 * 1024 * 1024


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
    store = Cache(app, config={"CACHE_TYPE": BACKEND, "CACHE_OPTIONS": {"max_bytes": serving.cache_bytes}})
    cache = PageCache(store, _shape(serving, theme), around.era_of, around.clock, around.learn)
    # Werkzeug would redirect "//x" by itself, to an absolute address made of the request's host.
    app.url_map.merge_slashes = False
    pages = Pages(index, cache, theme, serving.site_url)
    app.url_map.converters["anything"] = _Anything
    app.add_url_rule("/<anything:address>", "page", pages.read)
    app.add_url_rule("/-/theme/<digest>/<path:name>", "theme", _theme_view(theme))
    register_status(
        app,
        StatusPages(index, theme, serving.status_token, serving.site_url, around.clock, around.syncing),
    )
    register_errors(app, theme)
    live = LiveRevision(index, around.era_of, around.clock)
    app.after_request(_completing(live))
    _wrap(app, cache, serving, live)


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
    def read_theme_file(digest: str, name: str) -> Response:
        """Answer 200 with a file that never changes at this address, 304, or 404.

        A page of the version before still names its own hash: it gets today's file, but not for ever.
        """
        if name not in theme.files:
            abort(404)
        body, media_type = theme.files[name], type_of(name)
        response = Response(body, content_type=media_type)
        response.headers["ETag"] = tag_of(body)
        response.headers["Cache-Control"] = headers.IMMUTABLE if digest == theme.hash else headers.REVALIDATE
        response.headers["Content-Security-Policy"] = policy_of(media_type)
        response.make_conditional(request)
        return response

    return read_theme_file


def _completing(live: LiveRevision) -> Callable[[Response], Response]:
    def complete(response: Response) -> Response:
        """Add what every answer carries and this one does not say yet."""
        for name, value in headers.DEFAULTS:
            response.headers.setdefault(name, value)
        if headers.REVISION not in response.headers and not request.path.startswith(_APART) and (revision := live()):
            response.headers[headers.REVISION] = revision
        return response

    return complete
