"""Parsing: a file's path and bytes to a `Document`, and `blog.toml` to a `SiteConfig`.

Pure: no file, no clock, no git; equal arguments give equal answers. Nothing an author writes makes it raise:
what is wrong comes back as a `Problem` with path, line, column and what to do.
"""

from __future__ import annotations

from gitblog.parse.configuration import ParsedConfiguration, parse_configuration
from gitblog.parse.documents import address, aliases, holding_lines, parse_document
from gitblog.parse.paths import (
    CONFIGURATION_FILES,
    DOCUMENT_EXTENSIONS,
    is_configuration,
    is_document,
    is_servable,
    path_problem,
    printable_path,
    stored_path,
)
from gitblog.parse.slugs import slug_from_name, slug_from_text

__all__ = [
    "CONFIGURATION_FILES",
    "DOCUMENT_EXTENSIONS",
    "ParsedConfiguration",
    "address",
    "aliases",
    "holding_lines",
    "is_configuration",
    "is_document",
    "is_servable",
    "parse_configuration",
    "parse_document",
    "path_problem",
    "printable_path",
    "slug_from_name",
    "slug_from_text",
    "stored_path",
]
