"""The composition root: the one place that knows all parts. Settings are unpacked here and passed as values."""

from __future__ import annotations

import logging
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path

import flask

from gitblog.config import Settings, from_env
from gitblog.errors import GitblogError, IndexUnavailableError, SettingsError
from gitblog.index.database import Database, open_database, sqlite_url
from gitblog.index.hints import give_hint
from gitblog.index.queries import Index
from gitblog.sync.worker import take_lock
from gitblog.web import Serving, Surroundings, register
from gitblog.web.webhooks import blueprint

VERSION = "0.1.0"
# How long a process may go on answering from the publication that it knows.
_LOOK_SECONDS = 0.05


def settings_from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; a wrong one raises `SettingsError` with one line."""
    return from_env(os.environ if environ is None else environ)


def open_index(settings: Settings) -> Database:
    """Open the index's database (SQLite under DATA_DIR where none is set); nothing is connected yet."""
    return open_database(settings.database_url or sqlite_url(settings.data_dir.absolute()))


def content_repository(settings: Settings) -> tuple[str, str]:
    """Give the content repository and its folder: as set, else this checkout's own `content/`."""
    if settings.content_repo:
        return settings.content_repo, settings.content_dir or ""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / ".git").exists() and (checkout / "content").is_dir():
        return str(checkout), settings.content_dir if settings.content_dir is not None else "content"
    raise SettingsError(
        "CONTENT_REPO is not set, and gitblog does not run from a checkout with a content folder; "
        "set it to the address or path of the repository with your posts",
        reason="settings",
    )


def starter_folder() -> Path:
    """Give the starter blog: inside an installed package, else this checkout's `content/`."""
    package = Path(__file__).resolve().parent
    packaged = package / "starter"
    return packaged if packaged.is_dir() else package.parent / "content"


class Eras:
    """What every request asks first: the publication, and the latest instant at which something appeared.

    Looks at the database at most every 50 ms; where that fails, the last known answer stays.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._looked = -_LOOK_SECONDS
        self._publication = ""
        self._instants: tuple[int, ...] = ()

    def era_of(self, now: int) -> tuple[str, int] | None:
        """Give the publication and the era of `now`; None while nothing is known."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._look()
        if not self._publication:
            return None
        passed = bisect_right(self._instants, now)
        return self._publication, self._instants[passed - 1] if passed else 0

    def _look(self) -> None:
        try:
            if self._index.publication() != self._publication:
                self._publication, self._instants = self._index.instants()
        except IndexUnavailableError:
            return
        self._looked = time.monotonic()


def create_app(settings: Settings | None = None) -> flask.Flask:
    """Make the WSGI application; reads the environment when called without settings. Starts nothing."""
    settings = settings or settings_from_environment()
    configure_logging(settings)
    database = open_index(settings)
    index = Index(database)
    app = flask.Flask("gitblog", static_folder=None)
    repository, _ = content_repository(settings)
    serving = Serving(
        version=VERSION,
        site_url=settings.site_url or "",
        trusted_proxies=settings.trusted_proxies,
        status_token=settings.status_token or "",
    )
    around = Surroundings(era_of=Eras(index).era_of, syncing=lambda: is_syncing(settings), problems=lambda: ())
    app.register_blueprint(
        blueprint(
            settings.webhook_secret,
            repository,
            lambda: settings.content_branch or _live_branch(index),
            lambda revision: give_hint(database, settings.data_dir, revision),
            time.monotonic,
        )
    )
    register(app, index, serving, around)
    return app


def is_syncing(settings: Settings) -> bool:
    """Tell whether a process of this machine holds the lock of DATA_DIR."""
    descriptor = take_lock(settings.data_dir)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def configure_logging(settings: Settings) -> None:
    """Log to stderr: key=value text, or one JSON object a line."""
    from gitblog.logs import JsonFormatter, TextFormatter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logger = logging.getLogger("gitblog")
    logger.handlers[:] = [handler]
    logger.setLevel(settings.log_level.upper())
    logger.propagate = False


def _live_branch(index: Index) -> str:
    try:
        with index.snapshot(0) as snapshot:
            return snapshot.status().branch
    except GitblogError:
        return ""
