"""Why something was found, as a part of its text with marks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from gitblog.parse.search.query import parse_query
from gitblog.parse.search.snippets import SNIPPET_CHARACTERS, Piece, marked, marker_of, snippet


def shown(pieces: tuple[Piece, ...]) -> str:
    """Write pieces as text with what is marked in brackets."""
    return "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in pieces)


def marks(question: str, text: str, language: str = "en") -> str:
    """Mark a text for a question."""
    return shown(marked(text, marker_of(parse_query(question, language, ZoneInfo("UTC")), language)))


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("run", "Running and RUNS.", "[Running] and [RUNS]."),
        ("cafe", "un café, e\u0301", "un [café], e\u0301"),
        ('"brown fox" -dog', "a brown fox, a dog", "a [brown] [fox], a dog"),
        ("photo*", "photographs", "[photographs]"),
        ("foo-bar", "foo_bar", "[foo]_[bar]"),
        ("検索", "全文検索は", "全文[検索]は"),
        ("全文検索", "全文検索は", "[全文検索]は"),
        ("検", "全文検索検", "全文[検]索[検]"),
        ("tag:fox", "fox", "fox"),
        ("b", "<b>&amp;</b>", "<[b]>&amp;</[b]>"),
        ("nothing", "", ""),
    ],
)
def test_what_was_looked_for_is_marked(question: str, text: str, expected: str) -> None:
    """Whatever became the same term is marked as it is written, and nothing else."""
    assert marks(question, text) == expected


def test_a_snippet_shows_where_the_most_different_words_stand() -> None:
    """Not the first hit of one of them, if all of them stand together later."""
    text = "fox " + "word " * 200 + "a quick brown fox " + "word " * 200
    found = shown(snippet(text, marker_of(parse_query("quick brown fox", "en", ZoneInfo("UTC")), "en")))

    assert "a [quick] [brown] [fox] word" in found
    assert found.startswith("… word")
    assert found.endswith("word …")
    assert len(found) <= SNIPPET_CHARACTERS + 12


@pytest.mark.parametrize("text", ["", "short", "word " * 200, "x" * 1000, "検" * 1000])
def test_a_text_without_a_hit_shows_its_beginning(text: str) -> None:
    """A post may be found by its title or a tag alone."""
    found = shown(snippet(text, marker_of(parse_query("fox", "en", ZoneInfo("UTC")), "en")))

    assert text.startswith(found.removesuffix(" …"))
    assert len(found) <= SNIPPET_CHARACTERS + 2


def test_the_pieces_are_the_text() -> None:
    """Whatever is marked, nothing of the text is lost or doubled."""
    text = "fox foxes 全文検索 fox-fox fox"

    for question in ("fox", "全文 fox", "検索 文検", "f", "fo*"):
        pieces = marked(text, marker_of(parse_query(question, "en", ZoneInfo("UTC")), "en"))
        assert "".join(piece.text for piece in pieces) == text
