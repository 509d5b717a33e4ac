"""gunicorn's settings and hooks; they live in the package, so that an installed gitblog has them too."""

from gitblog.server import *  # noqa: F403 — gunicorn takes every name of this file as a setting or a hook
