"""git's log of real histories: the rows that the rules on history rest on.

The numbers are those of the counter-examples that the rules answer: a file is followed on every parent's side.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gitblog.model import Change
from gitblog.source.locations import Location
from gitblog.source.log import Log, Tracking
from gitblog.source.repository import Repository, open_repository
from tests.history_builder import Builder, Special, run_git

TRACKING = Tracking(
    lambda path: path if path.endswith(".md") or path == "blog.toml" else None, lambda path: path == "blog.toml"
)
POST = b"some lines\nof a post\nlong enough\nto be known again\n"
ONE, TWO = POST + b"1\n", POST + b"2\n"


@pytest.fixture
def blog(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "blog.git")


@pytest.fixture
def repository(blog: Builder, tmp_path: Path) -> Repository:
    return open_repository(Location(str(blog.path), tmp_path / "data"))


def log(repository: Repository, blog: Builder, tip: str, known: str | None = None) -> Log:
    blog.flush()
    return repository.log(tip, known, TRACKING)


def blob(blog: Builder, data: bytes) -> str:
    return run_git(blog.path, "hash-object", "--stdin", data=data)


def of(history: Log, commit: str) -> list[tuple[str, str, str, str]]:
    return [
        (change.path, change.blob, change.old_path, change.old_blob)
        for change in history.changes
        if change.commit == commit
    ]


def test_commits_come_parents_first_whatever_their_clocks_say(blog: Builder, repository: Repository) -> None:
    """A child that is dated before its parent comes after it all the same."""
    first = blog.commit({"a.md": ONE}, date=1000)
    second = blog.commit({"a.md": TWO}, [first], 10)
    third = blog.commit({"a.md": ONE}, [second], 500)

    history = log(repository, blog, third)

    assert [(commit.id, commit.parents, commit.date) for commit in history.commits] == [
        (first, (), 1000),
        (second, (first,), 10),
        (third, (second,), 500),
    ]


def test_only_what_is_new_is_listed_where_the_old_tip_is_known(blog: Builder, repository: Repository) -> None:
    """An old tip that is not here (a lost clone) means the whole history."""
    first = blog.commit({"a.md": ONE}, date=1)
    second = blog.commit({"a.md": TWO}, [first], 2)

    assert [commit.id for commit in log(repository, blog, second, first).commits] == [second]
    assert log(repository, blog, second, second) == Log((), ())
    assert log(repository, blog, second, "0" * 40) == log(repository, blog, second)


def test_a_merged_branch_that_lost_is_in_the_log(blog: Builder, repository: Repository) -> None:
    """17: with a pathspec git would leave this branch out; `merge -s ours` has a row that ends its version."""
    base = blog.commit({"a.md": ONE}, date=1)
    ours = blog.commit({"a.md": ONE, "o.md": b"o"}, [base], 2)
    theirs = blog.commit({"a.md": TWO}, [base], 3)
    merge = blog.commit({"a.md": ONE, "o.md": b"o"}, [ours, theirs], 4)

    history = log(repository, blog, merge)

    assert {commit.id for commit in history.commits} == {base, ours, theirs, merge}
    assert of(history, theirs) == [("a.md", blob(blog, TWO), "a.md", blob(blog, ONE))]
    assert of(history, merge) == [("", "", "a.md", blob(blog, TWO))]


def test_a_file_that_a_merge_drops_has_a_row_that_ends_it(blog: Builder, repository: Repository) -> None:
    """9 and A2: no commit deletes it, the merge merely does not have it."""
    base = blog.commit({"o.md": b"o"}, date=1)
    ours = blog.commit({"o.md": b"o", "a.md": ONE}, [base], 2)
    theirs = blog.commit({"o.md": b"p"}, [base], 3)
    merge = blog.commit({"o.md": b"p"}, [theirs, ours], 4)

    assert of(log(repository, blog, merge), merge) == [
        ("", "", "a.md", blob(blog, ONE)),
        ("", "", "o.md", blob(blog, b"o")),
    ]


def test_a_rename_on_a_branch_ends_the_old_name_at_the_merge_too(blog: Builder, repository: Repository) -> None:
    """A1: main kept the old name until then."""
    base = blog.commit({"a.md": ONE}, date=1000)
    main = blog.commit({"a.md": ONE, "blog.toml": b"t"}, [base], 1010)
    branch = blog.commit({"b.md": ONE}, [base], 1005)
    merge = blog.commit({"b.md": ONE, "blog.toml": b"t"}, [main, branch], 1020)
    content = blob(blog, ONE)

    history = log(repository, blog, merge)

    assert of(history, branch) == [("b.md", content, "a.md", content)]
    assert of(history, merge) == [("", "", "a.md", content), ("blog.toml", blob(blog, b"t"), "", "")]


def test_a_merge_solved_by_hand_comes_from_both_sides(blog: Builder, repository: Repository) -> None:
    """An evil merge, with a rename made in it."""
    base = blog.commit({"a.md": POST}, date=1)
    left = blog.commit({"a.md": ONE}, [base], 2)
    right = blog.commit({"a.md": TWO}, [base], 3)
    both = POST + b"1\n2\n"
    merge = blog.commit({"n.md": both}, [left, right], 4)

    assert of(log(repository, blog, merge), merge) == sorted(
        [("n.md", blob(blog, both), "a.md", blob(blog, ONE)), ("n.md", blob(blog, both), "a.md", blob(blog, TWO))]
    )


def test_an_octopus_is_compared_with_each_parent(blog: Builder, repository: Repository) -> None:
    """What came unchanged from one of them only ends what the others had."""
    base = blog.commit({"a.md": POST}, date=1)
    sides = [blog.commit({"a.md": POST, f"{name}.md": ONE}, [base], 2) for name in "xyz"]
    edited = blog.commit({"a.md": TWO}, [base], 3)
    tree = {"a.md": TWO, "x.md": ONE, "y.md": ONE, "z.md": ONE, "new.md": b"made in the merge"}
    merge = blog.commit(tree, [*sides, edited], 4)

    assert of(log(repository, blog, merge), merge) == [
        ("", "", "a.md", blob(blog, POST)),
        ("new.md", blob(blog, b"made in the merge"), "", ""),
    ]


def test_a_merge_that_changes_nothing_is_still_a_commit(blog: Builder, repository: Repository) -> None:
    """git prints its header once, with nothing below."""
    base = blog.commit({"a.md": ONE}, date=1)
    merge = blog.commit({"a.md": ONE}, [base, base], 2)
    empty = blog.commit({"a.md": ONE}, [merge], 3)

    history = log(repository, blog, empty)

    assert [commit.id for commit in history.commits] == [base, merge, empty]
    assert {change.commit for change in history.changes} == {base}


def test_a_shallow_boundary_has_other_rows_than_the_deepened_commit(tmp_path: Path, blog: Builder) -> None:
    """10: which is why the list of shallow commits shapes the log."""
    first = blog.commit({"a.md": ONE, "b.md": b"b"}, date=1)
    second = blog.commit({"a.md": TWO, "b.md": b"b"}, [first], 2, "main")
    run_git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", f"file://{blog.path}", "shallow.git")
    shallow = open_repository(Location(str(tmp_path / "shallow.git"), tmp_path / "data"))

    before = of(shallow.log(second, None, TRACKING), second)
    run_git(tmp_path / "shallow.git", "fetch", "--quiet", "--unshallow", "origin", "main")
    after = of(shallow.log(second, None, TRACKING), second)

    assert before == [("a.md", blob(blog, TWO), "", ""), ("b.md", blob(blog, b"b"), "", "")]
    assert after == [("a.md", blob(blog, TWO), "a.md", blob(blog, ONE))]


def test_links_modules_and_modes_are_no_versions(blog: Builder, repository: Repository) -> None:
    """A file that becomes a link ends; one that becomes executable goes on without a row."""
    first = blog.commit({"a.md": ONE, "b.md": TWO, "c.md": Special("120000", b"a.md")}, date=1)
    tree: dict[str, bytes | Special] = {
        "a.md": Special("120000", ONE), "b.md": Special("100755", TWO), "c.md": POST,
        "m.md": Special("160000", first.encode()),
    }  # fmt: skip
    second = blog.commit(tree, [first], 2)

    history = log(repository, blog, second)

    assert of(history, first) == [("a.md", blob(blog, ONE), "", ""), ("b.md", blob(blog, TWO), "", "")]
    assert of(history, second) == [("", "", "a.md", blob(blog, ONE)), ("c.md", blob(blog, POST), "", "")]


def test_of_two_files_that_resemble_one_that_went_one_is_its_heir(blog: Builder, repository: Repository) -> None:
    """An old path is used once; the other file is new."""
    first = blog.commit({"a.md": POST}, date=1)
    second = blog.commit({"b.md": POST, "c.md": POST}, [first], 2)
    content = blob(blog, POST)

    rows = of(log(repository, blog, second), second)

    assert len(rows) == 2
    assert ("", "") in {row[2:] for row in rows}
    assert ("a.md", content) in {row[2:] for row in rows}


@pytest.mark.parametrize("name", ["käse\n\t\"'.md", "\udcff\udcfe.md", ":100644 x.md", "\x01abc.md", "-x.md", " .md"])
def test_a_path_comes_as_git_stores_it(blog: Builder, repository: Repository, name: str) -> None:
    """Bytes that are no UTF-8 survive; nothing is quoted."""
    first = blog.commit({name: ONE}, date=1, branch="main")

    assert log(repository, blog, first).changes == (Change(first, name, blob(blog, ONE), "", ""),)
    assert [entry.path for entry in repository.tree(first)] == [name]


def test_posts_moved_and_edited_in_one_commit_are_known_again(blog: Builder, repository: Repository) -> None:
    """12: above git's own limit of 1,000 (a move from another generator, every base name new)."""
    old = {f"old/{number}.md": b"%d\n" % number * 50 for number in range(1100)}
    new = {f"new/x{number}.md": data + b"layout\n" for number, data in enumerate(old.values())}
    first = blog.commit(old, date=1)
    second = blog.commit(new, [first], 2)

    history = log(repository, blog, second)

    rows = of(history, second)
    assert len(rows) == 1100
    assert all(path and old_path for path, _, old_path, _ in rows)
    assert history.unmatched == ()
