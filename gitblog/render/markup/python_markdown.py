"""Python-Markdown with its "extra" set, for Pelican's repositories and for whoever asks for it.

It is pure Python and slow on hostile text, so it must run under a time limit (see `sync.rendering`).
"""

from __future__ import annotations

import re
from functools import cache

import markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

_FENCE = re.compile(r"(?P<fence>`{3,}|~{3,})[ ]*(?P<language>[\w#.+-]*)(?P<rest>[^`{]*)$")


# Python-Markdown descends once a level, and how deep it gets depends on the caller's stack (measured: fails at 200
# to 300). A fixed bound well below that makes the answer the same in every process.
_TOO_DEEP = re.compile(r"^(?: {4}|\t){100,} {0,3}(?:[*+:-]|\d+\.)\s", re.MULTILINE)


def to_html(text: str) -> str:
    """Turn Python-Markdown's dialect into HTML; raw HTML passes through. RecursionError above 100 levels of lists."""
    if _TOO_DEEP.search(text):
        raise RecursionError
    converter = _converter()
    try:
        return converter.reset().convert(text)
    except BaseException:
        # Interrupted halfway (time limit, too deep a nesting), it keeps state that reset() does not clear.
        _converter.cache_clear()
        raise


class _PlainFences(Preprocessor):
    """Cut what follows the language in a fence's first line: fenced_code takes "```rust,ignore" for text."""

    def run(self, lines: list[str]) -> list[str]:
        fence = ""
        cut = []
        for line in lines:
            match = _FENCE.match(line)
            opening = match is not None and not fence
            if match and opening:
                fence = match["fence"]
            elif match and match["fence"] == fence and not (match["language"] or match["rest"].strip()):
                fence = ""
            cut.append(fence + match["language"] if match and opening else line)
        return cut


class _PlainFencesExtension(Extension):
    def extendMarkdown(self, md: markdown.Markdown) -> None:
        # After whitespace is normalised (30) and before fenced code is taken out (25).
        md.preprocessors.register(_PlainFences(md), "plain_fences", 27)


@cache
def _converter() -> markdown.Markdown:
    return markdown.Markdown(extensions=["extra", "sane_lists", _PlainFencesExtension()])
