"""What every front matter format gives back: fields whose scalars are text, with their lines, or a complaint.

Only these values occur: `str` (written in quotes), `Plain` (written without), `list`, `dict`, and the dates
that TOML has of its own. What a value means is decided by its key, later: so `title: No` and `title: 1.10`
stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


class Plain(str):
    """A scalar written without quotes: a number, a boolean or a bare word, as the author wrote it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, at a line and column of the block (both from 1)."""

    line: int
    column: int
    reason: str
    message: str
    hint: str


class BlockError(Exception):
    """The block cannot be read; carries the one `Complaint` to show."""

    def __init__(self, complaint: Complaint) -> None:
        super().__init__(complaint.message)
        self.complaint = complaint


@dataclass(frozen=True, slots=True)
class Block:
    """A block that was read: `lines` count from 1 in the block, `warnings` are in the order they were met."""

    fields: dict[str, object]
    lines: dict[str, int]
    warnings: tuple[Complaint, ...] = ()


def failure(line: int, column: int, message: str, hint: str) -> BlockError:
    """Make the error of a block that cannot be read; the caller raises it."""
    return BlockError(Complaint(line, column, "front-matter", message, hint))


def forbidden_character(text: str) -> int:
    """Give the offset of the first control character (line breaks and tabs are none), else -1."""
    match = _FORBIDDEN.search(text)
    return match.start() if match else -1


def too_deep(line: int, column: int) -> BlockError:
    """Make the error of a block that nests more than `MAX_DEPTH` levels."""
    message = f"the front matter nests more than {MAX_DEPTH} levels"
    return failure(line, column, message, "flatten it")


def duplicate(line: int, key: str) -> Complaint:
    """Make the warning about a key that is written twice."""
    message = f"the key `{key}` is written twice; the last one counts"
    return Complaint(line, 1, "duplicate-key", message, "remove one of the two")


def checked(value: object, line: int, depth: int = 1) -> object:
    """Bring a value read by a library to the kinds of value named above.

    Raises BlockError, at `line`, for too many levels and for characters that no text may hold.
    """
    if depth > MAX_DEPTH and isinstance(value, dict | list):
        raise too_deep(line, 1)
    if isinstance(value, dict):
        return {str(checked(k, line)): checked(v, line, depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [checked(member, line, depth + 1) for member in value]
    if isinstance(value, str):
        if forbidden_character(value) >= 0:
            message = "a value holds a control character or half of a surrogate pair"
            raise failure(line, 1, message, "remove the escape that makes it")
        return value
    if isinstance(value, datetime | date):
        return value
    return Plain(_as_written(value, line))


def _as_written(value: object, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, time):
        return value.isoformat()
    try:
        return str(value)
    except ValueError as error:  # Python refuses to write out integers of more than 4,300 digits
        raise failure(line, 1, "a number has too many digits", "shorten it or put it in quotes") from error
