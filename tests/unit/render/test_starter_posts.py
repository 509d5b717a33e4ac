"""Both engines on every text of the starter: no complaint, and the same headings and links."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gitblog.model import Addressing, Document, RenderedDocument, SourceFile
from gitblog.parse import parse_document
from gitblog.render import ENGINES, render_document

CONTENT = Path(__file__).resolve().parents[3] / "content"
TEXTS = sorted(path.relative_to(CONTENT).as_posix() for path in CONTENT.rglob("*.md"))


def _document(path: str) -> Document:
    parsed = parse_document(SourceFile(path, "", (CONTENT / path).read_bytes()), Addressing(layout="native"))
    assert parsed is not None
    assert parsed.problems == ()
    assert parsed.document is not None
    return parsed.document


@pytest.mark.parametrize("path", TEXTS)
def test_every_text_means_the_same_with_each_engine(path: str) -> None:
    """Ids that others link to and links to others do not depend on the engine."""
    document = replace(_document(path), markup="", toc=True)
    rendered = {name: render_document(document, name) for name in ENGINES}
    bodies = [body for body in rendered.values() if isinstance(body, RenderedDocument)]

    assert len(bodies) == len(ENGINES)
    assert [body.problems for body in bodies] == [()] * len(ENGINES)
    assert len({body.outline for body in bodies}) == 1
    assert len({frozenset(body.links) for body in bodies}) == 1
    assert min(body.word_count for body in bodies) > 30


def test_a_text_of_the_starter_asks_for_each_engine() -> None:
    """So that whoever takes an engine away sees a post of the sample blog break."""
    named = {_document(path).markup or "gfm" for path in TEXTS}

    assert named == set(ENGINES)
