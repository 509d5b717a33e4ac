"""Layouts: which files of a repository are posts and pages, and what their paths say; one file a layout.

A layout's member takes a path for which `paths.is_document` holds and answers with a `Place`, or None where
the layout ignores the path. It is pure and never raises, whatever the path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitblog.model import Addressing
from gitblog.parse.layouts import native, plain, recognised
from gitblog.parse.layouts.place import Place
from gitblog.parse.paths import is_document

__all__ = ["LAYOUTS", "Place", "find_place"]


def find_place(path: str, addressing: Addressing) -> Place | None:
    """Ask the site's layout about a path; None for what is no document, or ignored."""
    if not is_document(path):
        return None
    return LAYOUTS[addressing.layout](path, addressing)


LAYOUTS: Mapping[str, Callable[[str, Addressing], Place | None]] = {
    "": recognised.place,
    "native": native.place,
    "plain": plain.place,
}
