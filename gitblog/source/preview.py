"""A folder as it lies on disk, uncommitted changes included, as a commit that nobody keeps.

`list` and `check` look at it through the same pipeline as a push: a scratch repository borrows the objects of the
folder's own, adds what lies on disk in an index of its own, and commits it. Nothing is written to the folder.
"""

from __future__ import annotations

from pathlib import Path

from gitblog.errors import SourceError
from gitblog.source.command import Git, make_git
from gitblog.source.locations import Location

_IDENTITY = ("-c", "user.name=gitblog", "-c", "user.email=gitblog@localhost", "-c", "commit.gpgsign=false")


def preview(path: Path, scratch: Path, content_dir: str = "") -> Location:
    """Give the location of a repository in `scratch` whose tip is what lies in `path` now.

    `path` is a work tree or a folder of one (which then is the site's root), a folder without git, or a bare
    repository (which is read as it is).
    """
    path = path.absolute()
    own = make_git(Location(str(path), scratch / "own"))
    top = _ask(own, path, "--show-toplevel")
    if not top and _ask(own, path, "--is-bare-repository") == "true":
        return Location(str(path), scratch / "data", content_dir=content_dir)
    root = Path(top) if top else path
    if root != path.resolve():
        content_dir = content_dir or path.resolve().relative_to(root).as_posix()
    made = scratch / "preview.git"
    git = make_git(Location(str(made), scratch / "data"))
    git.run(["init", "--quiet", "--bare", "--initial-branch=main", str(made)], what="make a scratch repository")
    if top:
        _borrow(own, git, path, made)
    here = ["--git-dir", str(made), "--work-tree", str(root), "-c", "core.bare=false"]
    git.run([*here, "add", "--all"], what=f"read {root}")
    commit = [*_IDENTITY, "commit", "--quiet", "--allow-empty", "--no-verify", "--message=what lies on disk"]
    git.run([*here, *commit], what=f"read {root}")
    return Location(str(made), scratch / "data", content_dir=content_dir)


def _borrow(own: Git, git: Git, path: Path, made: Path) -> None:
    """Let the scratch repository stand on the folder's history."""
    common = (path / _ask(own, path, "--git-common-dir")).resolve()
    (made / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n", encoding="utf-8")
    if (common / "shallow").exists():
        (made / "shallow").write_bytes((common / "shallow").read_bytes())
    head = _ask(own, path, "HEAD")
    if head and head != "HEAD":
        git.run(["--git-dir", str(made), "update-ref", "refs/heads/main", head], what="read the last commit")


def _ask(git: Git, path: Path, question: str) -> str:
    try:
        answer = git.ask(["-C", str(path), "rev-parse", question], what=f"look at {path}")
    except SourceError as exc:
        if exc.reason == "no-git":
            raise
        return ""
    return answer.output.decode("utf-8", "surrogateescape").strip() if answer.status == 0 else ""
