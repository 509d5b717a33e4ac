"""The commands of whoever runs a site, as programs: sync, status, worker, and gunicorn's start."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.history_builder import Builder, run_git

TOP = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0


def _environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder), **more}


def _gitblog(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gitblog", *arguments],
        cwd=folder,
        env=_environment(folder, **environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def _worker(folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gitblog", "worker"]
    process = subprocess.Popen(command, cwd=folder, env=_environment(folder, **environment), stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def _status(folder: Path, **environment: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(_gitblog(folder, "status", "--json", **environment).stdout)
    return found


def test_sync_publishes_by_itself_where_nobody_else_does(tmp_path: Path) -> None:
    """The tables are made, the report is kept, and status tells both."""
    tip = Builder(tmp_path / "blog").commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    done = _gitblog(tmp_path, "sync", "--json", CONTENT_REPO="blog")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["revision"], found["last_sync"]["to"], found["publications"]) == (tip, tip, 1)
    assert _status(tmp_path, CONTENT_REPO="blog")["revision"] == tip


def test_sync_asks_the_process_that_holds_the_lock_and_waits_for_its_report(database_url: str, tmp_path: Path) -> None:
    """No look is due for an hour, so it is the hint that wakes the worker."""
    settings = {
        "CONTENT_REPO": "blog",
        "SYNC_INTERVAL_SECONDS": "3600",
        "DATABASE_URL": database_url.replace("+psycopg2", ""),
    }
    builder = Builder(tmp_path / "blog")
    first = builder.commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    with _worker(tmp_path, **settings):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (found := _status(tmp_path, **settings))["revision"] and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (found["revision"], found["syncing"]) == (first, True)
        second = builder.commit({"posts/a.md": b"# B\n"}, [first], 1_600_000_100, "main")

        done = _gitblog(tmp_path, "sync", **settings)
        assert (done.returncode, done.stdout.split()[:2]) == (0, ["published", second]), done.stderr
        again = _gitblog(tmp_path, "sync", **settings)
        assert (again.returncode, again.stdout.split()[:2]) == (0, ["unchanged", second]), again.stderr
    assert _status(tmp_path, **settings)["syncing"] is False


def test_a_sync_that_fails_says_why_and_so_does_status_while_the_site_stays(tmp_path: Path) -> None:
    """No branch is an error, and never means: delete everything."""
    builder = Builder(tmp_path / "blog")
    tip = builder.commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    _gitblog(tmp_path, "sync", CONTENT_REPO="blog")
    run_git(builder.path, "branch", "-m", "main", "other")

    failed = _gitblog(tmp_path, "sync", CONTENT_REPO="blog", CONTENT_BRANCH="main")
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].endswith("has no branch main; set CONTENT_BRANCH to one that exists")

    status = _gitblog(tmp_path, "status", CONTENT_REPO="blog", CONTENT_BRANCH="main")
    told = status.stdout.splitlines()
    assert (status.returncode, told[0][: len(tip) + 6]) == (1, f"live: {tip}")
    assert told[1].startswith("WRONG repository: the last sync failed: ")
    assert "has no branch main; set CONTENT_BRANCH to one that exists (at " in told[1]


def test_status_before_the_first_publish_says_why_there_is_nothing(tmp_path: Path) -> None:
    """Whoever starts with a wrong address has nothing else to look at."""
    Builder(tmp_path / "blog")
    _gitblog(tmp_path, "sync", CONTENT_REPO="blog")
    told = _gitblog(tmp_path, "status", CONTENT_REPO="blog")

    assert told.returncode == 1, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "nothing has been published yet"
    assert "has no commit yet; commit something in it (at " in lines[1]


def test_a_shallow_clone_is_served_with_a_warning(tmp_path: Path) -> None:
    """What lies before its first commit is not known; sync and status say so."""
    builder = Builder(tmp_path / "full")
    first = builder.commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    builder.commit({"posts/b.md": b"# A\n"}, [first], 1_600_000_100, "main")
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{builder.path}", "blog")

    done = _gitblog(tmp_path, "sync", CONTENT_REPO="blog")
    assert (done.returncode, "is a shallow clone" in done.stderr) == (0, True)
    assert "warning: blog is a shallow clone" in _gitblog(tmp_path, "status", CONTENT_REPO="blog").stdout


def test_an_installed_gitblog_shows_the_starter_where_no_content_is_set(tmp_path: Path) -> None:
    """The same commit on every machine; made again when DATA_DIR is lost."""
    package = tmp_path / "installed" / "gitblog"
    shutil.copytree(TOP / "gitblog", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOP / "content", package / "starter")
    environment = {"PYTHONPATH": str(package.parent)}

    def synced() -> dict[str, object]:
        done = _gitblog(tmp_path, "sync", "--json", **environment)
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    first = synced()
    shutil.rmtree(tmp_path / "instance")
    second = synced()

    assert first["revision"] == second["revision"]
    assert first["problems"] == []
    assert _gitblog(tmp_path, "verify", **environment).stdout == "equal\n"


@pytest.mark.parametrize("command", [["-m", "gitblog", "worker"], ["-m", "gitblog", "sync"]])
def test_without_git_a_sync_does_not_start(command: list[str], tmp_path: Path) -> None:
    """One line on stderr that says what to do, and exit status 2."""
    stopped = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=_environment(tmp_path, PATH=str(tmp_path), CONTENT_REPO="blog"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    message = "gitblog: the git program is not installed or not in PATH; install git\n"
    assert (stopped.returncode, stopped.stderr) == (2, message)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"PATH": "/nowhere"}, "the git program is not in PATH; install git, or set SYNC_MODE=worker"),
        ({"PORT": "eighty"}, "PORT must be a whole number from 1 to 65535"),
        ({"CONTENT_REPO": "https://user:secret@example.org/b.git"}, "CONTENT_REPO holds credentials"),
    ],
)
def test_gunicorn_does_not_start_with_wrong_settings(settings: dict[str, str], message: str, tmp_path: Path) -> None:
    """No worker that fails again and again: one line, and exit status 2."""
    stopped = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"],
        cwd=tmp_path,
        env={**_environment(tmp_path), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert stopped.returncode == 2
    assert stopped.stderr.startswith(f"gitblog: {message}")
    assert len(stopped.stderr.splitlines()) == 1
    assert "secret" not in stopped.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"DATABASE_URL": "postgresql://me:secret-word@127.0.0.1:1/blog"},
            'the database does not answer: connection to server at "127.0.0.1", port 1 failed: Connection refused; '
            "look at DATABASE_URL and at the server",
        ),
        (
            {"DATA_DIR": "/proc/blog"},
            "/proc/blog: No such file or directory; check the path, who may write there, and the room on the disk",
        ),
    ],
)
@pytest.mark.parametrize("command", [("db", "upgrade"), ("sync",)])
def test_what_cannot_be_reached_is_a_sentence(
    command: tuple[str, ...], settings: dict[str, str], message: str, tmp_path: Path
) -> None:
    """No traceback, no password: what was tried, and what to look at."""
    Builder(tmp_path / "blog").commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    stopped = _gitblog(tmp_path, *command, CONTENT_REPO="blog", **settings)

    assert (stopped.returncode, stopped.stderr) == (1, f"gitblog: {message}\n")


def test_a_sync_logs_each_problem_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    """Whoever watches the log of a push sees what the author will be told."""
    broken = b'---\ntitle: "x\n---\n'
    Builder(tmp_path / "blog").commit({"posts/bad.md": broken}, [], 1_600_000_000, "main")
    done = _gitblog(tmp_path, "sync", CONTENT_REPO="blog")

    assert done.returncode == 0
    assert "posts/bad.md:2:8: front-matter: a quote is opened here and never closed (close it)" in done.stderr
