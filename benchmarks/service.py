"""The whole program as people run it: gunicorn with two workers, and the content over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.git_server import GitServer, wait_until_listening

TOP = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 600.0
_LOOK_SECONDS = 0.01
_SECRET = "a secret to measure with"  # noqa: S105 - guards a server that only this program reaches
_SYNC_SECONDS = re.compile(r'sync finished.*\bseconds="([0-9.]+)"')


@dataclass(frozen=True, slots=True)
class Service:
    """A running gitblog: its port, its first process, the environment of its commands, and its log."""

    port: int
    process: int
    environment: Mapping[str, str]
    log: Path

    def ask(self, address: str) -> tuple[int, str]:
        """Ask an address on a connection of its own; give status and revision, (0, "") where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", address)
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return 0, ""
        finally:
            connection.close()
        return answer.status, answer.headers.get("X-Gitblog-Revision", "")

    def wait_for(self, address: str, revision: str) -> None:
        """Ask an address again and again until its answer is of `revision`."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = self.ask(address)
            if found[1] == revision:
                return
            time.sleep(_LOOK_SECONDS)
        tail = self.log.read_text(errors="replace")[-2000:]
        raise TimeoutError(f"{address} answered {found}, never from {revision}; the service's log ends:\n{tail}")

    def deliver(self, revision: str) -> None:
        """Send GitHub's delivery for a push, signed; raises unless it is accepted."""
        repository = {"full_name": "me/blog", "clone_url": "https://github.com/me/blog.git"}
        event = {"ref": "refs/heads/main", "after": revision, "repository": repository}
        body = json.dumps(event).encode()
        signature = hmac.new(_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": revision[:8],
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/-/webhooks/github", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 202:
            raise RuntimeError(f"the delivery was answered {answer.status}: {text!r}")

    def sync_seconds(self) -> list[float]:
        """Give how long each publishing sync took, from the service's log, in order."""
        return [float(found) for found in _SYNC_SECONDS.findall(self.log.read_text(errors="replace"))]


@contextmanager
def content_server(repository: Path) -> Iterator[str]:
    """Serve a bare repository by HTTP while the block lasts; give its address."""
    with GitServer(repository.parent) as server:
        yield server.url(repository.name)


def service_environment(content: str, database_url: str, data_dir: Path) -> dict[str, str]:
    """Give gitblog's settings, and nothing of the person's own; no sync starts by the clock."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir.parent),
        "CONTENT_REPO": content,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "PORT": str(_free_port()),
        "SYNC_INTERVAL_SECONDS": "3600",
        "WEBHOOK_SECRET": _SECRET,
    }


@contextmanager
def running(environment: Mapping[str, str], application: str = "gitblog:create_app()") -> Iterator[Service]:
    """Run gunicorn with gitblog's settings while the block lasts; it may not answer yet."""
    command = [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", application]
    log = Path(environment["DATA_DIR"]).with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=TOP, env=environment, stdout=output, stderr=output)
    try:
        yield Service(int(environment["PORT"]), process.pid, environment, log)
    finally:
        process.terminate()
        process.wait(60)


def run_command(environment: Mapping[str, str], verb: str) -> float:
    """Run `gitblog VERB` and give its seconds, the start of Python included."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "gitblog", verb], cwd=TOP, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"gitblog {verb} ended with status {done.returncode}: {done.stderr[-2000:]}")
    return time.monotonic() - began


def wait_until_up(service: Service) -> None:
    """Return when the service accepts connections."""
    wait_until_listening(service.port, 30.0)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
