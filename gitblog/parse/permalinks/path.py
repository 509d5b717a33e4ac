"""Addresses that follow folders and file names, as in a plain folder of Markdown or with Hugo."""

from __future__ import annotations

PATTERN = "/:path/"
