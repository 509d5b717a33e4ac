"""What a file's text shows before anything is parsed: an unfinished merge, a Git LFS pointer, a `# heading`.

Code is left alone: what stands in a fenced block is the author's example, and so is an indented line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer's first line, now and before 2015.
_LFS_POINTER = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_LFS_MAX_BYTES = 1024
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_HEADING = re.compile(r" {0,3}#[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")


@dataclass(frozen=True, slots=True)
class HeadingLine:
    """A top heading of a body: its text and the span of its line, the line's end included."""

    text: str
    start: int
    end: int


def is_lfs_pointer(data: bytes) -> bool:
    """Say whether the bytes are Git LFS's pointer to a file instead of the file."""
    return len(data) <= _LFS_MAX_BYTES and data.startswith(_LFS_POINTER)


def conflict_line(text: str) -> int:
    """Give the line (from 1) of the first marker of an unfinished merge outside code, 0 for none.

    A line of "=======" alone is a heading's underline, so it counts only before a line of ">>>>>>> ".
    """
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return 0
    middle = 0
    for number, line in _lines_outside_code(text):
        if line.startswith("<<<<<<<") and line[7:8] in ("", " "):
            return number
        if line.rstrip() == "=======":
            middle = number
        if middle and line.startswith(">>>>>>>") and line[7:8] in ("", " "):
            return middle
    return 0


def top_heading(body: str) -> HeadingLine | None:
    """Give the first `# heading` outside fenced code, or None."""
    if "#" not in body:
        return None
    starts = [0]
    starts.extend(match.end() for match in re.finditer("\n", body))
    for number, line in _lines_outside_code(body):
        match = _HEADING.fullmatch(line)
        if match and match[1].strip("# \t"):
            start = starts[number - 1]
            return HeadingLine(match[1].strip(), start, min(start + len(line) + 1, len(body)))
    return None


def _lines_outside_code(text: str) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        match = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if fence:
            if match and match[1].startswith(fence) and not match[2].strip():
                fence = ""
        elif match and not (match[1][0] == "`" and "`" in match[2]):
            fence = match[1]
        else:
            yield number, line
