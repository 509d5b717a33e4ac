"""What every markup engine promises, asked of each member of the table through the whole of `render`."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from gitblog.model import Document, Kind, RenderedDocument
from gitblog.render import ENGINES, render_document

pytestmark = pytest.mark.parametrize("engine", sorted(ENGINES))


def render(body: str, engine: str) -> RenderedDocument:
    document = Document("posts/a.md", Kind.POST, "A", "a", "a", "", "", body, 1)
    result = render_document(document, engine)

    assert isinstance(result, RenderedDocument)
    return result


def tree_of(body: str, engine: str) -> LexborHTMLParser:
    return LexborHTMLParser(render(body, engine).html, is_fragment=True)


@pytest.mark.parametrize(
    ("body", "selector", "text"),
    [
        ("# Title", "h1#title", "Title"),
        ("some *words*", "p > em", "words"),
        ("some **words**", "p > strong", "words"),
        ("- one\n- two", "ul > li", "one"),
        ("3. one\n4. two", "ol > li", "one"),
        ("> said", "blockquote > p", "said"),
        ("`x`", "p > code", "x"),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", 'table td[align="right"]', "2"),
        ("a[^1]\n\n[^1]: note", "sup a[href]", "1"),
        ("Term\n:   Meaning", "dl > dd", "Meaning"),
        ('<span title="t">raw</span>', "span[title=t]", "raw"),
        ("[x](https://example.org/)", 'a[href="https://example.org/"]', "x"),
        ("[x](b.md)", 'a[href="gitblog:posts/b.md"]', "x"),
    ],
)
def test_the_common_markup_means_the_same(engine: str, body: str, selector: str, text: str) -> None:
    """What an author learns of Markdown once holds with each engine."""
    node = tree_of(body, engine).css_first(selector)

    assert node is not None
    assert node.text().strip() == text


@pytest.mark.parametrize("info", ["rust", "rust,ignore", 'rust title="x"', "rust title=x", "rust, linenos", "Rust"])
def test_a_fence_is_a_block_of_its_first_word_s_language(engine: str, info: str) -> None:
    """Attributes and commas after the language change nothing."""
    block = tree_of(f"text\n\n```{info}\nfn x() {{}}\n```\n\nafter", engine).css_first("pre")

    assert block is not None
    assert block.attributes["data-language"] == "rust"
    assert block.text() == "fn x() {}\n"
    assert block.css_first("span.k") is not None


def test_a_fence_inside_another_fence_is_text(engine: str) -> None:
    """Only the line that opens a block is read as its language."""
    block = tree_of("~~~text\n```rust,ignore\nx\n```\n~~~", engine).css_first("pre")

    assert block is not None
    assert block.text() == "```rust,ignore\nx\n```\n"


def test_footnotes_lead_there_and_back(engine: str) -> None:
    """The ids of a footnote and of its reference survive sanitising."""
    tree = tree_of("a[^n]\n\n[^n]: note", engine)
    hrefs = [node.attributes["href"] or "" for node in tree.css("a")]
    ids = {f"#{node.attributes['id']}" for node in tree.css("[id]")}

    assert len(hrefs) == 2
    assert set(hrefs) == ids


def test_an_engine_forgets_the_text_before(engine: str) -> None:
    """Link definitions and footnotes of one text are unknown in the next, even after a failure."""
    render("[x][y] [^1]\n\n[y]: /z\n[^1]: note", engine)
    render_document(Document("a.md", Kind.POST, "", "", "", "", "", "- " * 3000, 1), engine)

    assert render("[x][y] [^1]", engine).html.strip() == "<p>[x][y] [^1]</p>"
