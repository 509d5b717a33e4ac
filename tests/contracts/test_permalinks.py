"""What every permalink style promises, and what each token stands for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitblog.model import Document, Kind
from gitblog.parse.permalinks import STYLES, check_pattern, expand, resolve
from gitblog.parse.permalinks.tokens import DATE_TOKENS, DOCUMENT_TOKENS

DATE = datetime(2024, 3, 5, 10, tzinfo=UTC)
POST = Document(
    path="posts/My Section/2024-03-05-file_name.md",
    kind=Kind.POST,
    title="The Title!",
    slug="slug",
    name="file_name",
    section="My Section/Sub",
    bundle="",
    body="",
    body_line=1,
    categories=("C One", "Two"),
)


@pytest.mark.parametrize("name", STYLES)
def test_a_style_is_a_usable_pattern_with_an_address(name: str) -> None:
    """Its name may stand in the configuration, and its address is clean with and without a date."""
    assert check_pattern(name) is None
    assert check_pattern(STYLES[name]) is None
    for date in (DATE, None):
        made = expand(resolve(name), POST, date)

        assert made.startswith("/")
        assert "//" not in made
        assert ":" not in made


VALUES = {
    "year": "2024",
    "month": "03",
    "day": "05",
    "short_year": "24",
    "i_month": "3",
    "i_day": "5",
    "short_month": "Mar",
    "slug": "slug",
    "title": "the-title",
    "section": "my-section/sub",
    "sections": "my-section/sub",
    "categories": "c-one/two",
    "filename": "file_name",
    "contentbasename": "file_name",
    "slugorfilename": "slug",
    "slugorcontentbasename": "slug",
    "path": "my-section/sub/slug",
}


def test_every_token_has_its_value() -> None:
    """The table and the tokens are the same set."""
    assert {name: expand(f"/:{name}/", POST, DATE) for name in (*DATE_TOKENS, *DOCUMENT_TOKENS)} == {
        name: f"/{value}/" for name, value in VALUES.items()
    }


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("", "not inside this site"),
        (":slug", "not inside this site"),
        ("//x/:slug", "not inside this site"),
        ("/../:slug/", "holds `.`"),
        ("/a//:slug/", "holds `.`"),
        ("/:slug?x", "no address may hold"),
        ("/-/:slug/", "belong to gitblog"),
        ("/:slug/:nope/", ":nope is unknown"),
        ("/:year/:month/", "none of :slug"),
        ("/{slug}/:slug/", "a brace"),
        ("/a b/:slug/", "a space"),
    ],
)
def test_a_wrong_pattern_is_explained(pattern: str, part: str) -> None:
    """The message says what is wrong with it."""
    assert part in (check_pattern(pattern) or "")
