"""What a page adds to sanitised HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitblog.web.dressing import dress

WIDE = '<div class="wide" role="group" aria-label="Table" tabindex="0">'


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("<table><tr></tr></table>", f"{WIDE}<table><tr></tr></table></div>"),
        ("<pre><code>x</code></pre>", '<div class="code"><pre tabindex="0"><code>x</code></pre></div>'),
        (
            '<pre class="highlight" data-language="c++"><code>x</code></pre>',
            '<div class="code"><div class="code-language">c++</div>'
            '<pre tabindex="0" class="highlight" data-language="c++"><code>x</code></pre></div>',
        ),
        ('<td align="right">1</td>', '<td class="align-right">1</td>'),
        (
            '<p class="markdown-alert-title" align="center">x</p>',
            '<p class="align-center markdown-alert-title">x</p>',
        ),
        ('<td align="justify">1</td>', '<td align="justify">1</td>'),
        ('<input type="checkbox" disabled="">', '<input type="checkbox" disabled="" aria-label="To do">'),
        ('<input checked="" type="checkbox">', '<input checked="" type="checkbox" aria-label="Done">'),
        ('<section class="footnotes"><ol>', '<section class="footnotes"><h2 class="unseen">Footnotes</h2><ol>'),
        ("<p>a &lt;table&gt; b</p>", "<p>a &lt;table&gt; b</p>"),
    ],
)
def test_what_has_no_name_or_frame_gets_one(given: str, expected: str) -> None:
    """Tables and code scroll in frames that the keyboard reaches; boxes and footnotes have names."""
    assert dress(given) == expected


def test_a_tag_in_an_attribute_is_no_tag() -> None:
    """A serialiser may leave "<" in a value as it is; a frame put there would end the attribute."""
    for hostile in ("<table>", "<pre onclick=alert(1)>", "><table>", "</pre>"):
        html = f'<p title="{hostile}">x</p>'
        assert dress(html) == html


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(alphabet='<>"= /tablepre', max_size=60))
def test_text_is_never_lost(text: str) -> None:
    """Of whatever is no tag nothing goes."""
    dressed = dress(text)

    assert len(dressed) >= len(text)
