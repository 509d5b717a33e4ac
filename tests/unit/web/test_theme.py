"""What templates print: reading times, months, directions of writing."""

from __future__ import annotations

import pytest

from gitblog.web.theme import direction_of, minutes, month


@pytest.mark.parametrize(
    ("words", "language", "expected"),
    [(0, "en", 1), (110, "en", 1), (660, "en-GB", 3), (660, "de", 3), (900, "ja", 2), (900, "zh-Hant", 2)],
)
def test_a_reading_time_is_whole_minutes(words: int, language: str, expected: int) -> None:
    """At least one; where a character counts as a word, people read more of them."""
    assert minutes(words, language) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "ltr"),
        ("ar", "rtl"),
        ("he-IL", "rtl"),
        ("fa", "rtl"),
        ("ar-Latn", "ltr"),
        ("az-Arab", "rtl"),
        ("ja", "ltr"),
        ("AR-eg", "rtl"),
    ],
)
def test_a_language_has_its_direction(language: str, expected: str) -> None:
    """A script that its tag names decides."""
    assert direction_of(language) == expected


def test_a_month_is_a_name_in_english_alone() -> None:
    """Other languages read a number until the interface speaks them."""
    assert [month(1, "en"), month(12, "en-GB"), month(3, "de")] == ["January", "December", "03"]
