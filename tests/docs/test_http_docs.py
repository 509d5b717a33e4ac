"""docs/http.md says of each header what an answer says."""

from __future__ import annotations

import re
from pathlib import Path

from gitblog.web import headers
from gitblog.web.answers import answer, encoded
from gitblog.web.compression import LEAST_BYTES, MOST_BYTES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http.md").read_text()


def test_every_documented_header_has_the_documented_value() -> None:
    """The table is that of a page that is sent compressed; a value in words stands for one that varies."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE)
    page = encoded(answer(200, b"x" * LEAST_BYTES), "br")
    sent = dict(page.headers("a" * 40))

    assert {name for name, _ in rows} == {
        "Cache-Control", "CDN-Cache-Control", "Surrogate-Control", "Surrogate-Key", "Cache-Tag", "ETag", "Vary",
        "X-Gitblog-Revision",
    }  # fmt: skip
    exact = {name: value.strip("`") for name, value in rows if re.fullmatch("`[^`]+`", value)}
    assert {name: sent[name] for name in exact} == exact
    assert sent["Surrogate-Control"] == sent["CDN-Cache-Control"]
    assert re.fullmatch('"[0-9a-f]{32}-br"', sent["ETag"])


def test_the_documented_limits_are_the_programs() -> None:
    """Of compression, and of what is kept for ever."""
    assert f"from {LEAST_BYTES} bytes to {MOST_BYTES // 1024**2} MiB" in PAGE
    assert f"`Cache-Control: {headers.IMMUTABLE}`" in PAGE
