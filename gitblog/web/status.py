"""Probes and status: does the process live, is there something to serve, and what is wrong.

What is live may be seen by anybody. File names, lines and failures are the author's: they need STATUS_TOKEN.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from flask import Flask, Response, jsonify, request

from gitblog.errors import IndexUnavailableError
from gitblog.index.queries import Index
from gitblog.index.views import Status
from gitblog.model import SyncReport
from gitblog.web import headers
from gitblog.web.answers import HTML
from gitblog.web.health import Health, looked_at
from gitblog.web.hosts import NOWHERE
from gitblog.web.theme import Theme, iso

_PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class StatusPages:
    """The views of probes and status; `token` is "" where the details stay closed."""

    index: Index
    theme: Theme
    token: str
    site_url: str
    clock: Callable[[], float]
    syncing: Callable[[], bool]
    content_revision: str = ""
    health: Callable[[], tuple[Health, ...]] = tuple

    def healthz(self) -> Response:
        """Answer 200: the process lives."""
        return Response("ok\n", content_type=_PLAIN)

    def readyz(self) -> Response:
        """Answer 200 with the revision, or 503 with the reason why nothing can be served."""
        try:
            # The revision alone: a probe comes every few seconds, and what is wrong is a question to every link.
            with self.index.snapshot(int(self.clock())) as snapshot:
                revision = snapshot.revision
        except IndexUnavailableError as error:
            return Response(f"{_for_anybody(error)}\n", 503, [("Retry-After", "1")], content_type=_PLAIN)
        return Response(f"ready {revision}\n", 200, [(headers.REVISION, revision)], content_type=_PLAIN)

    def status(self) -> Response:
        """Answer 200 with what is live, 401 for a wrong token, 503 while nothing is."""
        detailed = token_matches(request.headers.get("Authorization", ""), self.token)
        if "Authorization" in request.headers and self.token and not detailed:
            return refused("wrong token")
        try:
            status, reason = self._status(detailed=detailed), ""
        except IndexUnavailableError as error:
            status, reason = None, error.message if detailed else _for_anybody(error)
        newest = self._newest_report() if detailed else None
        make = self._json if _wants_json() else self._html
        response = make(status, newest, reason, detailed=detailed)
        response.status_code = 200 if status else 503
        response.headers["Vary"] = "Accept, Authorization"
        return response

    def _status(self, *, detailed: bool) -> Status:
        with self.index.snapshot(int(self.clock())) as snapshot:
            return snapshot.status(detailed=detailed)

    def _newest_report(self) -> SyncReport | None:
        try:
            return self.index.newest_report()
        except IndexUnavailableError:
            return None

    def _json(self, status: Status | None, newest: SyncReport | None, reason: str, *, detailed: bool) -> Response:
        told = facts(status, syncing=self.syncing())
        if reason:
            told["reason"] = reason
        if detailed:
            told |= details(status, newest, self.site_url, self.content_revision, self.health())
        return jsonify(told)

    def _html(self, status: Status | None, newest: SyncReport | None, reason: str, *, detailed: bool) -> Response:
        body = self.theme.render(
            "status.html",
            status=status,
            reason=reason,
            detailed=detailed,
            open_to_token=bool(self.token),
            syncing=self.syncing(),
            reports=status.reports if status else (newest,) if newest else (),
            warnings=warnings(status, newest, self.site_url, self.content_revision),
            health=self.health() if detailed else (),
        )
        return Response(body, content_type=HTML)


def facts(status: Status | None, *, syncing: bool) -> dict[str, object]:
    """Give what anybody may know, as JSON holds it; `status` is None while nothing is published."""
    return {
        "revision": status.revision if status else None,
        "publication": status.publication if status else None,
        "publications": status.publications if status else 0,
        "published_at": iso(status.published_at) if status else None,
        "syncing": syncing,
    }


def held_at(content_revision: str) -> str:
    """Say that CONTENT_REVISION holds the site at a commit, and what ends that."""
    return (
        f"CONTENT_REVISION holds the site at {content_revision}: nothing that is pushed shows; "
        "unset it and restart to follow the branch"
    )


def warnings(status: Status | None, newest: SyncReport | None, site_url: str, content_revision: str = "") -> list[str]:
    """Give what whoever runs the site should know and nobody else can mend, a sentence each."""
    found = [held_at(content_revision)] if content_revision else []
    found += newest.warnings if newest else ()
    if status and not site_url and not status.url:
        found.append(
            f"neither SITE_URL nor `url` in blog.toml is set: feeds and the sitemap say {NOWHERE}; "
            "set `url` to the site's public address"
        )
    return found


def details(
    status: Status | None,
    newest: SyncReport | None,
    site_url: str,
    content_revision: str = "",
    health: Iterable[Health] = (),
) -> dict[str, object]:
    """Give what only the owner may know, as JSON holds it; a sync may have failed before anything was published."""
    return {
        "problems": [{**asdict(problem), "text": str(problem)} for problem in status.problems] if status else [],
        "last_sync": _report(newest) if newest else None,
        "warnings": warnings(status, newest, site_url, content_revision),
        "counts": dict(status.counts) if status else {},
        "health": [asdict(each) for each in health],
    }


def refused(message: str) -> Response:
    """Make the answer to whoever has no token, or a wrong one."""
    return Response(f"{message}\n", 401, [("WWW-Authenticate", "Bearer")], content_type=_PLAIN)


def token_matches(header: str, token: str) -> bool:
    """Compare the Authorization header with a bearer's token, in constant time; "" is matched by nothing.

    As hashes of bytes: text that is not ASCII would raise, and the length of the token is nobody's business. WSGI gives
    each byte of a header as the Latin-1 character of that number.
    """
    scheme, _, given = header.partition(" ")
    asked = hashlib.sha256(given.strip().encode("latin-1", "replace")).digest()
    same = hmac.compare_digest(asked, hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest())
    return bool(token) and scheme.lower() == "bearer" and same


def register_status(app: Flask, pages: StatusPages) -> None:
    """Put the probes and the status page at their addresses."""
    app.add_url_rule("/-/healthz", "healthz", pages.healthz)
    app.add_url_rule("/-/readyz", "readyz", pages.readyz)
    app.add_url_rule("/-/status", "status", pages.status)


def _report(report: SyncReport) -> dict[str, object]:
    return {
        "from": report.from_revision or None,
        "to": report.to_revision or None,
        "started_at": iso(report.started_at),
        "looked_at": iso(looked_at(report)),
        "seconds": report.seconds,
        "outcome": report.outcome,
        "message": report.message,
        "reason": report.reason,
        "counts": dict(report.counts),
    }


def _wants_json() -> bool:
    """`?format=` decides; else what the client likes better, and a person's browser where it likes both."""
    wanted = request.args.get("format", "")
    if wanted in {"json", "html"}:
        return wanted == "json"
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json"


def _for_anybody(error: IndexUnavailableError) -> str:
    """Say why there is no index without the database's own words, which name its host and user."""
    if error.reason in {"not-published", "no-tables"}:
        return error.message
    return "the index cannot be asked now; the log says why, and so does this page with STATUS_TOKEN"
