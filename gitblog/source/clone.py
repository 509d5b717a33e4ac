"""The bare clone of a remote repository: the full history of one branch and nothing else.

Never a work tree and never shallow: a fetch that is killed leaves at worst files that the next one sweeps
away. Only the holder of DATA_DIR's lock may call `fetch`, `discard` and `pack`; so whatever lock of git's
lies there is left over from a git that was killed.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from gitblog.errors import SourceError
from gitblog.source import command
from gitblog.source.command import Git
from gitblog.source.failures import translate
from gitblog.source.locations import check_branch

logger = logging.getLogger(__name__)

_STAMP = "gitblog.json"
_HEADS = "refs/heads/"
# What a killed git leaves in objects/: half packs, half objects, quarantines, half repacks.
_LEFTOVERS = ("tmp_", "incoming-", ".tmp-")
# Checked fetches leave a pack each. Packing reads the whole clone, so it is done once in so many.
_PACK = ("-c", "gc.auto=2000", "-c", "gc.autoPackLimit=30")


class Clone:
    """The clone under DATA_DIR; `path` is its git folder, present or not."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._url = git.location.url_or_path
        data_dir = git.location.data_dir.absolute()
        self.path = data_dir / "clone.git"
        self._new = data_dir / "clone.new.git"
        self._old = data_dir / "clone.old.git"

    @property
    def branch(self) -> str:
        """The branch that the clone holds; "" where there is none of this repository."""
        return self._stamped_branch() if self.path.is_dir() else ""

    @property
    def tip(self) -> str:
        """The commit that was fetched last; "" where there is no clone of this repository."""
        return self._tip(self.path, branch) if (branch := self.branch) else ""

    def fetch(self) -> tuple[str, str]:
        """Bring the clone to the remote's tip and return (branch, revision).

        What is there already stays until a fetch from another address or of another branch is good. A damaged
        clone is replaced in the same call.
        """
        branch, advertised = self._git.location.branch, ""
        if not branch:
            branch, advertised = self._default_branch()
        self._sweep()
        if self._stamped_branch() == branch:
            tip = self._tip(self.path, branch)
            if tip and tip == advertised:
                return branch, tip
            try:
                return branch, self._update(self.path, branch)
            except SourceError as exc:
                if exc.reason not in ("damaged", "git-failed"):
                    raise
                logger.warning(
                    "clone cannot be updated, cloning anew",
                    extra={"reason": exc.reason, "cause": exc.message},
                )
        return branch, self._renew(branch)

    def discard(self) -> None:
        """Remove the clone; the next fetch makes a new one."""
        for folder in (self.path, self._new, self._old):
            _remove(folder)

    def pack(self) -> None:
        """Pack what many fetches left, where it pays. A failure is logged; the next call tries again."""
        try:
            self._run(self.path, [*_PACK, "gc", "--auto", "--quiet"], "pack the clone", command.PACK_SECONDS)
        except SourceError as exc:
            logger.warning("clone was not packed", extra={"reason": exc.reason, "cause": exc.message})

    def _renew(self, branch: str) -> str:
        """Clone beside the present clone, then change places; a crash between costs one more clone."""
        try:
            init = ["init", "--quiet", "--bare", "--template=", str(self._new)]
            self._git.run(init, what=f"make a clone in {self._new.parent}")
            revision = self._update(self._new, branch)
            stamp = json.dumps({"repository": self._url, "branch": branch})
            (self._new / _STAMP).write_text(stamp)
        except BaseException:
            _remove(self._new)
            raise
        if self.path.exists():
            self.path.rename(self._old)
        self._new.rename(self.path)
        _remove(self._old)
        logger.info("repository cloned", extra={"branch": branch, "revision": revision})
        return revision

    def _update(self, clone: Path, branch: str) -> str:
        # `+` takes a force-push as it comes. No tags, and nothing of the remote's name is kept in the clone.
        arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--",
            self._url,
            f"+{_HEADS}{branch}:{_HEADS}{branch}",
        ]
        try:
            self._run(clone, arguments, f"fetch {branch} of {self._url}", command.TRANSFER_SECONDS)
        except SourceError as exc:
            if exc.reason == "no-branch":
                raise self._missing_branch(branch) from exc
            raise
        if tip := self._tip(clone, branch):
            return tip
        raise translate(f"read {branch} in the clone", f"fatal: bad object {_HEADS}{branch}")

    def _default_branch(self) -> tuple[str, str]:
        """Ask the remote for its default branch and that branch's tip."""
        output = self._ask_remote(["--symref", "--", self._url, "HEAD"])
        branch = revision = ""
        for line in output.splitlines():
            left, _, right = line.partition("\t")
            if right == "HEAD" and left.startswith(f"ref: {_HEADS}"):
                branch = left.removeprefix(f"ref: {_HEADS}")
            elif right == "HEAD":
                revision = left
        if not revision:
            raise self._missing_branch("")
        if not branch or check_branch(branch):
            raise SourceError(
                f"{self._url} does not name a default branch that can be read; set CONTENT_BRANCH",
                reason="no-branch",
            )
        return branch, revision

    def _missing_branch(self, branch: str) -> SourceError:
        if not self._ask_remote(["--heads", "--", self._url]):
            return SourceError(
                f"{self._url} is empty; push a first commit to it, it is looked at again by itself",
                reason="empty",
            )
        name = f"branch {branch}" if branch else "default branch (its HEAD names one that does not exist)"
        return SourceError(f"{self._url} has no {name}; set CONTENT_BRANCH to one that exists", reason="no-branch")

    def _ask_remote(self, arguments: list[str]) -> str:
        output = self._git.run(
            ["ls-remote", *arguments],
            what=f"ask {self._url} for its branches",
            limit_seconds=command.ASK_SECONDS,
        )
        return output.decode(errors="replace")

    def _tip(self, clone: Path, branch: str) -> str:
        """Give the commit that the branch has in `clone`, "" where it or its commit cannot be read."""
        arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{_HEADS}{branch}^{{commit}}"]
        answer = self._git.ask([f"--git-dir={clone}", *arguments], what="read the clone's branch")
        return answer.output.decode().strip() if answer.status == 0 else ""

    def _stamped_branch(self) -> str:
        try:
            stamp = json.loads((self.path / _STAMP).read_bytes())
        except (OSError, ValueError):
            return ""
        same = isinstance(stamp, dict) and stamp.get("repository") == self._url
        return str(stamp.get("branch", "")) if same else ""

    def _run(self, clone: Path, arguments: list[str], what: str, limit_seconds: float) -> bytes:
        return self._git.run([f"--git-dir={clone}", *arguments], what=what, limit_seconds=limit_seconds)

    def _sweep(self) -> None:
        """Remove what killed gits left: a lock would stop every later fetch, half packs fill the disk."""
        _remove(self._new)
        _remove(self._old)
        for folder, folders, names in os.walk(self.path):
            for name in [name for name in folders if name.startswith(_LEFTOVERS)]:
                folders.remove(name)
                _remove(Path(folder) / name)
            for name in names:
                if name.endswith(".lock") or name == "gc.pid" or name.startswith(_LEFTOVERS):
                    with suppress(FileNotFoundError):
                        (Path(folder) / name).unlink()


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise SourceError(
            f"cannot remove {folder}: {exc.strerror}; check the owner and mode of DATA_DIR",
            reason="no-permission",
        ) from exc
