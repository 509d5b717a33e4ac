"""The table of contents: from three headings on, and what `toc` in front matter says."""

from __future__ import annotations

import pytest

from gitblog.model import Addressing, RenderedDocument, SourceFile
from gitblog.parse import parse_document
from gitblog.render import ENGINES, render_document


def _outline(toc: str, headings: int, engine: str) -> list[str]:
    body = "\n\n".join(f"## Part {number}\n\ntext" for number in range(headings))
    file = SourceFile("posts/a.md", "", f"---\ntitle: x\n{toc}\n---\n{body}\n".encode())
    parsed = parse_document(file, Addressing(layout="native"))
    assert parsed is not None
    assert parsed.document is not None
    assert parsed.problems == ()
    rendered = render_document(parsed.document, engine)
    assert isinstance(rendered, RenderedDocument)
    assert rendered.html.count("<h2 id=") == headings
    return [heading.id for heading in rendered.outline]


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize(
    ("toc", "headings", "expected"),
    [
        ("", 2, 0),
        ("", 3, 3),
        ("toc: true", 1, 1),
        ("toc: yes", 2, 2),
        ("toc: false", 9, 0),
        ("ShowToc: false", 9, 0),
        ("toc: {sidebar: left}", 2, 0),
        ("toc: {sidebar: left}", 3, 3),
        ("toc:", 3, 3),
        ("toc: true", 0, 0),
    ],
)
def test_the_author_decides_else_the_number_of_headings(engine: str, toc: str, headings: int, expected: int) -> None:
    """The headings keep their ids either way, so that links to them work."""
    assert _outline(toc, headings, engine) == [f"part-{number}" for number in range(expected)]


def test_what_is_no_answer_is_told_to_the_author() -> None:
    """The post is published all the same, as if nothing had been said."""
    parsed = parse_document(SourceFile("posts/a.md", "", b"---\ntoc: perhaps\n---\nx\n"), Addressing(layout="native"))

    assert parsed is not None
    assert parsed.document is not None
    assert parsed.document.toc is None
    assert [str(problem) for problem in parsed.problems] == [
        "posts/a.md:2:1: toc: `toc`: this is neither true nor false (write true or false)"
    ]
