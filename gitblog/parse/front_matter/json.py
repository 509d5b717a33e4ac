"""JSON front matter: one object at the very start of a file, without fences."""

from __future__ import annotations

import json
import re

from gitblog.parse.front_matter.block import (
    MAX_DEPTH,
    Block,
    Complaint,
    Plain,
    checked,
    duplicate,
    failure,
    too_deep,
)

_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\[\]{}]')


def find_end(text: str) -> int:
    """Give the offset after the object that starts the text, -1 where it does not end.

    Raises BlockError for too many levels: Python's parser recurses, so they are counted before it runs.
    """
    depth = 0
    for match in _TOKEN.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                before = text[: match.start()]
                raise too_deep(before.count("\n") + 1, match.start() - before.rfind("\n"))
        elif mark in "]}":
            depth -= 1
            if depth == 0:
                return match.end()
    return -1


def parse(text: str) -> Block:
    """Read the object; numbers and booleans come back as they were written."""
    warnings: list[Complaint] = []

    def collect(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in pairs:
            if key in members:
                warnings.append(duplicate(_line_of(text, key), key))
            members[key] = value
        return members

    decoder = json.JSONDecoder(object_pairs_hook=collect, parse_int=Plain, parse_float=Plain, parse_constant=Plain)
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        hint = "keys and text need double quotes, and a comma stands between two keys"
        raise failure(error.lineno, error.colno, f"the JSON cannot be read: {error.msg}", hint) from error
    fields = checked(value, 1)
    if not isinstance(fields, dict):
        raise failure(1, 1, "the front matter is not a list of keys and values", "write one object in { }")
    return Block(fields, {key: _line_of(text, key) for key in fields}, tuple(warnings))


def _line_of(text: str, key: str) -> int:
    match = re.search(rf'"{re.escape(key)}"\s*:', text)
    return text.count("\n", 0, match.start()) + 1 if match else 1
