"""gunicorn's settings and hooks: `gunicorn -c python:gitblog.server 'gitblog:create_app()'`.

Each web process looks once a second whether anybody syncs, and starts `gitblog worker` if not; losers of the race
leave at once. The worker's lifeline is a pipe made before the fork: it ends when every web process is gone.
What the web processes count lies in memory made before the fork too, a row for each of them.
"""

from __future__ import annotations

import errno
import itertools
import logging
import mmap
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from gunicorn import glogging

from gitblog import logs
from gitblog.config import Settings, from_env
from gitblog.config.secrets import secrets_of
from gitblog.errors import SettingsError

__all__ = [
    "bind", "control_socket_disable", "forwarder_headers", "graceful_timeout", "logconfig_dict", "logger_class",
    "on_starting", "post_worker_init", "pre_fork", "secure_scheme_headers", "threads", "worker_class", "workers",
]  # fmt: skip

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# What a worker ends with that cannot start as it is set, and how long it is not tried again then.
_WRONG_SETTING = 2
_PAUSE_SECONDS = 60.0


def _settings() -> Settings:
    try:
        settings = from_env(os.environ)
    except SettingsError as exc:
        raise _refusal(exc.message) from exc
    if settings.sync_mode == "web" and shutil.which("git") is None:
        raise _refusal("the git program is not in PATH; install git, or set SYNC_MODE=worker if another host syncs")
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        raise _refusal("DATA_DIR is a file; name a folder, or a path at which one can be made")
    if settings.theme_dir:
        _check_theme(settings.theme_dir)
    if settings.database_url and "?" in settings.database_url:
        _check_database(settings.database_url)
    return settings


def _check_database(url: str) -> None:
    """Refuse the options that no connection could be made with."""
    from gitblog.index.database import open_database

    try:
        open_database(url).dispose()
    except SettingsError as exc:
        raise _refusal(exc.message) from exc


def _check_theme(folder: Path) -> None:
    """Refuse a theme that no page could be made with, before the first process starts."""
    from gitblog.web.theme import load_theme

    try:
        load_theme(folder)
    except SettingsError as exc:
        raise _refusal(exc.message) from exc


def _refusal(message: str) -> SystemExit:
    print(f"gitblog: {message}", file=sys.stderr)
    return SystemExit(2)


_current = _settings()
_brackets = ":" in _current.host and not _current.host.startswith("[")
bind = f"[{_current.host}]:{_current.port}" if _brackets else f"{_current.host}:{_current.port}"
workers = _current.web_concurrency
worker_class = "gthread"
threads = 8
graceful_timeout = 20
# Only TRUSTED_PROXIES says whose headers are believed; gunicorn alone would believe whoever comes from 127.0.0.1.
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# It would stand in the home folder, shared by every gunicorn of the user.
control_socket_disable = True


class Log(glogging.Logger):  # type: ignore[misc]
    """gunicorn's log, with access lines made of facts; what stands behind a "?" is nobody's business."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Write the line of an answered request."""
        if not self.access_log.isEnabledFor(logging.INFO):
            return
        path = str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")
        facts = {
            "method": environ.get("REQUEST_METHOD"),
            "path": path,
            "status": resp.status_code,
            "bytes": resp.sent,
            "seconds": round(request_time.total_seconds(), 4),
            "address": environ.get("REMOTE_ADDR"),
            "request_id": environ.get("gitblog.request_id", ""),
            "cache": environ.get("gitblog.cache", ""),
        }
        self.access_log.info("request", extra=facts)


def _line_formatter() -> logging.Formatter:
    """Make the formatter: a function, because gunicorn prints its settings where it is asked to."""
    return logs.formatter(_current.log_format, secrets_of(_current))


_lines = {"level": _current.log_level.upper(), "handlers": ["lines"], "propagate": False}
logger_class = Log
logconfig_dict = {
    "formatters": {"lines": {"()": _line_formatter}},
    "handlers": {"lines": {"class": "gitblog.logs.LineHandler", "formatter": "lines"}},
    "root": {"level": "WARNING", "handlers": ["lines"]},
    "loggers": {"gunicorn.error": _lines, "gunicorn.access": _lines},
}

# A reload has the old processes beside the new ones for a while, and a signal may ask for more of them.
_SPARE_ROWS = 32
_ROW_BYTES = 4096

_lifeline: list[int] = []
_counted: list[mmap.mmap] = []


def on_starting(server: Any) -> None:
    """Make what the web processes share: the memory they count in, and the pipe that tells that all are gone."""
    _refuse_a_taken_port()
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    _lifeline[:] = [reader, writer]
    _counted[:] = [mmap.mmap(-1, (2 * server.cfg.workers + _SPARE_ROWS) * _ROW_BYTES)]


def _refuse_a_taken_port() -> None:
    """Say at once what is in the way: gunicorn would try for five seconds, and not name the setting."""
    if "GUNICORN_FD" in os.environ or "LISTEN_FDS" in os.environ:
        # The socket is handed over, by the program that this one replaces or by systemd.
        return
    host, port = _current.host.strip("[]"), _current.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            taken = f"PORT {port} on {host} is in use by another program; end that, or set PORT to a free one"
            raise _refusal(taken) from exc
        raise _refusal(
            f"HOST {host} with PORT {port} cannot be listened on ({exc.strerror}); "
            "set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0, and PORT above 1023"
        ) from exc


def pre_fork(server: Any, worker: Any) -> None:
    """Give a web process a row that no living one has; where one ended, the next goes on with its numbers."""
    taken = {each.counting_row for each in server.WORKERS.values()}
    worker.counting_row = next(row for row in itertools.count() if row not in taken)


def post_worker_init(worker: Any) -> None:
    """Keep somebody syncing, from a thread that starts after the fork, and count where the others do."""
    logs.log_faults()
    _share_counts(worker)
    if _current.sync_mode == "web":
        threading.Thread(target=_keep_syncing, name="keep-syncing", daemon=True).start()


def _share_counts(worker: Any) -> None:
    counts = getattr(worker.wsgi, "extensions", {}).get("gitblog.counts")
    if counts is None:
        # With --reload, code that cannot be loaded is answered by a page of gunicorn's.
        return
    if (worker.counting_row + 1) * _ROW_BYTES <= len(_counted[0]):
        counts.share(_counted[0], worker.counting_row)
    else:
        logger.warning("a web process counts for itself", extra={"problem": "more were started than there is room for"})


def _keep_syncing() -> None:
    # Imported after the fork: what gunicorn's first process holds would outlive every reload of the code.
    from gitblog.sync.lock import is_locked

    child: subprocess.Popen[bytes] | None = None
    while True:
        try:
            # One that is still starting has no lock yet; another beside it would only cost its memory.
            if (child is None or child.poll() is not None) and not is_locked(_current.data_dir):
                if child is not None and child.returncode == _WRONG_SETTING:
                    # It said so, and would say it every second.
                    time.sleep(_PAUSE_SECONDS)
                child = _start_worker()
        except OSError as exc:
            # No memory, no process, no descriptor left: that passes, and then somebody has to sync again.
            logger.warning("nobody syncs: no process could be started", extra={"problem": exc.strerror})
        time.sleep(_LOOK_SECONDS)


def _start_worker() -> subprocess.Popen[bytes]:
    reader = _lifeline[0]
    command = [sys.executable, "-m", "gitblog", "worker", "--lifeline", str(reader)]
    return subprocess.Popen(command, pass_fds=(reader,), start_new_session=True)
