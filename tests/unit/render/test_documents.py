"""A whole document: headings, excerpt, words, code, limits, and the promise that nothing raises."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from gitblog.model import Document, Heading, Kind, Problem, RenderedDocument
from gitblog.render import ENGINES, fingerprint, render_document
from gitblog.render.texts import count_words


def document(body: str, description: str = "", markup: str = "") -> Document:
    return Document("posts/a.md", Kind.POST, "A", "a", "a", "", "", body, 3, description=description, markup=markup)


def rendered(body: str, description: str = "") -> RenderedDocument:
    result = render_document(document(body, description), "gfm")

    assert isinstance(result, RenderedDocument)
    return result


def test_headings_have_github_s_ids_and_are_the_outline() -> None:
    """Equal headings are numbered; names that could stand for a browser's object are prefixed."""
    result = rendered(
        "# Hello, *World*!\n\n## Setup\n\n## Setup\n\n### Setup-1\n\n## location\n\n## Über `x_y` 是\n\n## ?"
    )

    assert result.outline == (
        Heading(1, "hello-world", "Hello, World!"),
        Heading(2, "setup", "Setup"),
        Heading(2, "setup-1", "Setup"),
        Heading(3, "setup-1-1", "Setup-1"),
        Heading(2, "section-location", "location"),
        Heading(2, "über-x_y-是", "Über x_y 是"),
        Heading(2, "section", "?"),
    )
    assert all(f'id="{heading.id}"' in result.html for heading in result.outline)


def test_a_document_names_its_own_engine() -> None:
    """The front matter wins over the site's choice."""
    alert = "> [!NOTE]\n> x"
    own = render_document(document(alert, markup="python-markdown"), "gfm")

    assert isinstance(own, RenderedDocument)
    assert "[!NOTE]" in own.text
    assert rendered(alert).text == "Note x"


@pytest.mark.parametrize(
    ("body", "description", "excerpt"),
    [
        ("one\n\ntwo", "", "<p>one</p>"),
        ("# Head\n\n![i](i.png)\n\none *x*", "", "<p>one <em>x</em></p>"),
        ("one\n\ntwo\n\n<!--more-->\n\nthree", "", "<p>one</p>\n<p>two</p>"),
        ("one\n\n<!-- more -->\n\nthree", "said", "<p>one</p>"),
        ("one <!--more--> two", "", "<p>one </p>"),
        ("`<!--more-->` one\n\ntwo", "", "<p><code>&lt;!--more--&gt;</code> one</p>"),
        ("one", "a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("one[^1] [x](#y)\n\n[^1]: n", "", '<p>one <a href="gitblog:posts/a.md#y">x</a></p>'),
        ("# One\n\n<!--more-->\n\ntwo", "", "<h1>One</h1>"),
        ("> [!NOTE]\n> x", "", "<p>x</p>"),
        ("", "", ""),
        ("![i](i.png)", "", ""),
    ],
)
def test_an_excerpt_is_what_the_author_marked_else_said_else_wrote_first(
    body: str, description: str, excerpt: str
) -> None:
    """Marks before the description before the first paragraph; no ids or footnotes that a listing lacks."""
    assert rendered(body, description).excerpt == excerpt


def test_the_more_mark_is_not_on_the_page() -> None:
    """It tells where to cut, and nothing to readers."""
    assert rendered("one\n\n<!--more-->\n\ntwo").html.replace("\n", "") == "<p>one</p><p>two</p>"


def test_text_is_plain_and_folded() -> None:
    """Words across inline tags stay whole, blocks and cells stay apart, footnote marks are no words."""
    result = rendered("# A *b*c\n\nx[^1] &amp; y\n\n<p>one</p><p>two</p>\n\n|a|b|\n|-|-|\n|1|2|\n\n[^1]: note")

    assert result.text == "A bc x & y one two a b 1 2 note"
    assert result.word_count == 11


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("one two", 2), ("don't re-read", 2), ("日本語", 3), ("a 日本 b", 4), ("naïve Äpfel", 2), ("— …", 0)],
)
def test_words_are_counted(text: str, words: int) -> None:
    """Chinese and Japanese characters count one each, since they are written without spaces."""
    assert count_words(text) == words


@pytest.mark.parametrize("code", ["a\tb\n", "\n\nx = 1\n", "`&amp;` <b>\n", "x\n\n\n", "é 日本 \\ '\"\n"])
def test_highlighting_changes_no_character(code: str) -> None:
    """Tabs, blank lines and entities of a block are what the author wrote."""
    for language in ("python", "html", "nobody-knows-it", "../../x"):
        block = LexborHTMLParser(rendered(f"```{language}\n{code}```").html, is_fragment=True).css_first("code")

        assert block is not None
        assert block.text() == code


def test_an_unknown_language_is_plain_but_labelled() -> None:
    """The label is the author's word; no lexer means no colour, and no complaint."""
    result = rendered("```klingon\nx\n```")

    assert result.html == '<pre class="highlight" data-language="klingon"><code>x\n</code></pre>\n'
    assert result.problems == ()


# Some real code, about 60,000 characters of it.
SOURCE = "".join(path.read_text() for path in sorted(Path(__file__).parents[3].glob("gitblog/*/*.py")))[:60_000]


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "x = 1\n" * 11_000),
        ("python", "a." * 10_000 + "\n"),
        # Each of these takes its lexer many seconds.
        ("java", ("a " * 450 + "\n") * 60),
        ("c", "    \n" * 1_900),
        ("make", ("(" * 900 + "\n") * 60),
        ("autoit", (" " * 900 + "\n") * 60),
        ("python", SOURCE[:8_000] + "\n" + ("a " * 450 + "\n") * 6 + SOURCE[:8_000]),
    ],
)
def test_a_block_above_the_bounds_is_plain(language: str, code: str) -> None:
    """A lexer may need minutes for what nobody reads in colour."""
    result = rendered(f"~~~~{language}\n{code}\n~~~~")

    assert "<span" not in result.html
    assert result.text == " ".join(code.split())


TREE = "".join(f"{'    ' * (number % 4)}├── {word}\n" for number, word in enumerate(SOURCE.split()[:600]))


@pytest.mark.parametrize("language", ["maple", "smithy", "urlencoded"])
def test_a_language_whose_lexer_knows_no_end_is_plain(language: str) -> None:
    """The drawing of a folder, half a kilobyte, keeps one of them busy for longer than anybody waits."""
    assert "<span" not in rendered(f"~~~~{language}\n{TREE}~~~~").html


def test_a_unit_file_is_coloured_as_what_it_is() -> None:
    """Its own lexer needs quadratic time; the label stays the author's word."""
    tree = LexborHTMLParser(rendered(f"~~~~systemd\n[Unit]\nAfter=x\n{TREE}~~~~").html, is_fragment=True)
    block, section = tree.css_first("pre"), tree.css_first("pre > code > span.k")

    assert block is not None
    assert block.attributes["data-language"] == "systemd"
    assert section is not None
    assert section.text() == "[Unit]"


@pytest.mark.parametrize("code", [SOURCE, "x = 0\n" * 340, SOURCE[:8_000] + "#" * 900 + "\n" + SOURCE[:8_000]])
def test_a_block_within_the_bounds_is_coloured(code: str) -> None:
    """Real code is, however long; so is a table of zeros, or a line of signs among code."""
    assert rendered(f"~~~~python\n{code}\n~~~~").html.count("<span") > 100


def test_only_later_images_are_lazy() -> None:
    """The first is likely to be seen at once."""
    result = rendered("![a](a.png) ![b](b.png)")

    assert result.html == (
        '<p><img src="gitblog:posts/a.png" alt="a"> <img src="gitblog:posts/b.png" alt="b" loading="lazy"></p>\n'
    )


def test_a_thousand_quotes_keep_their_text() -> None:
    """Depth alone is no reason to lose words."""
    result = rendered(">" * 1000 + " deep")

    assert result.text == "deep"


@pytest.mark.parametrize(
    ("body", "engine", "reason"),
    [
        ("x" * (2 * 1024 * 1024 + 1), "gfm", "too-large"),
        ("é" * (1024 * 1024 + 1), "gfm", "too-large"),
        (">" * 20_000 + " x", "gfm", "too-deep"),
        ("<div></b>" * 20_000, "gfm", "too-deep"),
        ("|" + "a|" * 1500 + "\n|" + "-|" * 1500 + "\n" + "|x|\n" * 200, "gfm", "too-complex"),
        ("".join("    " * level + "- x\n" for level in range(101)), "python-markdown", "too-deep"),
    ],
)
def test_a_text_beyond_the_static_limits_is_a_problem(body: str, engine: str, reason: str) -> None:
    """A limit does not depend on how fast the machine is."""
    result = render_document(document(body), engine)

    assert isinstance(result, Problem)
    assert (result.path, result.line, result.reason) == ("posts/a.md", 3, reason)
    assert result.hint


def test_the_fingerprint_does_not_change_by_itself() -> None:
    """A stored body is taken over where it is equal."""
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 64


CHARACTERS = "#*_`[]()<>!|-+~:&\\\"'= \n\t1ax\x00é"
PIECES = ["\n\n", "```", "- ", "> ", "[^1]", "<b ", "</b>", "<!--", "-->", "\n    ", "href=", "<script>", "](b.md)"]
MORE_PIECES = ["{: ", "}", "<svg>", "<style>", "</p>", "| a |", "|-|", "&#x", "<!--more-->", "\n```js\n", "<td>"]
MARKDOWN = st.lists(st.sampled_from([*CHARACTERS, *PIECES, *MORE_PIECES]), max_size=60).map("".join)


@pytest.mark.parametrize("engine", sorted(ENGINES))
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=MARKDOWN | st.text(max_size=200))
def test_no_text_raises_and_the_same_text_gives_the_same_bytes(body: str, engine: str) -> None:
    """Whatever somebody pushes, it is a page or a Problem, and the same one each time."""
    first = render_document(document(body), engine)

    assert isinstance(first, RenderedDocument | Problem)
    assert render_document(document(body), engine) == first
