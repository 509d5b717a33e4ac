"""git's raw log as commits and changes, from bytes written by hand in the form that git gives them."""

from __future__ import annotations

import pytest

from gitblog.errors import SourceError
from gitblog.model import Change, Commit
from gitblog.source.log import Log, Tracking, parse_log

ONE, TWO, THREE, FOUR = ("1" * 40, "2" * 40, "3" * 40, "4" * 40)
A, B, C = ("a" * 40, "b" * 40, "c" * 40)
ZERO = "0" * 40


def site_path(path: str) -> str | None:
    if not path.startswith("site/") or not path.endswith((".md", ".toml")):
        return None
    return path.removeprefix("site/")


TRACKING = Tracking(site_path, lambda path: path == "blog.toml")


def header(commit: str, *parents: str, date: int = 1000) -> bytes:
    return f"\x01{commit} {date} {' '.join(parents)}\0".encode()


def entry(status: str, old: str, new: str, *paths: str, modes: str = "100644 100644") -> bytes:
    old_mode, new_mode = modes.split()
    old_mode = "000000" if old == ZERO else old_mode
    new_mode = "000000" if new == ZERO else new_mode
    names = "".join(f"{path}\0" for path in paths)
    return f":{old_mode} {new_mode} {old} {new} {status}\0{names}".encode("utf-8", "surrogateescape")


def rows(*parts: bytes) -> list[tuple[str, str, str, str]]:
    """Parse one commit's output and give its changes without the commit's id."""
    log = parse_log(b"".join(parts), TRACKING)
    assert {change.commit for change in log.changes} <= {log.commits[-1].id}
    return [(change.path, change.blob, change.old_path, change.old_blob) for change in log.changes]


def test_commits_come_in_the_order_and_with_the_parents_that_git_printed() -> None:
    """A commit that changed nothing tracked is still a commit: it carries the order."""
    output = header(ONE) + b"\0" + header(TWO, ONE, date=-5) + b"\n" + entry("A", ZERO, A, "other.txt")

    assert parse_log(output, TRACKING) == Log((Commit(ONE, (), 1000), Commit(TWO, (ONE,), -5)), ())


def test_a_history_without_commits_is_empty() -> None:
    """`tip ^tip` prints nothing."""
    assert parse_log(b"", TRACKING) == Log((), ())


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param(entry("A", ZERO, A, "site/a.md"), [("a.md", A, "", "")], id="added"),
        pytest.param(entry("M", A, B, "site/a.md"), [("a.md", B, "a.md", A)], id="edited"),
        pytest.param(entry("D", A, ZERO, "site/a.md"), [("", "", "a.md", A)], id="deleted"),
        pytest.param(entry("R090", A, B, "site/a.md", "site/b.md"), [("b.md", B, "a.md", A)], id="renamed"),
        pytest.param(entry("R100", A, A, "site/a.md", "old.md"), [("", "", "a.md", A)], id="moved-out"),
        pytest.param(entry("R100", A, A, "draft.md", "site/a.md"), [("a.md", A, "", "")], id="moved-in"),
        pytest.param(entry("R100", A, A, "site/a.md", "site/a.txt"), [("", "", "a.md", A)], id="extension"),
        pytest.param(entry("M", A, B, "a.md"), [], id="outside"),
        pytest.param(
            entry("R080", A, B, "site/blog.toml", "site/a.md"),
            [("", "", "blog.toml", A), ("a.md", B, "", "")],
            id="configuration-becomes-post",
        ),
        pytest.param(
            entry("R080", A, B, "site/a.md", "site/blog.toml"),
            [("", "", "a.md", A), ("blog.toml", B, "", "")],
            id="post-becomes-configuration",
        ),
        pytest.param(entry("T", A, B, "site/a.md", modes="100644 120000"), [("", "", "a.md", A)], id="becomes-symlink"),
        pytest.param(entry("T", A, B, "site/a.md", modes="120000 100755"), [("a.md", B, "", "")], id="was-symlink"),
        pytest.param(entry("M", A, B, "site/a.md", modes="120000 120000"), [], id="symlink-edited"),
        pytest.param(entry("T", A, B, "site/a.md", modes="160000 100644"), [("a.md", B, "", "")], id="was-submodule"),
        pytest.param(entry("A", ZERO, A, "site/a.md", modes="000000 160000"), [], id="submodule-added"),
        pytest.param(
            entry("R100", A, A, "site/a.md", "site/b.md", modes="100644 100755"),
            [("b.md", A, "a.md", A)],
            id="renamed-and-executable",
        ),
        pytest.param(entry("M", A, A, "site/a.md", modes="100644 100755"), [], id="only-executable"),
        pytest.param(entry("C090", A, B, "site/a.md", "site/b.md"), [("b.md", B, "", "")], id="copied"),
        pytest.param(entry("A", ZERO, A, "site/\udcff.md"), [("\udcff.md", A, "", "")], id="not-utf-8"),
        pytest.param(entry("A", ZERO, A, "site/:100644 x\n.md"), [(":100644 x\n.md", A, "", "")], id="odd-path"),
    ],
)
def test_an_entry_becomes_the_sides_that_are_tracked_regular_files(
    printed: bytes, expected: list[tuple[str, str, str, str]]
) -> None:
    """`''` stands for absence, for other modes, for paths outside the site, and for other files."""
    assert rows(header(TWO, ONE), b"\n", printed) == expected


def test_a_path_that_looks_like_a_header_is_a_path() -> None:
    """Paths are taken right after their entry, so no path can pretend to be another commit."""
    tracking = Tracking(lambda path: path, lambda path: False)
    output = header(TWO, ONE) + b"\n" + entry("A", ZERO, A, f"\x01{THREE} 1 ") + entry("D", A, ZERO, "")

    assert parse_log(output, tracking).changes == (
        Change(TWO, "", "", "", A),
        Change(TWO, f"\x01{THREE} 1 ", A, "", ""),
    )


def test_the_rows_of_a_commit_are_sorted_and_equal_ones_come_once() -> None:
    """The order must not depend on git's; two parents may print the same row."""
    first = header(THREE, ONE, TWO) + b"\n" + entry("M", A, C, "site/b.md") + entry("M", A, B, "site/a.md")
    second = header(THREE, ONE, TWO) + b"\n" + entry("M", A, B, "site/a.md") + entry("M", A, C, "site/b.md")

    assert rows(first, b"\0", second) == [("a.md", B, "a.md", A), ("b.md", C, "b.md", A)]


def test_a_file_that_differs_from_every_parent_is_an_ordinary_change_of_the_merge() -> None:
    """A conflict solved by hand: both former versions lead to it, a rename made in the merge included."""
    output = (
        header(THREE, ONE, TWO) + b"\n" + entry("R070", A, C, "site/a.md", "site/n.md") + b"\0",
        header(THREE, ONE, TWO) + b"\n" + entry("M", B, C, "site/n.md"),
    )

    assert rows(*output) == [("n.md", C, "a.md", A), ("n.md", C, "n.md", B)]


def test_a_file_that_a_merge_took_from_another_parent_only_ends_what_this_one_had() -> None:
    """A1: a rename on a branch ends the old version at the merge too, and joins nothing there."""
    output = header(THREE, ONE, TWO) + b"\n" + entry("R100", A, A, "site/a.md", "site/b.md")

    assert rows(output) == [("", "", "a.md", A)]


def test_a_file_that_a_merge_brings_to_a_parent_without_it_is_no_row() -> None:
    """Its own commit on the other branch has the row."""
    assert rows(header(THREE, ONE, TWO) + b"\n" + entry("A", ZERO, A, "site/a.md")) == []


def test_a_file_that_a_merge_drops_is_ended_by_it() -> None:
    """A2 and 9: `pull -s ours` has no other row that says that the post went."""
    assert rows(header(THREE, ONE, TWO) + b"\n" + entry("D", A, ZERO, "site/a.md")) == [("", "", "a.md", A)]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (entry("A", ZERO, A, "site/blog.toml"), [("blog.toml", A, "", "")]),
        (entry("M", A, B, "site/blog.toml"), [("", "", "blog.toml", A)]),
        (
            entry("R080", A, B, "site/a.md", "site/blog.toml"),
            [("", "", "a.md", A), ("blog.toml", B, "", "")],
        ),
    ],
)
def test_a_configuration_taken_where_a_parent_had_none_is_stored(
    printed: bytes, expected: list[tuple[str, str, str, str]]
) -> None:
    """A regime begins on that side of history only with the merge."""
    assert rows(header(THREE, ONE, TWO) + b"\n" + printed) == expected


def test_an_octopus_counts_all_its_parents() -> None:
    """Printed for two of three parents: the file came unchanged from the third."""
    first = header(FOUR, ONE, TWO, THREE) + b"\n" + entry("M", A, C, "site/a.md") + b"\0"
    second = header(FOUR, ONE, TWO, THREE) + b"\n" + entry("M", B, C, "site/a.md") + b"\0"
    third = header(FOUR, ONE, TWO, THREE) + b"\n" + entry("A", ZERO, C, "site/a.md")

    assert rows(first, second) == [("", "", "a.md", A), ("", "", "a.md", B)]
    assert rows(first, second, third) == [("a.md", C, "", ""), ("a.md", C, "a.md", A), ("a.md", C, "a.md", B)]


def test_a_mode_that_differs_does_not_make_a_merge_the_author_of_a_file() -> None:
    """The version is path and blob: here the merge took it from the first parent."""
    first = header(THREE, ONE, TWO) + b"\n" + entry("M", C, C, "site/a.md", modes="100644 100755") + b"\0"
    second = header(THREE, ONE, TWO) + b"\n" + entry("M", A, C, "site/a.md", modes="100644 100755")

    assert rows(first, second) == [("", "", "a.md", A)]


def test_a_commit_with_too_many_unmatched_files_is_named() -> None:
    """git looks for renames with edits only up to added times removed = 10,000 squared."""
    removed = b"".join(entry("D", A, ZERO, f"x/{number}") for number in range(10_000))
    added = b"".join(entry("A", ZERO, B, f"y/{number}") for number in range(10_001))

    assert parse_log(header(TWO, ONE) + b"\n" + removed + added, TRACKING).unmatched == (TWO,)
    assert parse_log(header(TWO, ONE) + b"\n" + removed, TRACKING).unmatched == ()


@pytest.mark.parametrize("output", [b"fatal: x\0", b":100644 100644 a b M\0a\0", header(ONE) + b"rubbish\0"])
def test_what_is_not_gits_format_is_an_error(output: bytes) -> None:
    """Nothing is guessed: a wrong row would stay for ever."""
    with pytest.raises(SourceError) as caught:
        parse_log(output, TRACKING)

    assert caught.value.reason == "git-failed"
