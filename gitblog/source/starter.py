"""A new content repository from the starter, with a first commit."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from gitblog.errors import SourceError
from gitblog.source.command import make_git
from gitblog.source.locations import Location

# The first commit needs an author where git knows none; the writer's own name comes with the next commits.
_IDENTITY = ("-c", "user.name=gitblog", "-c", "user.email=gitblog@localhost", "-c", "commit.gpgsign=false")


def create_repository(path: Path, starter: Path, *, at: int | None = None) -> None:
    """Copy the starter to `path`, which must be absent or an empty folder, and commit it there.

    `at` is the commit's date in seconds since 1970, now where it is None.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise SourceError(f"{path} is there already and not an empty folder; choose another", reason="exists")
    shutil.copytree(starter, path, dirs_exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        git = make_git(Location(str(path.absolute()), Path(scratch)))
        if at is not None:
            dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{at} +0000")
            git = replace(git, environment={**git.environment, **dates})
        here = ["-C", str(path.absolute())]
        git.run([*here, "init", "--quiet", "--initial-branch=main"], what="make a repository")
        git.run([*here, "add", "--all"], what="add the starter")
        git.run([*here, *_IDENTITY, "commit", "--quiet", "--message=start a blog"], what="commit the starter")
