"""Types of files, and what is sandboxed."""

from __future__ import annotations

import pytest

from gitblog.web.assets import TYPES, policy_of, runs_script, type_of
from gitblog.web.headers import PAGE_POLICY, SANDBOX_POLICY


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("static/a.png", "image/png"),
        ("static/A.PNG", "image/png"),
        ("static/a.tar.gz", "application/gzip"),
        ("static/a.html.unknown", "application/octet-stream"),
        ("static/CNAME", "application/octet-stream"),
        ("static/a.php", "application/octet-stream"),
        ("posts.html/photo", "application/octet-stream"),
    ],
)
def test_the_last_extension_alone_decides_the_type(path: str, expected: str) -> None:
    """An extension that the table lacks is bytes, never a guess."""
    assert expected == type_of(path)


@pytest.mark.parametrize("extension", ["svg", "html", "htm", "xhtml", "xml", "xsl", "atom", "rss", "gpx"])
def test_what_can_run_script_is_sandboxed(extension: str) -> None:
    """An SVG opened by itself is a document of this origin, with all that this means."""
    assert policy_of(TYPES[extension]) == SANDBOX_POLICY


@pytest.mark.parametrize("extension", ["png", "pdf", "js", "txt", "css", "json", "mp4"])
def test_what_runs_no_script_is_not_sandboxed(extension: str) -> None:
    """A sandbox would keep browsers from showing PDF."""
    assert not runs_script(TYPES[extension])
    assert policy_of(TYPES[extension]) == PAGE_POLICY


def test_no_policy_allows_inline_code() -> None:
    """Neither policy knows `unsafe-inline` or `unsafe-eval`."""
    assert "unsafe" not in PAGE_POLICY + SANDBOX_POLICY
