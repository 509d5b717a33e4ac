"""Files whose names cannot be used: each is a Problem of its own, and harms no other file, now or later."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitblog.index.queries import Index
from tests.synced_blog import LATE, a_post, synced_blog

LONG = "posts/" + "/".join(["d" * 200] * 6)
NAMES = {
    "not-utf-8": "posts/n\udcff.md",
    "not-utf-8-picture": "posts/n\udcff.png",
    "line-break": "posts/new\nline.md",
    "line-break-picture": "posts/p\n.png",
    "too-long": f"{LONG}/x.md",
}
GOOD = {"posts/a.md": a_post()}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_file_with_an_unusable_name_comes_changes_moves_and_goes_like_any_other(name: str, tmp_path: Path) -> None:
    """After each push the index is a fresh one, and the neighbour that came with it is published."""
    with synced_blog(tmp_path) as blog:
        first = blog.push(0, GOOD)
        added = blog.push(10, {**GOOD, name: b"one", "posts/b.md": a_post()}, first)
        assert blog.answer("/2001/09/b/") == "200 posts/b.md"
        assert [problem.endswith(" path") for problem in blog.problems()] == [True]

        edited = blog.push(20, {**GOOD, name: b"two", "posts/c.md": a_post()}, added)
        assert blog.answer("/2001/09/c/") == "200 posts/c.md"
        moved = blog.push(30, {**GOOD, f"{name[:-4]}-2{name[-4:]}": b"two"}, edited)
        assert len(blog.problems()) == 1
        taken = blog.push(40, {**GOOD, "posts/n.md": a_post(body="Renamed.")}, moved)
        assert (blog.problems(), blog.answer("/2001/09/n/")) == ([], "200 posts/n.md")
        blog.push(50, {name: a_post(body="Renamed.")}, taken)
        assert blog.answer("/2001/09/n/") == "410"


def test_names_that_look_alike_stay_two_problems(tmp_path: Path) -> None:
    """What is shown of a name is cut and escaped; what is stored is not mixed up."""
    tree = {f"{LONG}/x.md": b"", f"{LONG}/longer.md": b"", "posts/n\nl.md": b"", "posts/n\\x0al.md": a_post()}
    with synced_blog(tmp_path) as blog:
        first = blog.push(0, {**GOOD, **tree})
        assert "posts/n\\x0al.md path" in blog.problems()
        assert len(blog.problems()) == 3
        blog.push(10, {**GOOD, "posts/n\\x0al.md": a_post()}, first)
        assert blog.problems() == []


def test_a_document_with_an_unusable_name_is_listed_as_broken(tmp_path: Path) -> None:
    """`list` tells of every file that would be a document; a picture is none."""
    with synced_blog(tmp_path) as blog:
        blog.push(0, {**GOOD, "posts/new\nline.md": b"", "posts/p\n.png": b""})
        with Index(blog.database).snapshot(LATE) as snapshot:
            listed = [(each.source_path, each.status, each.reason, each.url) for each in snapshot.source_files()]

    assert listed == [
        ("posts/a.md", "published", None, "/2001/09/a/"),
        ("posts/new\\x0aline.md", "held", "broken", None),
    ]
