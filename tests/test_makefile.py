"""The make targets, run as a newcomer would, in a copy of the project."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.asking import PATIENCE_SECONDS, eventually, read
from tests.checkout import TOP, environment, make_checkout

TARGETS = [
    "help",
    "setup",
    "run",
    "run-postgres",
    "test",
    "test-postgres",
    "test-long",
    "test-guards",
    "test-image",
    "test-fresh",
    "audit-site",
    "check",
    "build",
    "run-dev",
    "run-live",
    "kill",
    "bench",
    "lock",
    "clean",
]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project with its requirements installed and one commit."""
    return make_checkout(tmp_path / "checkout")


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run make in `checkout` and return what it said."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=checkout,
        env=environment(checkout, **variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_help_lists_every_target_with_a_text(checkout: Path) -> None:
    """The list comes from the Makefile itself, so a target without a text would be missing here."""
    told = make(checkout, "help")

    assert told.returncode == 0
    assert re.findall(r"^  make ([a-z-]+) +\S", told.stdout, re.MULTILINE) == TARGETS


def test_an_installed_checkout_installs_nothing_again(checkout: Path) -> None:
    """The stamps name the locks, so a second `make setup` has nothing to do."""
    told = make(checkout, "setup")

    assert told.returncode == 0
    assert "Installing" not in told.stdout


def test_a_changed_lock_is_installed(checkout: Path) -> None:
    """The stamp's name holds the lock's checksum: a new line is a new stamp."""
    with (checkout / "requirements.txt").open("a") as lock:
        lock.write("# changed\n")

    told = make(checkout, "--dry-run", "setup")

    assert told.returncode == 0
    assert "--require-hashes -r requirements.txt" in told.stdout


def test_a_machine_without_a_new_enough_python_is_told_so(checkout: Path, tmp_path: Path) -> None:
    """A program of the right name that does not run (a pyenv shim) is passed over."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "sed", "cat", "cksum", "tr", "env", "make"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    shim = programs / "python3.13"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)

    told = make(checkout, "setup", "VENV=elsewhere", PATH=str(programs))

    assert told.returncode == 2
    assert "needs Python 3.11 or newer" in told.stderr


def test_a_python_without_ensurepip_is_told_what_to_install(checkout: Path, tmp_path: Path) -> None:
    """Debian keeps `ensurepip` in a package of its own. The candidate is pyenv's: it refuses to run in the checkout."""
    bare = tmp_path / "programs" / "python3.13"
    bare.parent.mkdir()
    refuses = '[ "$PWD" = / ] || exit 1'
    bare.write_text(f'#!/bin/sh\n{refuses}\ncase "$2" in *ensurepip*) exit 1 ;; *) echo "$0" ;; esac\n')
    bare.chmod(0o755)

    told = make(checkout, "setup", "VENV=elsewhere", PATH=f"{bare.parent}:{os.environ['PATH']}")

    assert told.returncode == 2
    assert "apt-get install python3.13-venv" in told.stderr


def test_an_unknown_mode_stops_with_the_two_that_exist(checkout: Path) -> None:
    """A slip must not start the wrong mode."""
    told = make(checkout, "run", "MODE=fast")

    assert told.returncode == 2
    assert "MODE is 'fast'; it must be live or dev" in told.stderr


@pytest.mark.parametrize(
    ("environment_value", "arguments", "expected"),
    [
        ({}, (), "from # $file"),
        ({"SITE_URL": "from the environment"}, (), "from the environment"),
        ({}, ("SITE_URL=from make",), "from make"),
    ],
    ids=["file", "environment", "command line"],
)
def test_the_environment_and_make_win_over_the_env_file(
    checkout: Path, environment_value: dict[str, str], arguments: tuple[str, ...], expected: str
) -> None:
    """A value of `.env` may hold `#` and `$`, and whatever is nearer to the person wins over it."""
    (checkout / ".env").write_text("SITE_URL='from # $file'\n")
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.write_text('#!/bin/sh\necho "SITE_URL=[$SITE_URL]"\nexit 1\n')
    python.chmod(0o755)

    told = make(checkout, "run", *arguments, **environment_value)

    assert f"SITE_URL=[{expected}]" in told.stdout


def test_the_two_lists_of_requirements_agree() -> None:
    """pip reads pyproject.toml, the locks come from requirements.in."""
    listed = [line for line in (TOP / "requirements.in").read_text().splitlines() if line and line[0] != "#"]
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]

    assert listed == project["dependencies"]


@pytest.mark.parametrize("lock", ["requirements", "requirements-dev"])
def test_the_locks_pin_and_hash_everything(lock: str) -> None:
    """pip refuses a line without a hash, but only when it meets it on that platform."""
    text = (TOP / f"{lock}.txt").read_text()
    entries = re.findall(r"^([a-z0-9][^\s=]*)==\S+(.*(?:\n    --hash=\S+.*)*)", text, re.MULTILINE | re.IGNORECASE)

    assert len(entries) >= 15
    assert [name for name, rest in entries if "--hash=sha256:" not in rest] == []


def test_both_locks_hold_the_same_versions() -> None:
    """What is tested is what runs."""
    pins = {
        lock: dict(re.findall(r"^([a-z0-9][^\s=]*)==(\S+)", (TOP / lock).read_text(), re.MULTILINE))
        for lock in ("requirements.txt", "requirements-dev.txt")
    }

    assert pins["requirements.txt"].items() <= pins["requirements-dev.txt"].items()


def test_run_serves_the_checkout_and_shows_the_next_commit(checkout: Path) -> None:
    """The two commands of the README: nothing is set, and an edit is visible after its commit, not before."""
    welcome = checkout / "content" / "posts" / "welcome.md"
    with serving(checkout) as address:
        assert "Welcome: from a commit to a page" in eventually(address, "Welcome: from a commit")

        welcome.write_text(welcome.read_text().replace("Welcome: from a commit", "Greetings: from a commit"))
        assert "Welcome: from a commit" in read(address)

        commit(checkout)
        assert "Welcome: from a commit" not in eventually(address, "Greetings: from a commit")


def test_dev_mode_shows_code_templates_and_posts(checkout: Path) -> None:
    """gunicorn reloads on a changed module and a changed template; a post is there after its commit."""
    with serving(checkout, "MODE=dev") as address:
        eventually(address, "Welcome: from a commit")
        about = f"{address}about/"

        template = next((checkout / "gitblog" / "themes").rglob("base.html"))
        template.write_text(template.read_text().replace("</body>", "<p>template changed</p></body>"))
        eventually(about, "template changed")

        post = checkout / "content" / "pages" / "about.md"
        post.write_text(post.read_text().replace("This is the blog", "This surely is the blog"))
        commit(checkout)
        eventually(about, "This surely is the blog")

        module = checkout / "gitblog" / "app.py"
        module.write_text(
            module.read_text()
            + "\n_made_app = create_app\n\n\ndef create_app(settings=None):\n"
            + "    app = _made_app(settings)\n"
            + "    app.add_url_rule('/-/changed', 'changed', lambda: 'code changed')\n    return app\n"
        )
        eventually(f"{address}-/changed", "code changed")


def test_run_postgres_serves_the_checkout_from_a_server_of_its_own(checkout: Path) -> None:
    """The binaries are the development requirements', and the server ends with the command."""
    with serving(checkout, target="run-postgres") as address:
        eventually(address, "Welcome: from a commit")


@contextmanager
def serving(checkout: Path, *arguments: str, target: str = "run") -> Iterator[str]:
    """Run `make run` on a free port while the block lasts, and see it end by SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = checkout.parent / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "--no-print-directory", target, f"PORT={port}", *arguments],
            cwd=checkout,
            env=environment(checkout),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}/"
    except BaseException as error:
        error.add_note(log.read_text()[-4000:])
        raise
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def commit(checkout: Path) -> None:
    """Commit every change in `checkout`."""
    subprocess.run(["git", "commit", "-qam", "edit"], cwd=checkout, env=environment(checkout), check=True)
