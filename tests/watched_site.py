"""gitblog under real gunicorn, to be watched from outside: its metrics, its log, its processes."""

from __future__ import annotations

import hmac
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own
from prometheus_client.parser import text_string_to_metric_families

from tests.checkout import TOP
from tests.history_builder import Builder

TOKEN = "the status token of this test"
SECRET = "the webhook secret of this test"
PATIENCE_SECONDS = 60.0

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(slots=True)
class WatchedSite:
    """A running server, the repository it shows, and the file that its log goes to."""

    builder: Builder
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    tip: str

    def ask(
        self, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Ask an address, each time over a connection of its own, so that any process may answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=dict(headers or {}))
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read(), dict(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)

    def metrics(self) -> Series:
        """Scrape, and read the answer as Prometheus does."""
        status, body, _ = self.ask("/-/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert status == 200, body
        return series(body.decode())

    def push(self, name: str, *, title: str = "A post") -> str:
        """Commit one more post on the branch, without telling anybody."""
        tree = {"posts/first.md": b"# First\n", f"posts/{name}.md": f"# {title}\n".encode()}
        self.tip = self.builder.commit(tree, [self.tip], int(time.time()), "main")
        return self.tip

    def deliver(self, revision: str, delivery: str, *, secret: str = SECRET, **more: str) -> int:
        """Deliver a push as GitHub does, and give the status of the answer."""
        payload = {"ref": "refs/heads/main", "after": revision, "repository": {"clone_url": "https://github.com/a/b"}}
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}",
        }
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return self.ask("/-/webhooks/github", body=body, headers=headers)[0]

    def web_processes(self) -> list[psutil.Process]:
        """Give the processes that serve."""
        found: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return found

    def wait_for_revision(self, revision: str) -> None:
        """Wait until a page is of a revision."""
        self.wait_until(lambda: self.ask("/")[2].get("X-Gitblog-Revision") == revision)

    def wait_until(self, holds: Any) -> None:
        """Wait until something holds, with a limit."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                if holds():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.log.read_text()[-3000:])

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Give the lines of a JSON log; each must be one."""
        # What stands behind the last line feed is still being written.
        found = [json.loads(line) for line in self.log.read_text(encoding="utf-8").split("\n")[:-1]]
        return [line for line in found if not event or line["event"] == event]


def series(text: str) -> Series:
    """Read an exposition: every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def watched_site(folder: Path, **settings: str) -> Iterator[WatchedSite]:
    """Serve a repository with one post by two web processes; ends when nothing of it runs any more.

    With SYNC_MODE=worker the process that syncs shares nothing with them but the database, as on another machine.
    """
    builder = Builder(folder / "blog")
    tip = builder.commit({"posts/first.md": b"# First\n"}, [], 1_600_000_000, "main")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(TOP),
        "CONTENT_REPO": str(builder.path),
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "SYNC_INTERVAL_SECONDS": "3600",
        "STATUS_TOKEN": TOKEN,
        "WEBHOOK_SECRET": SECRET,
        "LOG_FORMAT": "json",
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"]
    log = folder / "log"
    with ExitStack() as running:
        process = running.enter_context(_process(command, environment, log))
        if settings.get("SYNC_MODE") == "worker":
            elsewhere = environment | {"DATA_DIR": str(folder / "elsewhere")}
            running.enter_context(_process([sys.executable, "-m", "gitblog", "worker"], elsewhere, log))
        site = WatchedSite(builder, port, process, log, tip)
        site.wait_for_revision(tip)
        yield site


@contextmanager
def _process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
