"""Which paths of a site are what: one list of rules, the same for every layout and for all of history.

Every path is relative to the site's root, with "/" between its parts.
Bytes of a name that are not UTF-8 arrive as lone surrogates (`surrogateescape`), as Python reads file names.
"""

from __future__ import annotations

import hashlib
import re

from gitblog.model import UNUSABLE, Problem

DOCUMENT_EXTENSIONS = (".md", ".markdown")
CONFIGURATION_FILES = ("blog.toml",)
STATIC_FOLDER = "static/"
MAX_PATH_BYTES = 1024

# Files that desktops leave behind: no author wants them served.
_JUNK_NAMES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_JUNK_ENDING = ":zone.identifier"
# Control characters (C0, DEL, C1) and the two line separators that only some programs count as lines.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_configuration(path: str) -> bool:
    """Say whether the file holds the site's configuration."""
    return path in CONFIGURATION_FILES


def has_document_extension(path: str) -> bool:
    """Say whether the name ends like a document's, in any case."""
    return path.lower().endswith(DOCUMENT_EXTENSIONS)


def is_document(path: str) -> bool:
    """Say whether the file may be a post or page under some layout.

    Dot-files, files in dot-folders and what lies in the top `static/` never are.
    Underscore names are: a layout may want them (`_posts/`); the layouts here ignore them.
    """
    if not has_document_extension(path) or path.startswith(STATIC_FOLDER):
        return False
    return not (path.startswith(".") or "/." in path)


def is_servable(path: str) -> bool:
    """Say whether the file could be served as it is.

    Not dot- and underscore names, configuration, what desktops leave behind, or names that have a problem.
    A document's extension makes a file a document, but for `static/`, where every file is served.
    """
    parts = path.split("/")
    if any(part.startswith((".", "_")) or not part for part in parts) or is_configuration(path):
        return False
    name = parts[-1].lower()
    if name in _JUNK_NAMES or name.endswith(_JUNK_ENDING):
        return False
    if has_document_extension(path) and not path.startswith(STATIC_FOLDER):
        return False
    return path_problem(path) is None


def path_problem(path: str) -> Problem | None:
    """Give what makes the path itself unusable: its length, its characters or its encoding; else None.

    The problem's own `path` is printable (`printable_path`).
    """
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return _problem(path, "the file's name is not UTF-8", "rename the file with UTF-8 characters")
    if size > MAX_PATH_BYTES:
        message = f"the path is {size} bytes long; the limit is {MAX_PATH_BYTES}"
        return _problem(path, message, "shorten the names of the file and its folders")
    if _CONTROL.search(path):
        return _problem(path, "the path holds a control character", "rename the file without it")
    return None


def printable_path(path: str) -> str:
    """Write the path so that it can be shown and stored: bad characters as `\\xNN`, never over the limit."""
    shown = _UNPRINTABLE.sub(_escape, path)
    return shown.encode()[:MAX_PATH_BYTES].decode("utf-8", "ignore")


def stored_path(path: str) -> str:
    """Give the text under which the index files a path: itself, or for an unusable one a text of its own.

    That is what can be shown of it, a control character (which no usable path holds), and a hash: two unusable paths
    that look alike stay two.
    """
    if path_problem(path) is None:
        return path
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{printable_path(path)}{UNUSABLE}{digest}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _problem(path: str, message: str, hint: str) -> Problem:
    return Problem(printable_path(path), 0, 0, "path", message, hint)
