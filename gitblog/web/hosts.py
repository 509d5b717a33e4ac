"""The public address of the site: where absolute links point, and where other hosts are sent.

The request's host decides nothing but whether to redirect; no body depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from gitblog.web import headers
from gitblog.web.answers import tag_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOWHERE = "http://localhost"
"""What feeds and the sitemap use while no public address is set."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def origin_of(url: str) -> str:
    """Give scheme and host of an address ("https://example.org"); "" of one that has none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""


def canonical_host(
    application: WSGIApplication, site_url: str, live: Callable[[], str], *, compare_scheme: bool
) -> WSGIApplication:
    """Send GET and HEAD for any other host to `site_url` with 301, path and query kept, never under `/-/`.

    Webhooks, probes and metrics come by whatever name the network knows. The scheme is compared only where a
    trusted proxy tells it: behind any other one every request looks like http, and would turn in a circle.
    `live()` gives the revision that is live, "" for none.
    """
    origin = origin_of(site_url)
    scheme, host = origin.split("://")

    def redirecting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"} or path.startswith("/-/"):
            return application(environ, start_response)
        same_scheme = not compare_scheme or environ["wsgi.url_scheme"] == scheme
        if same_scheme and _bare(environ.get("HTTP_HOST", ""), scheme) == _bare(host, scheme):
            return application(environ, start_response)
        location = origin + _path_and_query(path, environ.get("QUERY_STRING", ""))
        own = {"Location": location, "ETag": tag_of(b""), "Cache-Control": headers.REVALIDATE, "Content-Length": "0"}
        if revision := live():
            own[headers.REVISION] = revision
        start_response("301 MOVED PERMANENTLY", list((dict(headers.DEFAULTS) | own).items()))
        return []

    return redirecting


def _bare(host: str, scheme: str) -> str:
    return host.lower().removesuffix(_DEFAULT_PORTS[scheme])


def _path_and_query(path: str, query: str) -> str:
    # WSGI hands the path over decoded to latin-1 characters, one a byte (PEP 3333).
    quoted = quote(path.encode("latin-1"), safe="/:@!$&()*+,;=~'")
    return f"{quoted}?{quote(query, safe='/:@!$&()*+,;=~%?')}" if query else quoted
