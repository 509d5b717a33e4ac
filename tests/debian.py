"""Debian's own tools for tests that need a whole root folder: apt-get for what is missing, debootstrap for the root."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

_MIRROR = "http://deb.debian.org/debian"


def require_programs(packages: Sequence[str], why: str) -> None:
    """See that the programs of these packages (they bear one name) are there; skip with the reason where not."""
    if os.geteuid():
        pytest.skip(f"{why} needs root here")
    missing = [name for name in packages if shutil.which(name) is None]
    if missing:
        _install(missing)


def make_root(root: Path, release: str, packages: Sequence[str]) -> None:
    """Make Debian's smallest root in the new folder `root`, with these packages and what they depend on."""
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(packages)}", release, str(root), _MIRROR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"debootstrap could not make a root: {(done.stdout + done.stderr).strip()[-300:]}")


def _install(packages: Sequence[str]) -> None:
    if shutil.which("apt-get") is None:
        pytest.skip(f"not installed, and there is no apt-get: {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-yq", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *command], env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    if done.returncode:
        pytest.skip(f"apt-get could not install {', '.join(packages)}: {done.stderr.strip()[-300:]}")
