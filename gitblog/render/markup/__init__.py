"""Markup engines: text to HTML, one file each, all of it untrusted until the HTML pass has cleaned it.

An engine is a pure function of its text. Raw HTML passes through it: `render.html` sanitises last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitblog.render.markup import gfm, python_markdown


@dataclass(frozen=True, slots=True)
class Engine:
    """A markup engine; `package` is the distribution whose version is part of the render fingerprint."""

    to_html: Callable[[str], str]
    package: str


ENGINES: Mapping[str, Engine] = {
    "gfm": Engine(gfm.to_html, "comrak"),
    "python-markdown": Engine(python_markdown.to_html, "markdown"),
}
