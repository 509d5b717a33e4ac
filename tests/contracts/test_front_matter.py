"""What every front matter format promises, and the mistakes of each."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml import YAMLError

from gitblog.model import FrontMatter, Problem
from gitblog.parse.front_matter import FORMATS, Plain, split
from gitblog.parse.front_matter import yaml as yaml_format
from gitblog.parse.front_matter.block import Block, BlockError

SAMPLES = {
    "yaml": '---\ntitle: 1.10\ntags: [a, "b"]\ndraft: true\n---\nbody\n---\nmore\n',
    "toml": '+++\ntitle = 1.10\ntags = ["a", "b"]\ndraft = true\n+++\nbody\n---\nmore\n',
    "json": '{\n"title": 1.10,\n"tags": ["a", "b"], "draft": true\n}\nbody\n---\nmore\n',
}


def read(text: str) -> FrontMatter:
    found = split("p.md", text)

    assert isinstance(found, FrontMatter)
    return found


def refused(text: str) -> Problem:
    found = split("p.md", text)

    assert isinstance(found, Problem)
    return found


def test_every_format_has_a_sample() -> None:
    """The suite runs over the whole table."""
    assert set(SAMPLES) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_gives_text_as_written_with_lines(name: str) -> None:
    """Scalars stay as written, only the first pair of fences counts, lines are those of the file."""
    found = read(SAMPLES[name])

    assert found.format == name
    assert found.fields == {"title": "1.10", "tags": ["a", "b"], "draft": "true"}
    assert isinstance(found.fields["draft"], Plain)
    assert (found.body, found.body_line) == ("body\n---\nmore\n", 6 if name != "json" else 5)
    assert found.lines["title"] == 2
    assert found.problems == ()


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_moves_its_lines_with_blank_lines_before(name: str) -> None:
    """Blank lines before the fence are allowed."""
    before, after = read(SAMPLES[name]), read("\n\n" + SAMPLES[name])

    assert after.fields == before.fields
    assert (after.lines["title"], after.body_line) == (before.lines["title"] + 2, before.body_line + 2)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_is_never_closed_is_an_error(name: str) -> None:
    """Never shown to readers as text."""
    text = SAMPLES[name].split("body")[0].rstrip().rstrip("-+}")
    problem = refused(text)

    assert problem.message == "the front matter is never closed"
    assert problem.line == 1


NESTED = {
    "yaml": lambda depth: f"---\na: {'[' * depth}{']' * depth}\n---\n",
    "toml": lambda depth: f"+++\na = {'[' * depth}{']' * depth}\n+++\n",
    "json": lambda depth: f'{{"a": {"[" * depth}{"]" * depth}}}\n',
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_refuses_deep_nesting_and_length(name: str) -> None:
    """19 lists inside the top are 20 levels; 30,000 must not end the process; 64 KiB is the limit."""
    fits = read(NESTED[name](19))
    start = time.perf_counter()
    messages = [refused(NESTED[name](depth)).message for depth in (20, 1000, 30_000)]
    seconds = time.perf_counter() - start

    assert set(fits.fields) == {"a"}
    assert messages == ["the front matter nests more than 20 levels"] * 3
    assert seconds < 2
    long = SAMPLES[name].replace("1.10", '"' + "x" * 65_536 + '"')
    assert refused(long).message == "the front matter is longer than 64 KiB"


YAML_MISTAKES = [
    ("- a\n- b", 2, 1, "the front matter is not a list of keys and values"),
    ("just text", 2, 1, "the front matter is not a list of keys and values"),
    ("a: !!python/object/apply:os.system [ls]", 2, 4, "tags (`!name`) are not allowed in front matter"),
    ("a: !secret x", 2, 4, "tags (`!name`) are not allowed in front matter"),
    ("a: &x 1\nb: *x", 2, 4, "anchors (`&name`) are not allowed in front matter"),
    ("a: &a [*a]", 2, 4, "anchors (`&name`) are not allowed in front matter"),
    ("t: x\na: *b", 3, 4, "aliases (`*name`) are not allowed in front matter"),
    ("a:\n  <<: {b: c}", 3, 3, "merge keys (`<<`) are not allowed in front matter"),
    ("title: {{ x }}", 2, 9, "a list or mapping stands where a key was expected"),
    ("a: 1\n...\nb: 2", 4, 1, "the front matter holds two documents"),
    ("a: b\x07", 2, 5, "the front matter holds the control character U+0007"),
    ("a: b\x9f", 2, 5, "the front matter holds the control character U+009F"),
    ('t: x\na: "\\ud800"', 3, 1, "a value holds a control character or half of a surrogate pair"),
    ('a: "\\0"', 2, 1, "a value holds a control character or half of a surrogate pair"),
    ("a: @x", 2, 4, "a value cannot start with this character"),
    ("\tb: c", 2, 1, "a tab indents this line"),
    ("a:\n \tb: c", 3, 2, "a tab indents this line"),
    ("a: 'b", 2, 4, "a quote is opened here and never closed"),
    ('a: "b" c', 2, 8, "a key was expected here"),
    ("a: [b", 2, 4, "a list that starts with `[` is not closed with `]`"),
]


@pytest.mark.parametrize(("block", "line", "column", "message"), YAML_MISTAKES)
def test_a_mistake_in_yaml_has_its_place_in_the_file(block: str, line: int, column: int, message: str) -> None:
    """Line and column count in the file, not in the block; every message has a hint."""
    problem = refused(f"---\n{block}\n---\nbody\n")

    assert (problem.line, problem.column, problem.message) == (line, column, message)
    assert problem.reason == "front-matter"
    assert problem.hint


def test_numbers_of_any_size_are_text() -> None:
    """No integer, no sexagesimal, no float is ever made of YAML or JSON."""
    digits = "9" * 5000

    assert read(f"---\na: {digits}\nb: 1:00:00\nc: .inf\n---\n").fields == {
        "a": digits,
        "b": "1:00:00",
        "c": ".inf",
    }
    assert read(f'{{"a": {digits}, "b": 1e400, "c": NaN}}\n').fields == {
        "a": digits,
        "b": "1e400",
        "c": "NaN",
    }
    assert "digits" in refused(f"+++\na = {digits}\n+++\n").message


def test_odd_line_separators_are_spaces() -> None:
    """U+2028, U+2029 and U+0085 neither end a line nor change how lines count."""
    found = read("---\na: x\u2028y\u2029z\u0085w\nb: 1\n---\n")

    assert (found.fields, found.lines) == ({"a": "x y z w", "b": "1"}, {"a": 2, "b": 3})


@pytest.mark.parametrize("text", ["{% include x %}\n", "{{< figure >}}\n", "{: .c}\n", "----\n", "text\n---\n", ""])
def test_text_that_only_looks_like_a_fence_is_body(text: str) -> None:
    """Liquid, shortcodes and thematic breaks after text are no front matter."""
    assert read(text) == FrontMatter("none", {}, {}, text, 1)


def test_a_key_of_two_hundred_dots_is_refused_at_once() -> None:
    """Python's TOML parser takes time by the square of a dotted key's length."""
    start = time.perf_counter()
    problem = refused("+++\n" + "a." * 30_000 + "a = 1\n+++\n")

    assert problem.message == "the front matter nests more than 20 levels"
    assert time.perf_counter() - start < 1


def answer(block: str, loader: object) -> Block | str:
    try:
        return yaml_format.read_with(block, loader)
    except BlockError as error:
        return error.complaint.message
    except (YAMLError, ValueError, OverflowError):
        return "refused"


YAML_PIECES = [
    "a: ",
    "b: ",
    "- ",
    "? ",
    "\n",
    "\n  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    '"',
    "'",
    "|\n  x",
    ">-\n  y",
    "# c",
]
YAML_PIECES += [
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "x",
    "1",
    "~",
    "%",
    "@",
    "---",
    "...",
    " ",
    "é",
    "😀",
    "\\n",
    "\\x41",
    ":",
    "null",
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(YAML_PIECES), max_size=25).map("".join))
def test_what_the_fast_parser_reads_the_pure_one_reads_alike(block: str) -> None:
    """Where the fast one refuses, the pure one is asked, so only its own answers need to agree."""
    fast = answer(block, yaml_format.FAST_LOADER)
    if isinstance(fast, Block):
        assert fast == answer(block, yaml_format.PURE_LOADER)
