"""A real repository with its real history: proof of scale, for it holds no merge and few renames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from gitblog.index import schema, writer
from gitblog.index.database import open_database
from gitblog.source.locations import Location
from gitblog.source.repository import open_repository
from gitblog.sync.pipeline import Sync, compute_everything, run
from gitblog.sync.rendering import Renderer
from tests.history_builder import run_git

BUNDLE = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "plain-til" / "repo.bundle"
STEPS = 10
COMMITS = 200


def _drop(blobs: Iterable[tuple[str, bytes]]) -> None:
    for _ in blobs:
        pass


def test_a_blog_of_577_posts_grown_in_ten_pushes_equals_a_rebuild_after_each(tmp_path: Path) -> None:
    """The last two hundred commits arrive in ten pushes."""
    if not BUNDLE.exists():
        pytest.skip("the blog plain-til lies outside the project and is absent")
    repository = tmp_path / "til.git"
    run_git(tmp_path, "clone", "--quiet", "--bare", str(BUNDLE), str(repository))
    commits = run_git(repository, "rev-list", "--first-parent", f"--max-count={COMMITS + 1}", "HEAD").split()
    branch = run_git(repository, "symbolic-ref", "HEAD")
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    with Renderer() as renderer:
        sync = Sync(open_repository(Location(str(repository), tmp_path / "data")), database, renderer)
        for number in range(STEPS + 1):
            tip = commits[COMMITS - number * COMMITS // STEPS]
            run_git(repository, "update-ref", branch, tip)
            report = run(sync)

            assert (report.to_revision, report.outcome) == (tip, "published")
            assert writer.differences(database, compute_everything(sync, tip, _drop)) == ()
            assert (report.counts["documents"] > 300) == (number == 0)
