"""Containers of the image under test, each gone with its volumes when its block ends."""

from __future__ import annotations

import json
import secrets
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.image.engine import Engine

PATIENCE_SECONDS = 90.0
# Docker's own choice before it kills.
GRACE_SECONDS = 10
# As docker does it: nothing but /tmp and the volume can be written to, and no right is left to win.
CONFINED = (
    "--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Container:
    """A container that runs and listens on `port` of this machine."""

    engine: Engine
    name: str
    port: int

    def read(self, path: str = "/") -> str:
        """Return the body at `path`, whatever its status, or why there was none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                body: bytes = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
        except OSError as error:
            return f"no answer: {error}"
        return body.decode()

    def eventually(self, path: str, expected: str) -> str:
        """Return the page at `path` once it holds `expected`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while expected not in (page := self.read(path)):
            if time.monotonic() > deadline:
                pytest.fail(f"{expected!r} did not come at {path}:\n{page[:1000]}\n{self.logs()[-3000:]}")
            time.sleep(0.2)
        return page

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command inside and return its output."""
        return self.engine.podman("exec", self.name, *command, check=check).stdout

    def processes(self) -> dict[int, tuple[str, str]]:
        """Return state and command line of every process inside by its id, this look itself left out."""
        rows = [line.split(None, 2) for line in self.run("ps", "-eo", "pid=,stat=,args=").splitlines()]
        return {int(pid): (state, command) for pid, state, command in rows if not command.startswith("ps -eo")}

    def logs(self) -> str:
        """Return what it wrote."""
        done = self.engine.podman("logs", self.name)
        return done.stdout + done.stderr

    def stop(self) -> tuple[int, float]:
        """Stop it as docker does, and return its exit status and the seconds it took."""
        start = time.monotonic()
        self.engine.podman("stop", "--time", str(GRACE_SECONDS), self.name)
        seconds = time.monotonic() - start
        status = self.engine.podman("inspect", "--format", "{{.State.ExitCode}}", self.name).stdout
        return int(status), seconds


@contextmanager
def running(engine: Engine, image: str, *options: str, command: Sequence[str] = ()) -> Iterator[Container]:
    """Run the image's own command, or another, with podman's `options` and a free port, while the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name = f"gitblog-test-{secrets.token_hex(4)}"
    engine.podman("run", "--detach", "--name", name, "--env", f"PORT={port}", *options, image, *command)
    try:
        yield Container(engine, name, port)
    finally:
        engine.podman("rm", "--force", "--volumes", "--time", "1", name, check=False)


def configuration(engine: Engine, image: str) -> Any:
    """Return what the image says of itself."""
    found = json.loads(engine.podman("image", "inspect", image).stdout)[0]
    return {**found["Config"], "Healthcheck": found["Healthcheck"]}
