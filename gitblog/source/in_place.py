"""A repository at a path, read where it lies: nothing in it is written, and there is nothing to fetch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gitblog.errors import SourceError
from gitblog.source.command import Answer, Git
from gitblog.source.failures import translate
from gitblog.source.log import decode_path


class InPlace:
    """The repository at the location's path, a work tree or a bare one; asked anew after `forget`."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._url = git.location.url_or_path
        self._found: Path | None = None

    def forget(self) -> None:
        """Look for git's folder anew: the repository may have been replaced."""
        self._found = None

    @property
    def path(self) -> Path:
        """git's folder of the repository. Raises `SourceError` where the path is none, or inside of one."""
        if self._found is None:
            self._found = self._find()
        return self._found

    def branch(self) -> str:
        """Give the branch that is set, else the one checked out; "" for a detached HEAD."""
        if self._git.location.branch:
            return self._git.location.branch
        answer = self._ask(["symbolic-ref", "--quiet", "HEAD"], "read HEAD")
        return decode_path(answer.output).strip().removeprefix("refs/heads/") if answer.status == 0 else ""

    def tip(self, branch: str) -> str:
        """Give the commit of a branch ("": of HEAD). Raises `SourceError` where there is none."""
        name = f"refs/heads/{branch}" if branch else "HEAD"
        what = f"read {name} of {self._url}"
        answer = self._ask(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], what)
        if answer.status == 0:
            return answer.output.decode("ascii").strip()
        if "fatal" in answer.complaint or "error" in answer.complaint:
            raise translate(what, answer.complaint)
        if not self._run(["for-each-ref", "--count=1"], what):
            raise SourceError(f"{self._url} has no commit yet; commit something in it", reason="empty")
        raise SourceError(
            f"{self._url} has no branch {branch}; set CONTENT_BRANCH to one that exists", reason="no-branch"
        )

    def shallow_commits(self) -> tuple[str, ...]:
        """Give the commits whose parents a shallow clone lacks."""
        name = self._run(["rev-parse", "--git-path", "shallow"], "look for a shallow clone")
        # Relative to git's working folder, which is DATA_DIR, where it is not absolute.
        path = self._git.location.data_dir.absolute() / decode_path(name).strip()
        return tuple(sorted(path.read_text("ascii").split())) if path.is_file() else ()

    def _ask(self, arguments: Sequence[str], what: str) -> Answer:
        return self._git.ask([f"--git-dir={self.path}", *arguments], what=what)

    def _run(self, arguments: Sequence[str], what: str) -> bytes:
        return self._git.run([f"--git-dir={self.path}", *arguments], what=what)

    def _find(self) -> Path:
        path = Path(self._url).absolute()
        # As an option with "=", the path could not be taken for another one.
        found = self._git.run(
            ["-C", str(path), "rev-parse", "--absolute-git-dir", "--show-prefix"], what=f"open {path}"
        )
        git_dir, prefix = (decode_path(line) for line in found.split(b"\n")[:2])
        if prefix:
            raise SourceError(
                f"{path} is the folder {prefix} inside a git repository; "
                f"set CONTENT_REPO to the repository's top and CONTENT_DIR to {prefix.rstrip('/')}",
                reason="no-repository",
            )
        return Path(git_dir)
