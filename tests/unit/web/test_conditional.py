"""Conditional and partial requests, as RFC 9110 tells them."""

from __future__ import annotations

import pytest

from gitblog.web.conditional import Span, not_modified, requested_span

TAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", False),
        (TAG, True),
        (f"W/{TAG}", True),
        ('"x", "abc"', True),
        ("*", True),
        ('"x"', False),
        ("abc", False),
        (",,,", False),
        ("\xff", False),
    ],
)
def test_a_copy_is_good_only_where_its_tag_is_named(header: str, expected: bool) -> None:
    """If-None-Match compares weakly, and rubbish in it names no tag."""
    assert expected == not_modified(header, TAG)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=2-4", Span(2, 5)),
        ("bytes=2-", Span(2, 10)),
        ("bytes=2-99", Span(2, 10)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-99", Span(0, 10)),
        ("Bytes=1-2", Span(1, 3)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=\u0661-\u0662", None),
        ("", None),
    ],
)
def test_one_range_is_cut_and_anything_else_is_sent_whole(header: str, expected: Span | None) -> None:
    """A header that is not one well-formed range is ignored."""
    assert expected == requested_span(header, 10)


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_outside_the_body_is_refused(header: str) -> None:
    """RFC 9110 asks for 416 there, so that the client learns the size."""
    with pytest.raises(ValueError, match="byte"):
        requested_span(header, 10)


def test_an_empty_body_has_no_range() -> None:
    """Nothing can be cut from nothing."""
    with pytest.raises(ValueError, match="byte"):
        requested_span("bytes=0-", 0)
