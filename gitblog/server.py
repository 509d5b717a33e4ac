"""gunicorn's settings and hooks: `gunicorn -c python:gitblog.server 'gitblog:create_app()'`.

Each web process looks once a second whether anybody syncs, and starts `gitblog worker` if not; losers of the race
leave at once. The worker's lifeline is a pipe made before the fork: it ends when every web process is gone.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from typing import Any

from gitblog.config import Settings, from_env
from gitblog.errors import SettingsError

__all__ = [
    "bind", "control_socket_disable", "graceful_timeout", "on_starting", "post_worker_init", "threads",
    "worker_class", "workers",
]  # fmt: skip

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


def _settings() -> Settings:
    try:
        settings = from_env(os.environ)
    except SettingsError as exc:
        raise _refusal(exc.message) from exc
    if settings.sync_mode == "web" and shutil.which("git") is None:
        raise _refusal("the git program is not in PATH; install git, or set SYNC_MODE=worker if another host syncs")
    if settings.data_dir.exists() and not settings.data_dir.is_dir():
        raise _refusal("DATA_DIR is a file; name a folder, or a path at which one can be made")
    return settings


def _refusal(message: str) -> SystemExit:
    print(f"gitblog: {message}", file=sys.stderr)
    return SystemExit(2)


_current = _settings()
bind = f"{_current.host}:{_current.port}"
workers = _current.web_concurrency
worker_class = "gthread"
threads = 8
graceful_timeout = 20
# It would stand in the home folder, shared by every gunicorn of the user.
control_socket_disable = True

_lifeline: list[int] = []


def on_starting(server: Any) -> None:
    """Make the pipe whose closing tells the worker that every web process is gone."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    _lifeline[:] = [reader, writer]


def post_worker_init(worker: Any) -> None:
    """Keep somebody syncing, from a thread that starts after the fork."""
    if _current.sync_mode == "web":
        threading.Thread(target=_keep_syncing, name="keep-syncing", daemon=True).start()


def _keep_syncing() -> None:
    # Imported after the fork: what gunicorn's first process holds would outlive every reload of the code.
    from gitblog.sync.lock import is_locked

    child: subprocess.Popen[bytes] | None = None
    while True:
        try:
            # One that is still starting has no lock yet; another beside it would only cost its memory.
            if (child is None or child.poll() is not None) and not is_locked(_current.data_dir):
                child = _start_worker()
        except OSError as exc:
            # No memory, no process, no descriptor left: that passes, and then somebody has to sync again.
            logger.warning("nobody syncs: no process could be started", extra={"problem": exc.strerror})
        time.sleep(_LOOK_SECONDS)


def _start_worker() -> subprocess.Popen[bytes]:
    reader = _lifeline[0]
    command = [sys.executable, "-m", "gitblog", "worker", "--lifeline", str(reader)]
    return subprocess.Popen(command, pass_fds=(reader,), start_new_session=True)
