"""buildah and podman with a storage of their own: what is on the machine is neither seen nor touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.debian import require_programs

PACKAGES = ("buildah", "podman", "runc", "debootstrap")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

# The host's network needs no firewall tools; limits that may not be raised inside another container stay as they are.
_CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
netns = "host"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """Builds images and runs containers below `folder`, which outlives the tests: it saves the next build its work."""

    folder: Path

    def buildah(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run buildah; a failure is a failed test that shows what it said."""
        return self._run(["buildah", *self._storage(), *arguments], cwd=cwd, check=True)

    def podman(
        self, *arguments: str, check: bool = True, stdin: str | int = "", seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run podman; `stdin` is text, or a descriptor such as that of a terminal."""
        return self._run(["podman", *self._storage(), *arguments], check=check, stdin=stdin, seconds=seconds)

    def build(self, context: Path, name: str, *options: str) -> str:
        """Build the image of a Dockerfile as a person would, and return the log."""
        trust = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"] if CERTIFICATES.is_file() else []
        here = ["--format", "docker", "--isolation", "chroot", "--network", "host", "--layers", *trust]
        done = self.buildah("build", *here, *options, "--tag", name, ".", cwd=context)
        return done.stdout + done.stderr

    def has(self, image: str) -> bool:
        """Say whether there is such an image."""
        return self.podman("image", "exists", image, check=False).returncode == 0

    def _storage(self) -> Sequence[str]:
        return ("--root", f"{self.folder}/storage", "--runroot", f"{self.folder}/run", "--storage-driver", "overlay")

    def _run(
        self,
        command: Sequence[str],
        *,
        cwd: Path | None = None,
        check: bool,
        stdin: str | int = "",
        seconds: float = 900,
    ) -> subprocess.CompletedProcess[str]:
        given: Mapping[str, str | int] = {"input": stdin} if isinstance(stdin, str) else {"stdin": stdin}
        environment = {**os.environ, "CONTAINERS_CONF": f"{self.folder}/containers.conf"}
        done = subprocess.run(  # type: ignore[call-overload]
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=seconds, check=False, **given
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        return done  # type: ignore[no-any-return]


def open_engine(folder: Path) -> Engine:
    """Give an engine that works here, installing its programs where root may; skip with the reason where not."""
    require_programs(PACKAGES, "building and running images")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text(_CONFIGURATION)
    return Engine(folder)
