"""Limits of a whole repository: what is beyond them is refused as a whole, and what is live stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitblog.errors import SourceError
from gitblog.index import schema
from gitblog.index.database import open_database
from gitblog.index.stored import Stored
from gitblog.source import log
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync import plan
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.history_builder import Builder


def test_too_many_files_are_refused_by_a_push_and_by_a_rebuild_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count of a tip follows from the tip, however the index came to it."""
    monkeypatch.setattr(plan, "MAX_FILES", 3)
    builder = Builder(tmp_path / "blog")
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    sync = Sync(open_repository(Location(str(builder.path), tmp_path / "data")), database, Renderer())
    tree = {"posts/a.md": b"# A\n", "static/x": b"x", ".hidden": b""}
    first = builder.commit(tree, [], 1_600_000_000, "main")
    run(sync)
    second = builder.commit({**tree, "_y/z": b"z"}, [first], 1_600_000_100, "main")

    message = "the site's folder holds 4 files, and at most 3 are indexed; "
    with pytest.raises(SourceError, match=message):
        run(sync)
    with pytest.raises(SourceError, match=message):
        compute_everything(sync, second, lambda blobs: None)
    site = Stored(database).site()
    assert site is not None
    assert (site.site.revision, site.site.files) == (first, 3)

    third = builder.commit({"posts/a.md": b"# A\n"}, [second], 1_600_000_200, "main")
    run(sync)
    site = Stored(database).site()
    assert site is not None
    assert (site.site.revision, site.site.files) == (third, 1)
    database.dispose()


def test_a_commit_that_git_found_too_large_for_renames_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old addresses are lost by that, so whoever runs the site is told which commit it was."""
    monkeypatch.setattr(log, "RENAME_LIMIT", 1)
    builder = Builder(tmp_path / "blog")
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    sync = Sync(open_repository(Location(str(builder.path), tmp_path / "data")), database, Renderer())
    first = builder.commit({f"posts/{n}.md": f"# {n}\n".encode() for n in range(3)}, [], 1_600_000_000, "main")
    assert run(sync).warnings == ()
    moved = builder.commit({f"posts/m{n}.md": f"# m{n}\n".encode() for n in range(3)}, [first], 1_600_000_100, "main")

    (warning,) = run(sync).warnings
    assert warning.startswith(f"commit {moved} adds and removes so many files that git looked for no renames")
    database.dispose()
