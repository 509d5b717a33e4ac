"""Reading a repository in place: trees, differences, bytes, and every shape that a local path can have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitblog.errors import ObjectMissingError, SourceError
from gitblog.model import TreeEntry
from gitblog.source import repository as repository_module
from gitblog.source.locations import Location
from gitblog.source.log import Log, Tracking
from gitblog.source.repository import ChangedPath, Repository, open_repository
from tests.history_builder import Builder, Special, run_git


@pytest.fixture
def blog(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "blog.git")


def opened(blog: Builder | Path, content_dir: str = "", branch: str = "") -> Repository:
    path = blog if isinstance(blog, Path) else blog.path
    return open_repository(Location(str(path), path.parent / "data", branch, content_dir))


def work_tree(path: Path) -> Path:
    path.mkdir(parents=True)
    run_git(path, "init", "--quiet", "--initial-branch=main")
    return path


def commit_file(path: Path, name: str, text: str) -> str:
    (path / name).write_text(text)
    run_git(path, "add", "--all")
    run_git(path, "commit", "--quiet", "--message", name)
    return run_git(path, "rev-parse", "HEAD")


def failure(repository: Repository) -> SourceError:
    with pytest.raises(SourceError) as caught:
        repository.fetch()
    return caught.value


def blob_id(repository: Repository, revision: str, path: str) -> str:
    return next(entry.blob_id for entry in repository.tree(revision) if entry.path == path)


def test_a_tree_lists_regular_files_below_the_sites_folder(blog: Builder) -> None:
    """No symbolic links, no submodules; sizes, odd names and executables included."""
    first = blog.commit({"x": b""}, date=1)
    tree: dict[str, bytes | Special] = {
        "content/a.md": b"four",
        "content/käse/b c.md": b"",
        'content/\udcff\n\t".md': b"x",
        "content/run.sh": Special("100755", b"#!"),
        "content/link.md": Special("120000", b"/etc/passwd"),
        "content/module": Special("160000", first.encode()),
        "elsewhere.md": b"x",
    }
    revision = blog.commit(tree, [first], 2, "main")
    repository = opened(blog, "content")

    assert repository.fetch() == revision
    assert {(entry.path, entry.size) for entry in repository.tree(revision)} == {
        ("a.md", 4), ("käse/b c.md", 0), ("\udcff\n\t\".md", 1), ("run.sh", 2),
    }  # fmt: skip
    empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert TreeEntry("käse/b c.md", empty, 0) in repository.tree(revision)


@pytest.mark.parametrize(("content_dir", "part"), [("nowhere", "nowhere does not exist"), ("file", "file is a file")])
def test_a_folder_that_is_none_is_an_error(blog: Builder, content_dir: str, part: str) -> None:
    """Never an empty site."""
    revision = blog.commit({"file": b"x", "posts/a.md": b"a"}, date=1, branch="main")

    with pytest.raises(SourceError, match=part) as caught:
        opened(blog, content_dir).tree(revision)

    assert caught.value.reason == "no-folder"


def test_an_unknown_revision_is_told(blog: Builder) -> None:
    """A lost clone: the indexed revision is not there."""
    blog.commit({"a.md": b"a"}, date=1, branch="main")
    repository = opened(blog)

    assert repository.has("0" * 40) is False
    with pytest.raises(ObjectMissingError, match="0000 is not in"):
        repository.tree("0" * 40)
    with pytest.raises(SourceError, match="not a full commit id"):
        repository.tree("--output=x")
    with pytest.raises(SourceError, match="not a full commit id"):
        repository.has("main")


def test_changed_paths_are_those_whose_regular_file_differs(blog: Builder) -> None:
    """A rename is two paths; a mode alone, a link or a file elsewhere is none."""
    old = blog.commit(
        {
            "s/kept.md": b"k", "s/edited.md": b"1", "s/gone.md": b"g", "s/renamed.md": b"r" * 99,
            "s/mode.md": b"m", "s/becomes-link.md": b"l", "s/link.md": Special("120000", b"x"), "o.md": b"1",
        },
        date=1,
    )  # fmt: skip
    new = blog.commit(
        {
            "s/kept.md": b"k", "s/edited.md": b"2", "s/new-name.md": b"r" * 99, "s/mode.md": Special("100755", b"m"),
            "s/becomes-link.md": Special("120000", b"l"), "s/link.md": Special("120000", b"y"), "o.md": b"2",
        },
        [old], 2, "main",
    )  # fmt: skip
    repository = opened(blog, "s")
    before = {entry.path: entry.blob_id for entry in repository.tree(old)}
    after = {entry.path: entry.blob_id for entry in repository.tree(new)}

    assert repository.changed_paths(old, new) == (
        ChangedPath("becomes-link.md", before["becomes-link.md"], ""),
        ChangedPath("edited.md", before["edited.md"], after["edited.md"]),
        ChangedPath("gone.md", before["gone.md"], ""),
        ChangedPath("new-name.md", "", after["new-name.md"]),
        ChangedPath("renamed.md", before["renamed.md"], ""),
    )
    assert repository.changed_paths(new, new) == ()


def test_a_folder_that_is_new_counts_as_empty_before(blog: Builder) -> None:
    """A repository that got its content folder later; that it loses it is an error."""
    old = blog.commit({"readme.md": b"r"}, date=1)
    new = blog.commit({"content/a.md": b"a"}, [old], 2, "main")
    repository = opened(blog, "content")

    assert repository.changed_paths(old, new) == (ChangedPath("a.md", "", blob_id(repository, new, "a.md")),)
    with pytest.raises(SourceError) as caught:
        repository.changed_paths(new, old)
    assert caught.value.reason == "no-folder"


def test_bytes_are_read_as_they_are_and_large_ones_are_left_out(blog: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each blob once, whatever it holds, in batches of bounded size."""
    monkeypatch.setattr(repository_module, "_BATCH_BYTES", 3_000)
    files: dict[str, bytes] = {f"{number}.bin": os.urandom(number * 10) for number in range(60)}
    files |= {"text": b"blob 4\nmissing\n\0", "large": b"x" * 5_000, "empty": b""}
    revision = blog.commit(files, date=1, branch="main")
    repository = opened(blog)
    ids = {entry.path: entry.blob_id for entry in repository.tree(revision)}
    wanted = [*ids.values(), *ids.values()]

    read = list(repository.read(wanted, 4_999))

    assert len(read) == len(set(ids.values()))
    assert dict(read) == {ids[path]: None if path == "large" else data for path, data in files.items()}
    assert list(repository.read([], 10)) == []
    assert list(repository.read([ids["large"]], 5_000)) == [(ids["large"], b"x" * 5_000)]


def test_a_blob_that_is_not_there_is_told(blog: Builder) -> None:
    """So is the id of something else."""
    revision = blog.commit({"a.md": b"a"}, date=1, branch="main")
    repository = opened(blog)

    for identity in ("0" * 40, revision):
        with pytest.raises(ObjectMissingError, match=f"object {identity} "):
            list(repository.read([identity], 10))


def test_a_blob_whose_size_cannot_be_read_is_told(blog: Builder) -> None:
    """git prints BAD for it in the tree and goes on as if nothing were wrong."""
    revision = blog.commit({"a.md": b"a", "b.md": b"b"}, date=1, branch="main")
    repository = opened(blog)
    broken = blob_id(repository, revision, "b.md")
    path = blog.path / "objects" / broken[:2] / broken[2:]
    path.chmod(0o600)
    path.write_bytes(b"rubbish")

    with pytest.raises(ObjectMissingError, match=f"object {broken} ") as caught:
        repository.tree(revision)

    assert caught.value.reason == "damaged"


def test_a_work_tree_is_read_at_its_checked_out_branch_without_its_uncommitted_files(tmp_path: Path) -> None:
    """The fetch is a look; nothing is written into the repository."""
    path = work_tree(tmp_path / "site")
    first = commit_file(path, "a.md", "a")
    (path / "b.md").write_text("not committed")
    repository = opened(path)

    assert (repository.fetch(), repository.branch, repository.present) == (first, "main", True)
    assert [entry.path for entry in repository.tree(first)] == ["a.md"]

    run_git(path, "checkout", "--quiet", "-b", "next")
    second = commit_file(path, "b.md", "b")

    assert (repository.fetch(), repository.branch) == (second, "next")
    assert opened(path, branch="main").fetch() == first
    repository.discard()
    repository.pack()
    assert repository.fetch() == second
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["git.config"]


def test_a_tag_with_the_branchs_name_does_not_take_its_place(tmp_path: Path) -> None:
    """Names are always given in full."""
    path = work_tree(tmp_path / "site")
    first = commit_file(path, "a.md", "a")
    run_git(path, "tag", "main", first)
    second = commit_file(path, "b.md", "b")
    repository = opened(path)

    assert (repository.fetch(), repository.branch) == (second, "main")
    assert opened(path, branch="main").fetch() == second


def test_a_detached_head_is_read_at_its_commit(tmp_path: Path) -> None:
    """It has no branch."""
    path = work_tree(tmp_path / "site")
    first = commit_file(path, "a.md", "a")
    commit_file(path, "b.md", "b")
    run_git(path, "checkout", "--quiet", "--detach", first)
    repository = opened(path)

    assert (repository.fetch(), repository.branch) == (first, "")


def test_a_linked_work_tree_is_read_at_its_own_branch(tmp_path: Path) -> None:
    """Its `.git` is a file."""
    path = work_tree(tmp_path / "site")
    commit_file(path, "a.md", "a")
    run_git(path, "worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    second = commit_file(tmp_path / "linked", "b.md", "b")
    repository = opened(tmp_path / "linked")

    assert (repository.fetch(), repository.branch) == (second, "linked")
    assert repository.warnings == ()


def test_a_path_that_is_no_repository_says_what_to_set(tmp_path: Path) -> None:
    """Missing, a plain folder, a file, or a folder inside a repository."""
    path = work_tree(tmp_path / "site")
    (path / "posts").mkdir()
    commit_file(path, "posts/a.md", "a")
    (tmp_path / "plain").mkdir()
    (tmp_path / "file").write_text("x")

    for name in ("nowhere", "plain", "file"):
        error = failure(opened(tmp_path / name))
        assert (error.reason, name in error.message) == ("no-repository", True)
    error = failure(open_repository(Location(str(path / "posts"), tmp_path / "data")))
    assert error.reason == "no-repository"
    assert error.message.endswith("set CONTENT_REPO to the repository's top and CONTENT_DIR to posts")


def test_no_commit_and_no_branch_are_told_apart(tmp_path: Path) -> None:
    """Each says what to do, and neither empties the site."""
    path = work_tree(tmp_path / "site")

    assert failure(opened(path)).reason == "empty"
    assert failure(opened(path, branch="main")).reason == "empty"
    commit_file(path, "a.md", "a")
    assert failure(opened(path, branch="nope")).reason == "no-branch"
    run_git(path, "symbolic-ref", "HEAD", "refs/heads/gone")
    assert failure(opened(path)).reason == "no-branch"


def test_a_shallow_repository_is_read_with_a_warning_and_shapes_the_log(tmp_path: Path) -> None:
    """10: once deepened, the whole log has to be read again."""
    path = work_tree(tmp_path / "site")
    for number in range(3):
        commit_file(path, f"{number}.md", "x")
    run_git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{path}", "shallow")
    repository = opened(tmp_path / "shallow")
    revision = repository.fetch()
    before = repository.shape()

    assert "is a shallow clone" in "".join(repository.warnings)
    assert f"shallow {revision}" in before.splitlines()
    run_git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    assert repository.warnings == ()
    repository.fetch()
    assert repository.shape() == before.replace(f"\nshallow {revision}", "")


def test_the_shape_names_folder_repository_and_gits_version(blog: Builder) -> None:
    """And not the branch: a row depends on its commit alone."""
    version = ".".join(run_git(blog.path, "version").split()[2].split(".")[:2])

    assert opened(blog, "content", "main").shape() == f"folder content\nrepository {blog.path}\ngit {version}"
    assert opened(blog, "content", "next").shape() == opened(blog, "content", "main").shape()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
@pytest.mark.parametrize("bare", [True, False])
def test_a_repository_of_another_user_is_read(tmp_path: Path, bare: bool) -> None:
    """The operator chose it, so git's "dubious ownership" is answered for exactly this path."""
    path = work_tree(tmp_path / "site")
    revision = commit_file(path, "a.md", "a")
    if bare:
        run_git(tmp_path, "clone", "--quiet", "--bare", str(path), "bare.git")
        path = tmp_path / "bare.git"
    for entry in [path, *path.rglob("*")]:
        os.lchown(entry, 65534, 65534)

    assert opened(path).fetch() == revision


def test_nothing_in_a_repositorys_configuration_is_run_or_obeyed(tmp_path: Path) -> None:
    """It may be another person's: hooks, monitors, signatures, filters, orders and taste in renames."""
    path = work_tree(tmp_path / "site")
    first = commit_file(path, "a.md", "line\n" * 50)
    run_git(path, "mv", "a.md", "b.md")
    renamed = commit_file(path, "c.md", "c")
    run_git(path, "checkout", "--quiet", "-b", "side", first)
    commit_file(path, "side.md", "s")
    run_git(path, "checkout", "--quiet", "main")
    run_git(path, "merge", "--quiet", "--strategy=ours", "--message=merge", "side")
    signed = run_git(path, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    second = run_git(path, "hash-object", "-t", "commit", "-w", "--stdin", data=f"{signed}\n".encode())
    run_git(path, "reset", "--quiet", "--hard", second)
    plain = run_log(opened(path), second)
    assert renamed in {commit.id for commit in plain.commits}
    assert second in {change.commit for change in plain.changes}
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(tmp_path),
        "core.pager": str(trap),
        "log.showSignature": "true",
        "gpg.program": str(trap),
        "diff.external": str(trap),
        "diff.renames": "false",
        "diff.orderFile": str(tmp_path / "nowhere"),
        "diff.relative": "true",
        "log.diffMerges": "off",
        "log.date": "human",
        "core.quotePath": "true",
        "format.pretty": "raw",
    }.items():
        run_git(path, "config", key, value)

    repository = opened(path)

    assert repository.fetch() == second
    assert [entry.path for entry in repository.tree(second)] == ["b.md", "c.md"]
    assert {change.path for change in repository.changed_paths(first, second)} == {"a.md", "b.md", "c.md"}
    assert run_log(repository, second) == plain
    assert not (tmp_path / "sprung").exists()


def run_log(repository: Repository, revision: str) -> Log:
    return repository.log(revision, None, Tracking(lambda path: path, lambda path: False))


def test_replace_refs_and_grafts_change_nothing(blog: Builder) -> None:
    """History is what the commits say."""
    first = blog.commit({"a.md": b"a"}, date=1)
    second = blog.commit({"b.md": b"b"}, [first], 2, "main")
    other = blog.commit({"o.md": b"o"}, date=3, branch="other")
    run_git(blog.path, "replace", second, other)
    (blog.path / "info").mkdir(exist_ok=True)
    (blog.path / "info" / "grafts").write_text(f"{second}\n")
    repository = opened(blog)

    assert [entry.path for entry in repository.tree(second)] == ["b.md"]
    assert repository.commit_ids(second) == {first, second}


def test_what_the_environment_sets_for_git_does_not_reach_ours(
    blog: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook, where GIT_DIR and others name another repository."""
    revision = blog.commit({"a.md": b"a"}, date=1, branch="main")
    other = Builder(tmp_path / "other.git")
    other.commit({"o.md": b"o"}, date=1, branch="main")
    for name, value in {
        "GIT_DIR": str(other.path),
        "GIT_OBJECT_DIRECTORY": str(other.path / "objects"),
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_CONFIG_PARAMETERS": "'core.bare=rubbish'",
        "GIT_EXTERNAL_DIFF": "false",
    }.items():
        monkeypatch.setenv(name, value)
    repository = opened(blog)

    assert repository.fetch() == revision
    assert [entry.path for entry in repository.tree(revision)] == ["a.md"]
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("location", "variable"),
    [
        (Location("ext::sh -c id", Path("data")), "CONTENT_REPO"),
        (Location("https://u:canary@h/x", Path("data")), "CONTENT_REPO"),
        (Location("http://h/x", Path("data"), token="canary"), "CONTENT_REPO"),
        (Location("/x", Path("data"), "--output=x"), "CONTENT_BRANCH"),
        (Location("/x", Path("data"), "", "../x"), "CONTENT_DIR"),
    ],
)
def test_a_location_is_checked_before_anything_is_done(
    location: Location, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable and shows no credential; nothing is written."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SourceError) as caught:
        open_repository(location)

    assert caught.value.reason == "location"
    assert caught.value.message.startswith(f"{variable} ")
    assert "canary" not in caught.value.message
    assert list(tmp_path.iterdir()) == []
