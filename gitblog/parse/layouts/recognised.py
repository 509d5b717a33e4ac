"""A site that names no layout: each file is recognised by where it lies.

Below the native layout's folders its rules hold, everywhere else those of a plain folder of Markdown.
"""

from __future__ import annotations

from gitblog.model import Addressing
from gitblog.parse.layouts import native, plain
from gitblog.parse.layouts.place import Place


def place(path: str, addressing: Addressing) -> Place | None:
    """Give what a document's path says, None where the rules of its folder ignore it."""
    place_by_rules = native.place if path.startswith(native.FOLDERS) else plain.place
    return place_by_rules(path, addressing)
