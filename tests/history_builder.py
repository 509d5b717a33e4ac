"""Builds git histories fast: commits with any parents, dates and trees, through `git fast-import`.

No work tree, no index, no hooks, and no identity taken from the machine. One fast-import serves many commits:
it stays open until somebody has to see the objects (`flush`, `set_branch`, or a branch given to `commit`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "LC_ALL": "C",
    "PATH": os.environ.get("PATH", os.defpath),
}
_SCRATCH = "refs/fast-import/scratch"
_AUTHOR = "Test Writer <writer@example.org>"


def run_git(path: Path, *arguments: str, data: bytes | None = None) -> str:
    """Run git in `path`, free of the machine's configuration; return its output without the last newline."""
    command = ["git", "-c", "safe.directory=*", "-c", f"user.name={_AUTHOR[:11]}", *arguments]
    command[1:1] = ["-c", "user.email=writer@example.org", "-c", "commit.gpgsign=false", "-c", "gc.auto=0"]
    done = subprocess.run(command, cwd=path, env=_ENVIRONMENT, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")


@dataclass(frozen=True, slots=True)
class Special:
    """A tree's entry that is not a plain file: its mode, and a blob's bytes or a commit's id (160000)."""

    mode: str
    data: bytes


@dataclass(slots=True)
class Builder:
    """A repository that grows by `commit`; bare unless there is one at `path` already."""

    path: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _marks: dict[str, int] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            run_git(self.path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")

    def __enter__(self) -> Builder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def commit(
        self,
        tree: Mapping[str, bytes | Special],
        parents: Sequence[str] = (),
        date: int = 0,
        branch: str | None = None,
    ) -> str:
        """Add a commit whose whole tree is `tree` and return its id; a `branch` is set to it.

        Paths with lone surrogates stand for bytes that are not UTF-8. The number of parents is free.
        """
        mark = len(self._marks) + 1
        lines = [f"commit {_SCRATCH}\nmark :{mark}\n".encode()]
        lines.append(f"author {_AUTHOR} {date} +0000\ncommitter {_AUTHOR} {date} +0000\n".encode())
        lines.append(b"data 7\ncommit\n\n")
        if parents:
            lines.append(f"from {self._name(parents[0])}\n".encode())
            lines += [f"merge {self._name(parent)}\n".encode() for parent in parents[1:]]
        lines.append(b"deleteall\n")
        lines += [_file_line(path, entry) for path, entry in tree.items()]
        # A commit without parents on a branch that exists would go on from it.
        start = b"" if parents else f"reset {_SCRATCH}\n".encode()
        identity = self._ask(start + b"".join(lines) + f"\nget-mark :{mark}\n".encode())
        self._marks[identity] = mark
        if branch is not None:
            self.set_branch(branch, identity)
        return identity

    def set_branch(self, name: str, commit: str | None) -> None:
        """Point a branch at a commit, wherever it was before; None deletes it."""
        self.flush()
        if commit is None:
            run_git(self.path, "update-ref", "-d", f"refs/heads/{name}")
        else:
            run_git(self.path, "update-ref", f"refs/heads/{name}", commit)

    def checkpoint(self, name: str, commit: str) -> None:
        """Do as `set_branch`, but go on with the same fast-import: three times as fast, for whoever flushes at last."""
        branch = f"reset refs/heads/{name}\nfrom {self._name(commit)}\n\n"
        # The scratch branch must not become a real one.
        told = self._ask(f"{branch}reset {_SCRATCH}\ncheckpoint\nprogress written\n".encode())
        assert told == "progress written"

    def flush(self) -> None:
        """Make all commits visible to others; the next `commit` opens a new fast-import."""
        if self._process is None:
            return
        process, self._process = self._process, None
        self._marks.clear()
        output, complaint = process.communicate(f"reset {_SCRATCH}\ndone\n".encode())
        assert process.returncode == 0, (output + complaint).decode(errors="replace")
        run_git(self.path, "update-ref", "-d", _SCRATCH)

    def _ask(self, commands: bytes) -> str:
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", "fast-import", "--quiet", "--force", "--done", "--date-format=raw-permissive"],
                cwd=self.path,
                env=_ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(commands)
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            _, complaint = self._process.communicate()
            self._process = None
            raise AssertionError(complaint.decode(errors="replace"))
        return answer.strip().decode("ascii")

    def _name(self, commit: str) -> str:
        # What the open fast-import made itself it knows by mark alone, until it ends.
        return f":{self._marks[commit]}" if commit in self._marks else commit


def _file_line(path: str, entry: bytes | Special) -> bytes:
    quoted = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    name = b'"' + quoted.encode("utf-8", "surrogateescape") + b'"'
    mode, data = (entry.mode, entry.data) if isinstance(entry, Special) else ("100644", entry)
    if mode == "160000":
        return b"M 160000 " + data + b" " + name + b"\n"
    return f"M {mode} inline ".encode() + name + b"\ndata %d\n" % len(data) + data + b"\n"
