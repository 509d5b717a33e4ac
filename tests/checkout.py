"""Scratch copies of this checkout, in which tests edit, commit and run what people are told to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}


def source_files() -> tuple[str, ...]:
    """Return the paths that belong to the project, those that are not committed yet included."""
    told = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted({path for path in told.stdout.split("\0") if path and (TOP / path).is_file()}))


def environment(checkout: Path, **more: str) -> Mapping[str, str]:
    """Return the environment for a command in `checkout`: its own code first, and an identity for git."""
    return {**os.environ, **IDENTITY, "PYTHONPATH": str(checkout), **more}


def make_checkout(folder: Path) -> Path:
    """Copy the project into the new `folder`, commit it, and lend it this Python's installed requirements."""
    for path in source_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / path, target)
    for command in (
        ["git", "init", "-q", "-b", "main"],
        ["git", "add", "."],
        ["git", "commit", "-qm", "start"],
    ):
        subprocess.run(command, cwd=folder, env=environment(folder), check=True)
    _lend_requirements(folder)
    return folder


def _lend_requirements(folder: Path) -> None:
    """Give `folder` a `.venv` whose programs are ours, with make's stamps that nothing is to be installed."""
    venv = folder / ".venv"
    (venv / "bin").mkdir(parents=True)
    for entry in Path(sys.prefix).iterdir():
        if entry.name not in {"bin", "include"} and not entry.name.startswith("."):
            (venv / entry.name).symlink_to(entry)
    for program in (Path(sys.prefix) / "bin").iterdir():
        (venv / "bin" / program.name).symlink_to(program)
    command = venv / "bin" / "gitblog"
    command.unlink(missing_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{venv}/bin/python" -m gitblog "$@"\n')
    command.chmod(0o755)
    subprocess.run(["make", "--touch", "--silent", "setup", "check"], cwd=folder, capture_output=True, check=True)
