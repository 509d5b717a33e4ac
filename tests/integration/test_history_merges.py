"""The rules of history where branches meet: no address that was read may die by a merge or by a clock.

The names A1 to G are those of the counter-examples that were met when the rules were found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.synced_blog import BROKEN_CONFIGURATION, OTHER, A, Blog, C, T, X, Y, Z, a_post, synced_blog


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    """An empty repository and an empty index."""
    with synced_blog(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        pytest.param({"posts/b.md": A["posts/a.md"]}, "301 /p/b/", id="renamed"),
        pytest.param({}, "410", id="deleted"),
        pytest.param(Z, "301 /p/z/", id="another slug"),
    ],
)
def test_a1_what_a_branch_takes_away_lasts_until_the_merge(
    blog: Blog, changed: Mapping[str, bytes], answer: str
) -> None:
    """The branch's own date is earlier than the permalink under which the post was read meanwhile."""
    first = blog.push(0, {**OTHER, **A})
    second = blog.push(10, {**OTHER, **A, **C}, first)
    assert blog.answer("/p/a/") == "200 posts/a.md"
    side = blog.commit(5, {**OTHER, **changed}, first)

    blog.push(20, {**OTHER, **changed, **C}, second, side)

    assert blog.answer("/p/a/") == answer
    assert blog.answer("/2001/09/a/") == answer


def test_a2_a_post_that_pull_with_ours_drops_leaves_410(blog: Blog) -> None:
    """Its own last commit is too early an end."""
    base = blog.commit(0, OTHER)
    first = blog.push(1, {**OTHER, **A}, base)
    second = blog.push(10, {**OTHER, **A, **C}, first)
    assert blog.answer("/p/a/") == "200 posts/a.md"
    third = blog.commit(5, {"posts/other.md": b"Edited.\n"}, base)

    blog.push(15, {"posts/other.md": b"Edited.\n"}, third, second)

    assert blog.answer("/p/a/") == "410"


def test_a3_a_permalink_that_comes_by_a_merge_is_in_force_from_there(blog: Blog) -> None:
    """Until then the defaults were, though the branch is older than the post."""
    base = blog.push(0, OTHER)
    side = blog.commit(5, {**OTHER, **C}, base)
    second = blog.push(10, {**OTHER, **A}, base)
    assert blog.answer("/2001/09/a/") == "200 posts/a.md"

    blog.push(20, {**OTHER, **A, **C}, second, side)

    assert blog.answer("/p/a/") == "200 posts/a.md"
    assert blog.answer("/2001/09/a/") == "301 /p/a/"


def test_b_a_post_without_a_date_keeps_the_address_of_each_of_its_beginnings(blog: Blog) -> None:
    """An older branch with the same bytes moves the date, and so the year in the address."""
    base = blog.commit(-60_000_000, OTHER)
    first = blog.push(1, {**OTHER, **A}, base)
    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    side = blog.commit(-50_000_000, {**OTHER, **A}, base)

    blog.push(20, {**OTHER, **A}, first, side)

    assert blog.answer("/2000/02/a/") == "200 posts/a.md"
    assert blog.answer("/2001/09/a/") == "301 /2000/02/a/"


def test_c_one_broken_configuration_stands_for_the_defaults_and_for_a_good_one(blog: Blog) -> None:
    """It came from no configuration on one branch, and from a good one on the other."""
    base = blog.push(0, A)
    first = blog.push(1, {**A, **BROKEN_CONFIGURATION}, base)
    second = blog.commit(2, {**A, **C}, base)
    third = blog.commit(3, {**A, **BROKEN_CONFIGURATION}, second)
    fourth = blog.push(10, {**Z, **BROKEN_CONFIGURATION}, first)
    assert blog.answer("/2001/09/z/") == "200 posts/a.md"

    blog.push(20, {**Z, **BROKEN_CONFIGURATION}, fourth, third)

    assert blog.answer("/p/z/") == "200 posts/a.md"
    assert blog.answer("/2001/09/z/") == "301 /p/z/"


def test_d_one_broken_post_stands_for_two_good_versions(blog: Blog) -> None:
    """It still is the file, so neither of their holdings has ended."""
    base = blog.push(0, X)
    first = blog.push(1, T, base)
    second = blog.commit(2, Y, base)
    third = blog.commit(12, T, second)
    fourth = blog.push(20, {**T, **C}, first)
    assert blog.answer("/p/x/") == "200 posts/a.md"

    blog.push(30, {**T, **C}, fourth, third)

    assert blog.answer("/p/y/") == "200 posts/a.md"
    assert blog.answer("/p/x/") == "301 /p/y/"


def test_f_another_posts_hold_does_not_hide_an_address(blog: Blog) -> None:
    """The draft held the address later, but never at the tip; the post that was read there is public."""
    first = blog.push(0, X)
    second = blog.commit(1, {**Z, "posts/b.md": b"---\nslug: x\n---\nB\n"}, first)
    blog.push(2, {**Z, "posts/b.md": b"---\nslug: x\ndraft: true\n---\nB\n"}, second)

    assert blog.answer("/2001/09/x/") == "301 /2001/09/z/"


def test_g_of_those_who_left_together_the_first_post_answers(blog: Blog) -> None:
    """The other was shadowed by it, so nobody has read it there."""
    first = blog.push(0, {"posts/b.md": a_post("slug: x", body="The first.")})
    second = blog.push(1, {"posts/b.md": a_post("slug: x", body="The first."), **X}, first)
    assert blog.answer("/2001/09/x/") == "200 posts/b.md"

    blog.push(2, {"posts/b.md": a_post("slug: x", body="The first."), **A, **C}, second)

    assert blog.answer("/2001/09/x/") == "301 /p/x/"
    assert blog.answer("/p/x/") == "200 posts/b.md"
