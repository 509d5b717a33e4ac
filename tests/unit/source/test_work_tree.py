"""A folder on disk read in git's terms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitblog.errors import SourceError
from gitblog.model import TreeEntry
from gitblog.source.work_tree import read_folder


def test_a_folder_is_listed_with_the_ids_that_git_gives_its_files(tmp_path: Path) -> None:
    """The ids are those of `git hash-object`; links and git's own folders are left out."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "a.md").write_bytes(b"hello\n")
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "link.md").symlink_to("/etc/passwd")
    (tmp_path / "linked").symlink_to(tmp_path / "posts")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("x")
    (tmp_path / "nested" / ".git").mkdir(parents=True)
    (tmp_path / "nested" / "b.md").write_text("x")
    os.mkfifo(tmp_path / "pipe.md")

    entries, read = read_folder(tmp_path)

    assert entries == (
        TreeEntry("empty.md", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", 0),
        TreeEntry("posts/a.md", "ce013625030ba8dba906f756967f9e9ca394464a", 6),
    )
    ids = [entry.blob_id for entry in entries]
    assert list(read(ids, 5)) == [(ids[0], b""), (ids[1], None)]
    assert list(read(ids, 6)) == [(ids[0], b""), (ids[1], b"hello\n")]


def test_paths_are_relative_to_the_sites_folder(tmp_path: Path) -> None:
    """As in a revision's tree."""
    (tmp_path / "site" / "posts").mkdir(parents=True)
    (tmp_path / "site" / "posts" / "a.md").write_text("a")
    (tmp_path / "b.md").write_text("b")

    assert [entry.path for entry in read_folder(tmp_path, "site")[0]] == ["posts/a.md"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Nothing is listed where there is nothing to list."""
    with pytest.raises(SourceError, match="nowhere is not a folder") as caught:
        read_folder(tmp_path, "nowhere")

    assert caught.value.reason == "no-folder"


def test_a_file_that_vanished_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The next try lists anew."""
    (tmp_path / "a.md").write_text("a")
    entries, read = read_folder(tmp_path)
    (tmp_path / "a.md").unlink()

    with pytest.raises(SourceError, match=r"a\.md") as caught:
        list(read([entries[0].blob_id], 10))

    assert caught.value.reason == "changed"
