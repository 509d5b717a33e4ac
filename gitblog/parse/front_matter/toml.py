"""TOML front matter between `+++` lines, and the reader of `blog.toml`: Python's parser, limited."""

from __future__ import annotations

import re
import tomllib

from gitblog.parse.front_matter.block import Block, BlockError, Plain, checked, failure, too_deep

# The parser takes time that grows with the square of a dotted key's length.
_MAX_DOTS = 200
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY = re.compile(r"""[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([\w-]+))[ \t]*[.=]""")
_TABLE = re.compile(r"""[ \t]*\[\[?[ \t]*["']?([\w-]+)""")


def parse(text: str) -> Block:
    """Read a block of TOML, without its fences; numbers and booleans come back as they were written."""
    fields = checked(load(text), 1)
    if not isinstance(fields, dict):
        raise failure(1, 1, "the front matter is not a list of keys and values", "write one `key = value` a line")
    return Block(fields, _lines(text, fields))


def load(text: str) -> dict[str, object]:
    """Read TOML with the standard library's types, floats as text.

    Raises BlockError with the place of what is wrong; never RecursionError.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MAX_DOTS and line.partition("=")[0].count(".") > _MAX_DOTS:
            raise too_deep(number, 1)
    try:
        return tomllib.loads(text, parse_float=Plain)
    except RecursionError:
        raise too_deep(1, 1) from None
    except ValueError as error:  # also raised, without a place, for integers of more than 4,300 digits
        raise _translated(text, str(error)) from error


def _translated(text: str, message: str) -> BlockError:
    match = _POSITION.search(message)
    if match is None:
        return failure(1, 1, f"the TOML cannot be read: {message}", "see docs at toml.io")
    at_end = (text.count("\n") + 1, len(text) - text.rfind("\n"))
    line, column = (int(match[1]), int(match[2])) if match[1] else at_end
    reason = message[: match.start()]
    return failure(line, column, f"the TOML cannot be read: {reason}", 'text needs quotes, as in title = "…"')


def _lines(text: str, fields: dict[str, object]) -> dict[str, int]:
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        match = _KEY.match(line) or _TABLE.match(line)
        key = next((group for group in match.groups() if group), "") if match else ""
        if key in fields:
            lines.setdefault(key, number)
    return lines
