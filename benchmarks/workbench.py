"""What every benchmark works with: its sizes, a folder, and fresh databases of each kind."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from tests.postgres import Server, find_binaries, running_server

Size = Literal["quick", "default", "full"]
DATABASES = ("sqlite", "postgresql")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for. `posts`, `runs` and `pushes` are each benchmark's own where they are empty or 0."""

    size: Size = "default"
    databases: tuple[str, ...] = DATABASES
    posts: tuple[int, ...] = ()
    runs: int = 0
    pushes: int = 0
    repository: Path | None = None
    explain: bool = False


@dataclass(slots=True)
class Workbench:
    """Made by `workbench`; everything below `folder` goes when it is left."""

    options: Options
    folder: Path
    _stack: ExitStack
    _server: Server | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def choose(self, *, quick: T, default: T, full: T) -> T:
        """Give what belongs to the size that was asked for."""
        return {"quick": quick, "default": default, "full": full}[self.options.size]

    def new_folder(self) -> Path:
        """Make an empty folder."""
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        return folder

    def new_database(self, kind: str) -> str:
        """Give the DATABASE_URL of an empty database; the PostgreSQL server is started when it is first needed."""
        if kind == "sqlite":
            return f"sqlite:///{self.new_folder() / 'index.sqlite'}"
        if self._server is None:
            binaries = find_binaries()
            if binaries is None:
                raise SystemExit("benchmarks: no PostgreSQL binaries; set GITBLOG_PG_BIN, or use --database sqlite")
            self._server = self._stack.enter_context(running_server(binaries))
        return self._server.create_database(f"bench_{next(self._numbers)}")

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        print(f"... {text}", file=sys.stderr, flush=True)


@contextmanager
def workbench(options: Options) -> Iterator[Workbench]:
    """Give a workbench, and clear it away."""
    with tempfile.TemporaryDirectory(prefix="gitblog-bench-") as name, ExitStack() as stack:
        yield Workbench(options, Path(name), stack)
