"""The rules of history one by one, each on the smallest history that breaks when the rule is left out.

The numbers are those of the counter-examples that were met when the rules were found.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.history_builder import Builder, run_git
from tests.served_site import post
from tests.synced_blog import BASE, BROKEN_CONFIGURATION, C2, OTHER, A, Blog, C, T, X, Y, Z, a_post, synced_blog


@pytest.fixture
def blog(tmp_path: Path) -> Iterator[Blog]:
    """An empty repository and an empty index."""
    with synced_blog(tmp_path) as opened:
        yield opened


def test_01_commits_that_are_still_reachable_stay_where_clocks_run_backwards(blog: Blog) -> None:
    """`rev-list y ^x` prints three commits here and one is exact: what git forgot is never found by a range."""
    base = blog.commit(1000, A)
    tip = base
    for number in range(8):
        tip = blog.commit(950, {**A, "posts/n.md": b"%d\n" % number}, tip)
    y = blog.push(1001, {**A, "posts/y.md": b"y\n"}, base)
    assert len(run_git(blog.builder.path, "rev-list", y, f"^{tip}").split()) > 1

    blog.push_commit(tip)

    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    assert blog.answer("/2001/09/y/") == "404"


def test_01_what_a_range_lists_too_much_is_not_stored_twice(blog: Blog) -> None:
    """A merge of the two lists commits that are stored already."""
    base = blog.commit(1000, A)
    tip = base
    for number in range(8):
        tip = blog.commit(950, {**A, "posts/n.md": b"%d\n" % number}, tip)
    y = blog.commit(1001, {**A, "posts/y.md": b"y\n"}, base)
    blog.push_commit(tip)

    merge = blog.commit(1002, {**A, "posts/n.md": b"7\n", "posts/y.md": b"y\n"}, tip, y)
    blog.builder.flush()
    assert len(run_git(blog.builder.path, "rev-list", merge, f"^{tip}").split()) > 2
    blog.push_commit(merge)

    assert blog.answer("/2001/09/y/") == "200 posts/y.md"


def test_two_commits_in_one_push_are_both_published(blog: Blog) -> None:
    """The difference is that between the indexed revision and the tip, whatever lies between them."""
    first = blog.push(0, A)
    second = blog.commit(1, {**A, "posts/b.md": b"B\n"}, first)
    blog.push(2, {**A, "posts/b.md": b"B\n", "posts/c.md": b"C\n"}, second)

    assert blog.answer("/2001/09/b/") == "200 posts/b.md"
    assert blog.answer("/2001/09/c/") == "200 posts/c.md"


def test_a_broken_post_keeps_its_last_good_text(blog: Blog) -> None:
    """Its author is told, and its readers notice nothing."""
    first = blog.push(0, A)
    before = blog.html("/2001/09/a/")
    blog.push(1, T, first)

    assert blog.html("/2001/09/a/") == before
    assert blog.problems() == ["posts/a.md front-matter"]


def test_02_text_of_a_discarded_branch_never_goes_live(blog: Blog) -> None:
    """`merge -s ours` keeps the old text, though the other is later; a broken version looks back to it alone."""
    first = blog.push(0, {"posts/a.md": a_post(body="Kept.")})
    side = blog.commit(10, {"posts/a.md": a_post(body="Discarded.")}, first)
    merge = blog.push(20, {"posts/a.md": a_post(body="Kept.")}, first, side)
    assert "Kept." in blog.html("/2001/09/a/")

    blog.push(30, T, merge)

    assert "Kept." in blog.html("/2001/09/a/")


def test_02_of_the_good_versions_the_nearest_stands_for_a_broken_one(blog: Blog) -> None:
    """A version further back is not asked, though a discarded branch brought its bytes again later."""
    first = blog.push(0, {"posts/a.md": a_post(body="Far.")})
    second = blog.push(1, {"posts/a.md": a_post(body="Near.")}, first)
    broken = blog.push(2, T, second)
    gone = blog.commit(3, OTHER, first)
    again = blog.commit(4, {**OTHER, "posts/a.md": a_post(body="Far.")}, gone)

    blog.push(5, {**OTHER, **T}, broken, again)

    assert "Near." in blog.html("/2001/09/a/")


def test_02_of_two_good_versions_the_latest_stands_for_the_same_broken_bytes(blog: Blog) -> None:
    """They are one version that came from both."""
    first = blog.push(0, {"posts/a.md": a_post(body="Early.")})
    second = blog.push(1, T, first)
    third = blog.push(2, {"posts/a.md": a_post(body="Late.")}, second)
    blog.push(3, T, third)

    assert "Late." in blog.html("/2001/09/a/")


def test_03_a_post_that_was_never_touched_keeps_the_address_of_every_permalink(blog: Blog) -> None:
    """Each version has an address under every configuration that was in force while it was the file."""
    first = blog.push(0, {**A, **C})
    assert blog.answer("/p/a/") == "200 posts/a.md"
    second = blog.push(1, {**A, **C2}, first)
    assert blog.answer("/q/a/") == "200 posts/a.md"

    blog.push(2, A, second)

    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    assert blog.answer("/p/a/") == "301 /2001/09/a/"
    assert blog.answer("/q/a/") == "301 /2001/09/a/"


def test_04_the_address_of_a_post_that_stood_in_for_a_broken_one_is_kept(blog: Blog) -> None:
    """A broken version does not end its last good one."""
    first = blog.push(0, X)
    second = blog.push(1, T, first)
    third = blog.push(2, {**T, **C}, second)
    assert blog.answer("/p/x/") == "200 posts/a.md"

    blog.push(3, {**Y, **C}, third)

    assert blog.answer("/p/y/") == "200 posts/a.md"
    assert blog.answer("/p/x/") == "301 /p/y/"


def test_05_addresses_under_the_defaults_are_kept(blog: Blog) -> None:
    """Without a configuration, or with one that was never good, the defaults are in force."""
    first = blog.push(0, {**A, **BROKEN_CONFIGURATION})
    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    second = blog.push(1, {**A, "posts/b.md": b"B\n"}, first)
    assert blog.answer("/2001/09/b/") == "200 posts/b.md"

    blog.push(2, {**A, "posts/b.md": b"B\n", **C}, second)

    assert blog.answer("/2001/09/a/") == "301 /p/a/"
    assert blog.answer("/2001/09/b/") == "301 /p/b/"


def test_06_a_new_post_at_an_old_path_is_another_post(blog: Blog) -> None:
    """Two posts must not share a feed's id: the second to begin at a path says so."""
    first = blog.push(0, A)
    second = blog.push(1, {"posts/b.md": A["posts/a.md"]}, first)
    blog.push(2, {"posts/b.md": A["posts/a.md"], "posts/a.md": b"# New\n\nAnother post.\n"}, second)

    assert blog.column("lineage") == {"posts/b.md": "posts/a.md", "posts/a.md": "posts/a.md#2"}
    assert blog.answer("/2001/09/a/") == "200 posts/a.md"


def test_07_an_edit_after_a_rename_touches_what_the_post_was_before(blog: Blog) -> None:
    """Its history is closed under renames: the old path's address leads to where the edit took the post."""
    first = blog.push(0, A)
    second = blog.push(1, {"posts/b.md": A["posts/a.md"]}, first)
    blog.push(2, {"posts/b.md": Z["posts/a.md"]}, second)

    assert blog.column("lineage") == {"posts/b.md": "posts/a.md"}
    assert blog.answer("/2001/09/a/") == "301 /2001/09/z/"
    assert blog.answer("/2001/09/b/") == "301 /2001/09/z/"


def test_07_of_two_files_of_one_post_the_heir_has_its_name_and_address(blog: Blog) -> None:
    """It was renamed on two branches and both names were kept: the smallest path inherits."""
    words = A["posts/a.md"]
    first = blog.push(0, A)
    left = blog.commit(1, {"posts/b.md": words}, first)
    right = blog.commit(2, {"posts/c.md": words}, first)
    blog.push(3, {"posts/b.md": words, "posts/c.md": words}, left, right)

    assert blog.answer("/2001/09/a/") == "301 /2001/09/b/"
    assert blog.column("feed_name") == {"posts/b.md": "posts/a.md", "posts/c.md": "posts/c.md"}


def test_07_the_file_at_the_first_path_is_the_heir(blog: Blog) -> None:
    """A rename that is taken back, the new name kept beside the old one."""
    words = A["posts/a.md"]
    first = blog.push(0, {"posts/m.md": words})
    second = blog.push(1, {"posts/b.md": words}, first)
    blog.push(2, {"posts/b.md": words, "posts/m.md": words}, second)

    assert blog.column("feed_name") == {"posts/m.md": "posts/m.md", "posts/b.md": "posts/b.md"}


def test_08_a_merge_that_brings_a_post_back_without_a_row_is_seen_in_the_tree(blog: Blog) -> None:
    """What it took unchanged from a parent that is stored already is no change of git's log."""
    first = blog.push(0, OTHER)
    second = blog.push(1, {**OTHER, **A}, first)
    third = blog.push(2, OTHER, second)
    assert blog.answer("/2001/09/a/") == "410"

    blog.push(3, {**OTHER, **A}, third, second)

    assert blog.answer("/2001/09/a/") == "200 posts/a.md"


def test_08_a_lost_clone_compares_the_stored_configuration_too(blog: Blog) -> None:
    """The indexed commit is nowhere any more, and the configuration went with it."""
    first = blog.commit(0, {**A, **C})
    blog.push(1, {**A, **C, **OTHER}, first)
    assert blog.answer("/p/a/") == "200 posts/a.md"
    blog.builder.flush()
    shutil.rmtree(blog.builder.path)
    blog.builder = Builder(blog.folder / "repository")

    again = blog.commit(0, {**A, **C})
    assert again == first
    blog.push(2, A, again)
    blog.builder.flush()

    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    assert blog.answer("/p/a/") == "301 /2001/09/a/"


def test_a_deleted_post_leaves_410_and_its_feed_name_to_nobody(blog: Blog) -> None:
    """Written anew with other bytes it is another post, and a broken one never looks back across the deletion."""
    first = blog.push(0, {**OTHER, **A})
    second = blog.push(1, OTHER, first)
    assert blog.answer("/2001/09/a/") == "410"
    assert list(blog.column("path")) == ["posts/other.md"]

    third = blog.push(2, {**OTHER, **T}, second)
    assert blog.answer("/2001/09/a/") == "410"

    blog.push(3, {**OTHER, "posts/a.md": b"# New\n\nWritten anew.\n"}, third)
    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    assert blog.column("lineage")["posts/a.md"] == "posts/a.md#2"


def test_09_a_post_that_a_merge_drops_is_gone(blog: Blog) -> None:
    """No commit deleted it: that it is gone is what the tree says."""
    first = blog.commit(0, OTHER)
    second = blog.push(1, {**OTHER, **A}, first)
    third = blog.commit(2, {"posts/other.md": b"Edited.\n"}, first)
    blog.push(3, {"posts/other.md": b"Edited.\n"}, third, second)

    assert blog.answer("/2001/09/a/") == "410"


def test_10_a_shallow_clone_that_is_deepened_is_read_again(blog: Blog) -> None:
    """Its first commit had other rows under the same id."""
    first = blog.commit(0, {**A, "posts/b.md": b"B\n"})
    second = blog.commit(40_000_000, {**Y, "posts/b.md": b"B\n"}, first)
    blog.builder.set_branch("main", second)
    shallow = blog.folder / "shallow"
    run_git(blog.folder, "clone", "--quiet", "--bare", "--depth=1", f"file://{blog.builder.path}", str(shallow))
    assert blog.sync(shallow) == second
    assert blog.answer("/2002/12/b/") == "200 posts/b.md"

    run_git(shallow, "fetch", "--quiet", "--unshallow", "origin", "main")
    assert blog.sync(shallow) == second

    assert blog.answer("/2001/09/b/") == "200 posts/b.md"
    assert blog.answer("/2001/09/a/") == "301 /2001/09/y/"


def test_13_what_relates_two_files_is_asked_and_not_stored(blog: Blog) -> None:
    """A link whose target goes is dead at once, though its own file was not touched."""
    linking = {"posts/a.md": a_post(body="See [it](b.md).")}
    first = blog.push(0, {**linking, "posts/b.md": b"B\n"})
    assert blog.problems() == []

    second = blog.push(1, linking, first)
    assert blog.problems() == ["posts/a.md dead-link"]

    blog.push(2, {**linking, "posts/b.md": b"B again\n"}, second)
    assert blog.problems() == []


def test_13_a_scheduled_post_shadows_nobody_before_its_time(blog: Blog) -> None:
    """Who holds an address is asked when somebody comes, the clock with it."""
    due = BASE + 100_000_000
    scheduled = post("permalink: /x/", date="2004-11-09T11:33:20Z").encode()
    first = blog.push(0, {"posts/b.md": scheduled})
    blog.push(1, {"posts/b.md": scheduled, "posts/a.md": a_post("permalink: /x/")}, first)

    assert blog.answer("/x/", due - 1) == "200 posts/a.md"
    assert blog.problems(due - 1) == []
    assert blog.answer("/x/", due) == "200 posts/b.md"
    assert blog.problems(due) == ["posts/a.md shadowed"]


def test_14_equal_bytes_are_parsed_for_each_path(blog: Blog) -> None:
    """Folder and file name say something too: one is a draft and one has another date."""
    words = A["posts/a.md"]
    blog.push(0, {"drafts/a.md": words, "posts/a.md": words, "posts/2000-02-03-a.md": words})

    assert blog.answer("/2001/09/a/") == "200 posts/a.md"
    assert blog.answer("/2000/02/a/") == "200 posts/2000-02-03-a.md"
    assert blog.column("hold")["drafts/a.md"] == "draft"


def test_15_of_those_who_left_an_address_the_last_answers(blog: Blog) -> None:
    """The first went on elsewhere; the other, which was deleted, is what readers saw there last."""
    first = blog.push(0, X)
    second = blog.push(1, {**Z, "posts/b.md": b"---\nslug: x\n---\nB\n"}, first)
    assert blog.answer("/2001/09/x/") == "200 posts/b.md"

    blog.push(2, Z, second)

    assert blog.answer("/2001/09/x/") == "410"


def test_16_a_date_that_moves_in_a_file_that_does_not_parse_holds_it(blog: Blog) -> None:
    """It was not public when it was broken, and must not become so against its author's will."""
    due = BASE + 100_000_000
    first = blog.push(0, {"posts/a.md": post(date="2004-11-09T11:33:20Z").encode()})
    assert blog.answer("/2004/11/a/", due) == "200 posts/a.md"

    blog.push(1, {"posts/a.md": b'---\ntitle: "never closed\ndate: 2030-01-01\n---\nWords.\n'}, first)

    assert blog.answer("/2004/11/a/", due - 1) == "404"
    assert blog.answer("/2004/11/a/", due) == "404"


def test_of_two_files_for_one_address_the_older_post_answers(blog: Blog) -> None:
    """Whatever their paths; the other is told, and takes over when the first goes."""
    older = {"posts/z.md": a_post("slug: x", body="The older.")}
    first = blog.push(0, older)
    second = blog.push(1, {**older, **X}, first)
    assert blog.answer("/2001/09/x/") == "200 posts/z.md"
    assert blog.problems() == ["posts/a.md shadowed"]

    blog.push(2, X, second)
    assert blog.answer("/2001/09/x/") == "200 posts/a.md"
