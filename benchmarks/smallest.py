"""The smallest Flask application that answers the bytes of one file: what page_speed compares gitblog with."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response


def create_app() -> Flask:
    """Make the application; the environment's BENCH_PAGE names the file."""
    body = Path(os.environ["BENCH_PAGE"]).read_bytes()
    app = Flask("smallest", static_folder=None)

    @app.get("/")
    def page() -> Response:
        return Response(body, mimetype="text/html")

    return app
