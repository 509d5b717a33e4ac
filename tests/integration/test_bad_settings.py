"""Wrong settings stop every program of gitblog at its start: exit status 2, one line, no traceback, no secret.

What each setting refuses is in tests/unit/test_config.py; here stands one wrong value of each, for each program.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitblog.config import SETTINGS
from tests.unit.test_config import CANARY, WRONG

TOP = Path(__file__).resolve().parents[2]
MAKE_RUN = ["-m", "gitblog", "db", "upgrade"]
"""The first step of `make run`, of the Procfile and of Compose."""
GUNICORN = ["-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"]
# The first wrong value of each setting. For WEB_CONCURRENCY that is a number: gunicorn itself reads the variable before
# any configuration, and shows a traceback where it is none (docs/configuration.md says so).
ONE_OF_EACH = {name: (text, advice) for name, text, advice in reversed(WRONG)}


def _stopped(program: list[str], folder: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("program", [MAKE_RUN, GUNICORN], ids=["make run", "gunicorn"])
def test_one_wrong_setting_stops_a_program_with_one_line(program: list[str], tmp_path: Path) -> None:
    """Whichever setting it is; nothing is written before."""
    assert {setting.name for setting in SETTINGS} == set(ONE_OF_EACH)

    def stop(name: str) -> subprocess.CompletedProcess[str]:
        return _stopped(program, tmp_path, {name: ONE_OF_EACH[name][0]})

    with ThreadPoolExecutor(2) as pool:
        stopped = dict(zip(ONE_OF_EACH, pool.map(stop, ONE_OF_EACH), strict=True))

    for name, done in stopped.items():
        assert done.returncode == 2, (name, done.stderr)
        lines = done.stderr.splitlines()
        assert len(lines) == 1, (name, done.stderr)
        assert lines[0].startswith(f"gitblog: {name} "), lines
        assert ONE_OF_EACH[name][1] in lines[0], lines
        assert CANARY not in done.stderr, name
        assert done.stdout == "", name
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", ["sync", "worker", "status", "rebuild", "verify", "webhook"])
def test_a_wrong_setting_stops_each_command(verb: str, tmp_path: Path) -> None:
    """They read the settings first; a number that is none is told by each of them."""
    done = _stopped(["-m", "gitblog", verb], tmp_path, {"WEB_CONCURRENCY": "abc"})

    assert (done.returncode, done.stderr) == (2, "gitblog: WEB_CONCURRENCY must be a whole number from 1 to 256\n")


def _secret_files(folder: Path) -> dict[str, tuple[str, str]]:
    """Give what a NAME_FILE may name by mistake, with what is said of it."""
    (folder / "empty").write_text("\n")
    (folder / "binary").write_bytes(b"\xff\xfe" * 20)
    (folder / "large").write_text("x" * 100_000)
    (folder / "short").write_text("changeme\n")
    return {
        "missing": ("WEBHOOK_SECRET_FILE", "No such file or directory"),
        ".": ("WEBHOOK_SECRET_FILE", "Is a directory"),
        "empty": ("WEBHOOK_SECRET_FILE", "empty file"),
        "binary": ("WEBHOOK_SECRET_FILE", "not UTF-8"),
        "large": ("WEBHOOK_SECRET_FILE", "over 64 KiB"),
        "/dev/zero": ("WEBHOOK_SECRET_FILE", "over 64 KiB"),
        "short": ("WEBHOOK_SECRET", "16 characters"),
    }


def test_a_secret_s_file_that_does_not_serve_stops_a_program(tmp_path: Path) -> None:
    """Missing, a folder, empty, binary, endless, too short; and both forms at once."""
    for name, (variable, advice) in _secret_files(tmp_path).items():
        done = _stopped(GUNICORN, tmp_path, {"WEBHOOK_SECRET_FILE": name})
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), (name, done.stderr)
        assert done.stderr.startswith(f"gitblog: {variable} "), done.stderr
        assert advice in done.stderr, done.stderr

    both = _stopped(GUNICORN, tmp_path, {"WEBHOOK_SECRET_FILE": "large", "WEBHOOK_SECRET": CANARY})
    assert both.returncode == 2
    assert both.stderr == "gitblog: WEBHOOK_SECRET is set, and so is WEBHOOK_SECRET_FILE: keep one of the two\n"


@pytest.mark.parametrize("program", [MAKE_RUN, GUNICORN], ids=["make run", "gunicorn"])
def test_an_option_that_no_database_knows_stops_a_program(program: list[str], tmp_path: Path) -> None:
    """PostgreSQL's own client says so; its words hold no password."""
    done = _stopped(program, tmp_path, {"DATABASE_URL": f"postgresql://me:{CANARY}@localhost/x?sslmod=require"})

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("gitblog: DATABASE_URL cannot be used: ")
    assert "sslmod" in line
    assert CANARY not in line


def test_a_program_takes_empty_variables_for_unset_ones(tmp_path: Path) -> None:
    """As Compose and platforms set them."""
    empty = {setting.name: "" for setting in SETTINGS} | {f"{setting.name}_FILE": "" for setting in SETTINGS}
    done = _stopped(MAKE_RUN, tmp_path, empty)

    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "instance").is_dir()
