"""Where links lead, and the tokens that stand for them."""

from __future__ import annotations

import pytest

from gitblog.model import Document, Kind, Link, RenderedDocument
from gitblog.render import ENGINES, fill_links, link_targets, render_document
from gitblog.render.links import drop_foreign_tokens


def rendered(body: str, path: str = "posts/a.md", engine: str = "gfm") -> RenderedDocument:
    result = render_document(Document(path, Kind.POST, "A", "a", "a", "", "", body, 4), engine)

    assert isinstance(result, RenderedDocument)
    return result


def addressed(text: str) -> str:
    return fill_links(text, lambda target, fragment: f"[{target}|{fragment}]")


@pytest.mark.parametrize(
    ("written", "path", "href"),
    [
        ("b.md", "posts/a.md", "[posts/b.md|]"),
        ("b.md#x", "posts/a.md", "[posts/b.md|x]"),
        ("./b.md", "posts/a.md", "[posts/b.md|]"),
        ("../pages/c.md", "posts/a.md", "[pages/c.md|]"),
        ("../../c.md", "posts/2026/a.md", "[c.md|]"),
        ("cat.png", "posts/a/index.md", "[posts/a/cat.png|]"),
        ("b.md", "a.md", "[b.md|]"),
        ("k%C3%A4se.md#%C3%A4", "posts/a.md", "[posts/käse.md|ä]"),
        ("käse.md", "posts/a.md", "[posts/käse.md|]"),
        ("<a b.md>", "posts/a.md", "[posts/a b.md|]"),
        ("100%.md", "posts/a.md", "[posts/100%.md|]"),
        ("b.md?raw=1&x=2#y", "posts/a.md", "[posts/b.md|y]?raw=1&amp;x=2"),
        ("/about/", "posts/a.md", "[/about/|]"),
        ("/about", "posts/a.md", "[/about|]"),
        ("/a/../b/", "posts/a.md", "[/b/|]"),
        ("/search/?q=x#y", "posts/a.md", "[/search/|y]?q=x"),
        ("/", "posts/a.md", "[/|]"),
        ("..", "posts/a.md", "[/|]"),
        ("other/", "posts/a.md", "[posts/other|]"),
        ("b.md#location", "posts/a.md", "[posts/b.md|section-location]"),
        ("?x=1", "posts/a.md", "[posts/a.md|]?x=1"),
        ("#here", "posts/a.md", "#here"),
        ("#location", "posts/a.md", "#section-location"),
        ("https://example.org/?a=1&b=2", "posts/a.md", "https://example.org/?a=1&amp;b=2"),
        ("HTTP://example.org/", "posts/a.md", "HTTP://example.org/"),
        ("mailto:a@example.org", "posts/a.md", "mailto:a@example.org"),
        ("//example.org/x", "posts/a.md", "https://example.org/x"),
        ("/\\\\example.org/x", "posts/a.md", "[/example.org/x|]"),
        ("..\\\\pages\\\\c.md", "posts/a.md", "[pages/c.md|]"),
        ("..%5Cpages%5cc.md", "posts/a.md", "[pages/c.md|]"),
    ],
)
def test_an_address_becomes_what_the_author_meant(written: str, path: str, href: str) -> None:
    """Relative paths are taken from the document's folder, and never leave the site's root."""
    html = addressed(rendered(f"[x]({written})", path).html)

    assert html == f'<p><a href="{href}">x</a></p>\n'


@pytest.mark.parametrize(
    "written", ["../../x.md", "/../x.md", "tel:1", "ftp://x/", "javascript:x", "c:x", "x" * 1100, "%00.md"]
)
def test_an_address_that_leads_nowhere_good_is_dropped(written: str) -> None:
    """The text stays, the address goes, and the author is told."""
    result = rendered(f"[x]({written})")

    assert result.html == "<p><a>x</a></p>\n"
    assert [problem.reason for problem in result.problems] == ["dropped-link"]
    assert result.links == ()


def test_links_are_found_once_with_their_line() -> None:
    """The line is the one in the author's file, below the front matter."""
    body = "one\n[b](b.md#x) [b](b.md#x)\n\n![c](<c d.png>)\n<a href='/e/'>e</a> [r]\n\n[r]: ../r.md\n"

    assert rendered(body).links == (
        Link("posts/b.md", "x", 5),
        Link("posts/c d.png", "", 7),
        Link("/e/", "", 8),
        Link("r.md", "", 10),
    )


def test_a_link_that_is_not_published_is_not_found() -> None:
    """What sanitising removes refers to nothing: its target is not served because of it."""
    assert rendered("<svg><a href='secret.png'>x</a></svg>").links == ()


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize(
    "forged",
    [
        "gitblog:posts/secret.md",
        "`gitblog:posts/secret.md`",
        '<a href="gitblog:posts/secret.md">x</a>',
        "[x](gitblog:posts/secret.md)",
        '`<a href="gitblog:posts/secret.md">`',
        '&lt;a href="gitblog:posts/secret.md"&gt;',
        """<b title=' href="gitblog:posts/secret.md"'>x</b>""",
        """<b title='<a href="gitblog:posts/secret.md">'>x</b>""",
        '<b title=" href=">x</b>"gitblog:posts/secret.md"',
        '<img alt=" src=" title="gitblog:posts/secret.md">',
        '<blockquote cite="gitblog:posts/secret.md">x</blockquote>',
        "<noscript><a href=gitblog:posts/secret.md>x</a></noscript>",
        '<svg><style><a href="gitblog:posts/secret.md"></style></svg>',
        '<math><style><!--</style><a title="--><a href=gitblog:posts/secret.md>">',
        "<a href='&#103;itblog:posts/secret.md'>x</a>",
        "<a href='GITBLOG:posts/secret.md'>x</a>",
    ],
)
def test_an_author_cannot_forge_a_token(forged: str, engine: str) -> None:
    """A token names a target that the page then looks up; only the pass may make one."""
    result = rendered(f"words {forged}\n\n{forged}", engine=engine)
    filled = fill_links(result.html + result.excerpt, lambda target, fragment: "/asked/")

    assert "/asked/" not in filled
    assert link_targets(result.html) == ()


def test_a_token_that_the_pass_did_not_issue_is_emptied() -> None:
    """Should two HTML parsers ever read one text differently, what appears between them names nothing."""
    html = '<a href="gitblog:a.md">x</a> <img alt="" src="gitblog:b.png#c">'

    assert drop_foreign_tokens(html, {"gitblog:a.md"}) == '<a href="gitblog:a.md">x</a> <img alt="" src="">'


def test_filling_escapes_what_it_is_given() -> None:
    """An address of the site's may hold quotes; a page must not break by it."""
    html = fill_links(rendered("[x](b.md)").html, lambda target, fragment: "/\"><script>&'")

    assert html == '<p><a href="/&quot;&gt;&lt;script&gt;&amp;&#x27;">x</a></p>\n'


def test_the_author_s_query_cannot_break_out() -> None:
    """The query is the only part of an address that the author writes into the page."""
    html = fill_links(rendered("[x](b.md?a=%22%3E%3Cscript%3E&b=%27#f)").html, lambda target, fragment: "/b/#f")

    assert html == '<p><a href="/b/?a=%22%3E%3Cscript%3E&amp;b=%27#f">x</a></p>\n'


def test_the_targets_of_a_page_are_listed_once() -> None:
    """One query looks all of them up."""
    result = rendered("[b](b.md) ![c](c.png) [b](b.md#x) [h](https://example.org) [a](/about/)")

    assert link_targets(result.html) == ("posts/b.md", "posts/c.png", "/about/")
