"""YAML front matter between `---` lines: PyYAML's parser, a schema of our own in which every scalar is text.

Only the parser's events are used, never its constructors: they are made one at a time, so that depth is
counted before anything recurses (the C loader's own composer ends the process on deep nesting), and there is
no tag, anchor, alias or merge key to expand. The C parser is ten times faster; where it refuses, the pure one
decides and words the answer, so that both give the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from gitblog.parse.front_matter.block import (
    MAX_DEPTH,
    Block,
    BlockError,
    Complaint,
    Plain,
    checked,
    duplicate,
    failure,
    too_deep,
)

PURE_LOADER: Any = yaml.BaseLoader
FAST_LOADER: Any = getattr(yaml, "CBaseLoader", PURE_LOADER)

# PyYAML's scanner raises ValueError and OverflowError for escapes and directives with numbers out of range.
_REFUSALS = (yaml.YAMLError, ValueError, OverflowError)
_TAB_INDENT = re.compile(r"^ *\t[ \t]*\S", re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z_][\w-]*)[ \t]*:[ \t]+(\S.*?)[ \t]*")
_SPECIAL_STARTS = tuple("\"'[]{}|>&*!#%@`")
_QUOTE = "put the value in quotes"
# The pure parser's words, and ours.
_WORDS = {
    "mapping values are not allowed here": (
        "a second `: ` stands in this line, or the line is indented too far",
        _QUOTE,
    ),
    "expected '<document start>'": (
        "the front matter holds two documents",
        "remove the line `...` between them",
    ),
    "found undefined alias": ("a value starts with `*`, which is an alias in YAML", _QUOTE),
    "expected <block end>": (
        "a key was expected here",
        "check the quotes and the indentation of this line and the one above",
    ),
    "expected ',' or ']'": (
        "a list that starts with `[` is not closed with `]`",
        "close it, or quote the value",
    ),
    "expected ',' or '}'": (
        "a mapping that starts with `{` is not closed with `}`",
        "close it, or quote the value",
    ),
    "could not find expected ':'": (
        "this line is no `key: value`",
        "write a colon and a space after the key",
    ),
    "sequence entries are not allowed here": (
        "a list item cannot stand here",
        "start the list on the next line",
    ),
}


def parse(text: str) -> Block:
    """Read a block of YAML, without its fences.

    A value with an unquoted ": " is taken as written where that is all that is wrong, with a warning.
    """
    text = _without_tabs(text)
    try:
        return _read(text)
    except _REFUSALS as refusal:
        mended, warnings = _quote_colons(text)
        if warnings:
            try:
                block = _read(mended)
            except _REFUSALS:
                pass
            else:
                return Block(block.fields, block.lines, warnings + block.warnings)
        raise BlockError(_explain(refusal)) from refusal


def read_with(text: str, loader: Any) -> Block:
    """Read a block with one of PyYAML's two parsers, which may raise what they like (see `parse`)."""
    return _Reader(yaml.parse(text, Loader=loader)).document()


def _read(text: str) -> Block:
    try:
        return read_with(text, FAST_LOADER)
    except _REFUSALS:
        return read_with(text, PURE_LOADER)


class _Reader:
    """Turns events into values; the events come lazily, so nothing is read beyond the first complaint."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._warnings: list[Complaint] = []

    def document(self) -> Block:
        next(self._events)  # the stream's start
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            return Block({}, {})
        root = next(self._events)
        if isinstance(root, yaml.ScalarEvent) and not root.value and root.tag is None and root.anchor is None:
            fields: dict[str, object] = {}
            lines: dict[str, int] = {}
        elif isinstance(root, yaml.MappingStartEvent):
            self._refuse_extras(root)
            fields, lines = self._mapping(1)
        else:
            hint = "write one `key: value` a line"
            raise _at(root, "the front matter is not a list of keys and values", hint)
        next(self._events)  # the document's end
        end = next(self._events)
        if not isinstance(end, yaml.StreamEndEvent):
            raise _at(end, "the front matter holds two documents", "remove the line `...` or `---` between them")
        return Block(fields, lines, tuple(self._warnings))

    def _value(self, event: Any, depth: int) -> object:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            raise _at(event, "aliases (`*name`) are not allowed in front matter", f"write it out, or {_QUOTE}")
        self._refuse_extras(event)
        if isinstance(event, yaml.ScalarEvent):
            value = str(checked(event.value, line))
            return value if event.style else Plain(value)
        if depth >= MAX_DEPTH:
            raise too_deep(line, column)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(depth + 1)[0]
        members = []
        while not isinstance(member := next(self._events), yaml.SequenceEndEvent):
            members.append(self._value(member, depth + 1))
        return members

    def _mapping(self, depth: int) -> tuple[dict[str, object], dict[str, int]]:
        fields: dict[str, object] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            line = event.start_mark.line + 1
            if key in fields:
                self._warnings.append(duplicate(line, key))
            fields[key] = self._value(next(self._events), depth)
            lines[key] = line
        return fields, lines

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            raise _at(event, "aliases (`*name`) are not allowed in front matter", "write it out")
        self._refuse_extras(event)
        line = event.start_mark.line + 1
        if not isinstance(event, yaml.ScalarEvent):
            hint = 'put the value in quotes, as in `title: "{{ name }}"`'
            raise _at(event, "a list or mapping stands where a key was expected", hint)
        key = str(checked(event.value, line))
        if key == "<<" and not event.style:
            raise _at(event, "merge keys (`<<`) are not allowed in front matter", "write the keys out")
        return key

    def _refuse_extras(self, event: Any) -> None:
        if event.anchor is not None:
            raise _at(event, "anchors (`&name`) are not allowed in front matter", f"remove it, or {_QUOTE}")
        if event.tag is not None:
            raise _at(event, "tags (`!name`) are not allowed in front matter", f"remove it, or {_QUOTE}")


def _at(event: Any, message: str, hint: str) -> BlockError:
    return failure(event.start_mark.line + 1, event.start_mark.column + 1, message, hint)


def _without_tabs(text: str) -> str:
    """Refuse tabs that indent; make the others spaces, since the two parsers differ about them."""
    match = _TAB_INDENT.search(text)
    if match:
        line = text.count("\n", 0, match.start()) + 1
        raise failure(line, match.group().index("\t") + 1, "a tab indents this line", "indent with spaces")
    return text.replace("\t", " ")


def _quote_colons(text: str) -> tuple[str, tuple[Complaint, ...]]:
    """Quote top-level values that hold an unquoted ": " or end in ":"; give text and warnings."""
    lines = text.split("\n")
    warnings = []
    for index, line in enumerate(lines):
        match = _FIELD.fullmatch(line)
        if match is None or match[2].startswith(_SPECIAL_STARTS):
            continue
        if ": " in match[2] or match[2].endswith(":"):
            quoted = match[2].replace("\\", "\\\\").replace('"', '\\"')
            lines[index] = f'{match[1]}: "{quoted}"'
            message = f"the value of `{match[1]}` holds a colon and is not quoted; it was taken as written"
            warnings.append(Complaint(index + 1, match.start(2) + 1, "colon", message, f"write {lines[index]}"))
    return "\n".join(lines), tuple(warnings)


def _explain(refusal: Exception) -> Complaint:
    mark = getattr(refusal, "problem_mark", None)
    problem = str(getattr(refusal, "problem", None) or refusal)
    context_mark = getattr(refusal, "context_mark", None)
    if getattr(refusal, "context", None) == "while scanning a quoted scalar" and "unexpected" in problem:
        return _complaint(context_mark, "a quote is opened here and never closed", "close it")
    if "cannot start any token" in problem:
        return _complaint(mark, "a value cannot start with this character", _QUOTE)
    for words, (message, hint) in _WORDS.items():
        if words in problem:
            unclosed = context_mark if "not closed" in message else mark
            return _complaint(unclosed, message, hint)
    return _complaint(mark, f"the YAML cannot be read: {problem.splitlines()[0]}", "see the line named here")


def _complaint(mark: Any, message: str, hint: str) -> Complaint:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Complaint(line, column, "front-matter", message, hint)
