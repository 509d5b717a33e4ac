"""The composition root: the one place that knows all parts. Settings are unpacked here and passed as values."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import flask

from gitblog import logs
from gitblog.config import Settings, from_env
from gitblog.config.secrets import secrets_of
from gitblog.errors import GitblogError, IndexUnavailableError
from gitblog.index.database import Database, open_database, sqlite_url
from gitblog.index.hints import give_hint, somebody_listens
from gitblog.index.queries import Index
from gitblog.index.watching import PublicationWatch
from gitblog.sync.lock import is_locked, is_locked_for_another_version
from gitblog.web import Serving, Surroundings, register
from gitblog.web.eras import Eras
from gitblog.web.status import held_at
from gitblog.web.webhooks import Shown, blueprint

logger = logging.getLogger(__name__)

VERSION = "0.1.0"
# The date of the demonstration's one commit: on every machine it is the same commit.
_DEMONSTRATED_AT = 1_767_225_600


def settings_from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; a wrong one raises `SettingsError` with one line."""
    return from_env(os.environ if environ is None else environ)


def open_index(settings: Settings) -> Database:
    """Open the index's database (SQLite under DATA_DIR where none is set); nothing is connected yet."""
    return open_database(settings.database_url or sqlite_url(settings.data_dir.absolute()))


def content_repository(settings: Settings) -> tuple[str, str]:
    """Give the content repository and its folder: as set, else this checkout's own `content/`, else a demonstration."""
    if settings.content_repo:
        return settings.content_repo, settings.content_dir or ""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / ".git").exists() and (checkout / "content").is_dir():
        return str(checkout), settings.content_dir if settings.content_dir is not None else "content"
    return str(_demonstration(settings)), settings.content_dir or ""


def written_content(settings: Settings) -> tuple[str, str]:
    """Give what a writer without a path means: what is set, this checkout's own content, else the present folder."""
    repository, folder = content_repository(settings)
    return (".", "") if repository == str(_demonstration(settings)) else (repository, folder)


def make_demonstration(settings: Settings) -> None:
    """Make the repository of the demonstration where that is what is shown, and it is not there yet.

    Only the holder of DATA_DIR's lock may call it.
    """
    from gitblog.source.starter import create_repository

    folder = _demonstration(settings)
    if content_repository(settings)[0] == str(folder) and not folder.exists():
        # Whole or not at all: a repository without its commit would never be mended.
        unfinished = folder.with_name("demonstration.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        create_repository(unfinished, starter_folder(), at=_DEMONSTRATED_AT)
        unfinished.rename(folder)


def _demonstration(settings: Settings) -> Path:
    return settings.data_dir.absolute() / "demonstration"


def starter_folder() -> Path:
    """Give the starter blog: inside an installed package, else this checkout's `content/`."""
    package = Path(__file__).resolve().parent
    packaged = package / "starter"
    return packaged if packaged.is_dir() else package.parent / "content"


def create_app(settings: Settings | None = None) -> flask.Flask:
    """Make the WSGI application; reads the environment when called without settings. Starts nothing."""
    settings = settings or settings_from_environment()
    configure_logging(settings)
    tell_what_is_held(settings)
    database = open_index(settings)
    index = Index(database)
    app = flask.Flask("gitblog", static_folder=None)
    repository, _ = content_repository(settings)
    serving = Serving(
        version=VERSION,
        site_url=settings.site_url or "",
        theme_dir=settings.theme_dir,
        trusted_proxies=settings.trusted_proxies,
        status_token=settings.status_token or "",
        content_revision=settings.content_revision or "",
        redis_url=settings.redis_url or "",
    )
    eras = Eras(index, PublicationWatch(database))
    around = Surroundings(eras.era_of, lambda: is_syncing(settings, database), learn=eras.look)
    app.register_blueprint(
        blueprint(
            settings.webhook_secret,
            Shown(
                repository,
                lambda: settings.content_branch or _live_branch(index),
                settings.content_revision or "",
            ),
            lambda revision, delivery: give_hint(database, settings.data_dir, revision, delivery),
            time.monotonic,
        )
    )
    register(app, index, serving, around)
    return app


def is_syncing(settings: Settings, database: Database) -> bool:
    """Tell whether a process of this machine syncs or, on PostgreSQL, one of any machine."""
    if is_locked(settings.data_dir) and not is_locked_for_another_version(settings.data_dir):
        return True
    try:
        return somebody_listens(database)
    except IndexUnavailableError:
        return False


def configure_logging(settings: Settings) -> None:
    """Log to stderr as LOG_FORMAT says, never a secret."""
    logs.configure(settings.log_format, settings.log_level, secrets_of(settings))


def tell_what_is_held(settings: Settings) -> None:
    """Log that CONTENT_REVISION is set: whoever pushes in vain looks there."""
    if settings.content_revision:
        logger.warning("site is held", extra={"problem": held_at(settings.content_revision)})


def _live_branch(index: Index) -> str:
    try:
        with index.snapshot(0) as snapshot:
            return snapshot.status(detailed=False).branch
    except GitblogError:
        return ""
