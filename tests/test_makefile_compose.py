"""The make targets that call docker: which commands they give, in which order, and when they stop.

docker itself is not needed: a program of that name writes down how it was called, and answers as it is told.
tests/image/test_compose.py runs what the commands start.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import environment, make_checkout

LIVE = ["compose", "-f", "docker-compose.yml", "-f", "docker-compose.live.yml"]
DEV = ["compose", "-f", "docker-compose.yml", "-f", "docker-compose.dev.yml"]
# Answers with the rest of the first line of the file `answers` that its command line starts with; fails where that
# is "fails".
RECORDER = """\
#!{python} -S
import json, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "calls").open("a") as calls:
    print(json.dumps(sys.argv[1:]), file=calls)
called = " ".join(sys.argv[1:])
for line in (folder / "answers").read_text().splitlines():
    start, _, answer = line.partition(" => ")
    if called.startswith(start):
        sys.exit(3) if answer == "fails" else print(answer)
        break
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project."""
    return make_checkout(tmp_path / "checkout")


def run_make(checkout: Path, *arguments: str, answers: str = "") -> tuple[int, str, list[list[str]]]:
    """Run make with the recorder for docker, and return its exit status, what it said, and docker's command lines."""
    folder = checkout.parent / "docker"
    folder.mkdir()
    program = folder / "docker"
    program.write_text(RECORDER.format(python=sys.executable, folder=str(folder)))
    program.chmod(0o755)
    (folder / "answers").write_text(answers)
    (folder / "calls").touch()
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=checkout,
        env=environment(checkout, PATH=f"{folder}:{os.environ['PATH']}"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    return done.returncode, done.stdout + done.stderr, calls


@pytest.mark.parametrize(
    ("target", "files", "up"),
    [("run-dev", DEV, ["up"]), ("run-live", LIVE, ["up", "--detach", "--wait"])],
)
def test_run_builds_makes_the_tables_and_starts(checkout: Path, target: str, files: list[str], up: list[str]) -> None:
    """The three steps, in this order; the container that makes the tables is gone after it."""
    status, said, calls = run_make(checkout, target)

    assert status == 0, said
    assert calls == [[*files, "build"], [*files, "run", "--rm", "migrate"], [*files, *up]]


@pytest.mark.parametrize(("failing", "steps"), [("build", 1), ("run", 2)])
def test_nothing_starts_after_a_step_that_failed(checkout: Path, failing: str, steps: int) -> None:
    """Whatever ran before goes on running; the new program never meets missing tables."""
    status, _, calls = run_make(checkout, "run-live", answers=f"{' '.join(LIVE)} {failing} => fails\n")

    assert status != 0
    assert len(calls) == steps


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("build",), [*LIVE, "build"]),
        (("build", "MODE=dev"), [*DEV, "build"]),
        (("kill",), [*LIVE, "--profile", "*", "down", "--remove-orphans"]),
        (("kill", "MODE=dev"), [*DEV, "--profile", "*", "down", "--remove-orphans"]),
    ],
    ids=" ".join,
)
def test_one_command_each(checkout: Path, arguments: tuple[str, ...], expected: list[str]) -> None:
    """`kill` takes what any profile started, and no volume; MODE picks the second file."""
    status, said, calls = run_make(checkout, *arguments)

    assert status == 0, said
    assert calls == [expected]


def test_clean_removes_the_containers_of_this_project_and_tells_which(checkout: Path) -> None:
    """By Compose's own label, so that it needs no .env; volumes are never named, nor images that have a name."""
    (checkout / ".env").write_text("COMPOSE_PROJECT_NAME=mine\n")
    ours = "label=com.docker.compose.project=mine"
    listed = {
        f"container ls --all --quiet --filter {ours}": "c1",
        f"network ls --quiet --filter {ours}": "n1",
        f"image ls --quiet --filter dangling=true --filter {ours}": "i1",
    }
    answers = "".join(f"{command} => {answer}\n" for command, answer in listed.items())

    status, said, calls = run_make(checkout, "clean", answers=answers)

    assert status == 0, said
    for line in ("removed .venv", "removed container c1", "removed network n1", "removed image i1"):
        assert line in said.splitlines()
    changing = [" ".join(call) for call in calls if "ls" not in call]
    assert changing == ["container rm --force c1", "network rm n1", "image rm i1"]
    assert not (checkout / ".venv").exists()
    assert (checkout / ".env").exists()
    assert (checkout / "content" / "blog.toml").exists()


def test_clean_works_where_docker_does_not_answer(checkout: Path) -> None:
    """It says what it could not look at."""
    status, said, _ = run_make(checkout, "clean", answers="container ls => fails\n")

    assert status == 0
    assert "docker does not answer" in said
    assert "removed .venv" in said
