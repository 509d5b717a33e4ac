"""gitblog: a blog engine whose only durable truth is a git repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from gitblog.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the WSGI application; reads the environment when called without settings. Starts nothing."""
    from gitblog.app import create_app as create

    return create(settings)
