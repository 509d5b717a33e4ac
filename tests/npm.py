"""Packages of npm that tests run with node, fetched the first time they are asked for."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.tools import require_tool, tool_missing

CACHE = Path(__file__).parents[1] / ".cache" / "npm"


def npm_packages(name: str, *packages: str) -> Path:
    """Give the folder `.cache/npm/NAME` with `node_modules` in it; of several processes at it, the first to end wins.

    `name` holds the versions, so that another version is another folder. No script of a package is run.
    """
    wanted = CACHE / name
    if wanted.is_dir():
        return wanted
    npm = require_tool("npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        folder = Path(temporary) / "fetched"
        folder.mkdir()
        options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
        done = subprocess.run(
            [str(npm), "install", *options, *packages], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            tool_missing(f"npm could not fetch {' '.join(packages)}: {done.stderr.strip()[-200:]}")
        if not wanted.is_dir():
            shutil.move(folder, wanted)
    return wanted
