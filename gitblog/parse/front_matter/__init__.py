"""Front matter: the fields at the head of a file, in one of several formats; one file a format.

`split` never raises: what cannot be read is one `Problem` with its line and column in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gitblog.model import FrontMatter, Problem, Severity
from gitblog.parse.encoding import position
from gitblog.parse.front_matter import json, toml, yaml
from gitblog.parse.front_matter.block import (
    MAX_BYTES,
    Block,
    BlockError,
    Complaint,
    Plain,
    failure,
    forbidden_character,
)

__all__ = ["FORMATS", "Format", "Plain", "split"]

_JSON_OPENING = re.compile(r'\{[ \t]*(?:$|["}])', re.MULTILINE)
# Line ends to YAML and some editors, not to others: made spaces, so that everybody counts lines alike.
# A byte order mark inside is invisible, and the two YAML parsers differ about it.
_ODD_CHARACTERS = {0x85: " ", 0x2028: " ", 0x2029: " ", 0xFEFF: None}


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing front matter. `fence` is the line before and after it, "" for JSON."""

    fence: str
    parse: Callable[[str], Block]


@dataclass(frozen=True, slots=True)
class _Cut:
    block: str
    first_line: int
    body_start: int


def split(path: str, text: str) -> FrontMatter | Problem:
    """Take the front matter off a file's text (lines end in "\\n"); blank lines may come before it.

    No fence is no mistake: the format is then "none", and all of the text is the body.
    """
    start = len(text) - len(text.lstrip("\n \t"))
    start = text.rfind("\n", 0, start) + 1
    name = _format_at(text, start)
    if name is None:
        return FrontMatter("none", {}, {}, text, 1)
    first_line = text.count("\n", 0, start) + 1
    try:
        cut = _cut_json(text, start) if name == "json" else _cut_fenced(text, start, FORMATS[name].fence)
    except BlockError as error:
        return _problem(path, first_line - 1, error.complaint)
    try:
        _check_text(cut.block)
        block = FORMATS[name].parse(cut.block.translate(_ODD_CHARACTERS))
    except BlockError as error:
        return _problem(path, cut.first_line - 1, error.complaint)
    before = cut.first_line - 1
    warnings = tuple(_problem(path, before, warning, Severity.WARNING) for warning in block.warnings)
    lines = {key: before + line for key, line in block.lines.items()}
    body_line = text.count("\n", 0, cut.body_start) + 1
    return FrontMatter(name, block.fields, lines, text[cut.body_start :], body_line, warnings)


def _format_at(text: str, start: int) -> str | None:
    end = text.find("\n", start)
    first_line = text[start : end if end >= 0 else len(text)].rstrip()
    for name, member in FORMATS.items():
        if member.fence and first_line == member.fence:
            return name
    return "json" if _JSON_OPENING.match(text, start) else None


def _cut_fenced(text: str, start: int, fence: str) -> _Cut:
    opening = re.compile(rf"{re.escape(fence)}[ \t]*(?:\n|\Z)").match(text, start)
    inside = opening.end() if opening else start
    closing = re.compile(rf"^{re.escape(fence)}[ \t]*$\n?", re.MULTILINE).search(text, inside)
    if closing is None:
        raise failure(1, 1, "the front matter is never closed", f"put a line `{fence}` after its last key")
    first_line = text.count("\n", 0, inside) + 1
    return _Cut(text[inside : closing.start()], first_line, closing.end())


def _cut_json(text: str, start: int) -> _Cut:
    head = text[start : start + MAX_BYTES + 1]
    length = json.find_end(head)
    if length < 0:
        if len(head) > MAX_BYTES:
            raise _too_large()
        raise failure(1, 1, "the front matter is never closed", "put a `}` after its last key")
    end = start + length
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    if text[end:line_end].strip():
        line, column = position(text[start:], length)
        raise failure(line, column, "text follows the front matter in its last line", "start a new line after `}`")
    return _Cut(text[start:end], text.count("\n", 0, start) + 1, min(line_end + 1, len(text)))


def _check_text(block: str) -> None:
    if len(block) > MAX_BYTES or len(block.encode()) > MAX_BYTES:
        raise _too_large()
    offset = forbidden_character(block)
    if offset >= 0:
        line, column = position(block, offset)
        name = f"U+{ord(block[offset]):04X}"
        raise failure(line, column, f"the front matter holds the control character {name}", "remove it")


def _too_large() -> BlockError:
    return failure(1, 1, f"the front matter is longer than {MAX_BYTES // 1024} KiB", "move text into the body")


def _problem(path: str, before: int, complaint: Complaint, severity: Severity = Severity.ERROR) -> Problem:
    line = before + complaint.line
    return Problem(path, line, complaint.column, complaint.reason, complaint.message, complaint.hint, severity)


FORMATS: Mapping[str, Format] = {
    "yaml": Format("---", yaml.parse),
    "toml": Format("+++", toml.parse),
    "json": Format("", json.parse),
}
