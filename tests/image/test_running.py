"""What a container of the image does: run by podman, asked over HTTP."""

from __future__ import annotations

import os
import pty
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.git_server import GitServer
from tests.history_builder import Builder
from tests.image.blog import publish
from tests.image.engine import Engine
from tests.image.running import CONFINED, GRACE_SECONDS, PATIENCE_SECONDS, Container, running
from tests.postgres import Server


@pytest.fixture(scope="module")
def demonstration(engine: Engine, image: str) -> Iterator[Container]:
    """A container without any setting, on a read-only root file system."""
    with running(engine, image, *CONFINED) as container:
        container.eventually("/", "Welcome: from a commit to a page")
        yield container


def wait_until(done: Callable[[], bool], what: str) -> None:
    """Wait for what must come soon."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.2)


def test_a_bare_run_shows_the_demonstration(demonstration: Container) -> None:
    """Nothing has to be set, and nothing but the volume and /tmp can be written to."""
    refused = demonstration.run("sh", "-c", "touch /app/x /opt/gitblog/x /x 2>&1; id -u", check=False)

    assert refused.splitlines()[-1] == "10001"
    assert refused.count("Read-only file system") == 3
    assert "About" in demonstration.read("/about/")


def test_the_health_check_asks_the_running_site(engine: Engine, image: str, demonstration: Container) -> None:
    """It takes the port from PORT; a container that lives but serves nothing is not healthy."""
    assert engine.podman("healthcheck", "run", demonstration.name, check=False).returncode == 0

    with running(engine, image, command=("sleep", "60")) as idle:
        assert engine.podman("healthcheck", "run", idle.name, check=False).returncode == 1


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("gitblog", "status"), "nothing has been published yet"),
        (("python", "-m", "gitblog", "db", "upgrade"), ""),
        (("git", "--version"), "git version"),
        (("ssh", "-V"), "OpenSSH"),
        (("ps", "-e"), "PID"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_runs_instead_of_the_server(
    engine: Engine, image: str, command: tuple[str, ...], expected: str
) -> None:
    """There is no entry point in the way."""
    done = engine.podman("run", "--rm", *CONFINED, image, *command, check=False)

    # In a new container nothing is live and nobody syncs, and `gitblog status` ends with 1 where a part is not well.
    assert done.returncode == ("status" in command)
    assert expected in done.stdout + done.stderr


def test_flask_shell_has_the_application(engine: Engine, image: str) -> None:
    """FLASK_APP is set."""
    done = engine.podman("run", "--rm", "--interactive", image, "flask", "shell", stdin="print(app.name, 6 * 7)\n")

    assert "gitblog 42" in done.stdout


def test_a_person_can_look_inside(engine: Engine, demonstration: Container) -> None:
    """`podman exec -it NAME bash` gives a shell on a terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "w") as terminal:
        terminal.write("tty; gitblog status | head -1; exit\n")
        terminal.flush()
        done = engine.podman("exec", "-it", demonstration.name, "bash", stdin=theirs)
        os.close(theirs)

    assert "/dev/pts/" in done.stdout
    assert "live: " in done.stdout


def test_what_a_killed_process_leaves_is_buried(demonstration: Container) -> None:
    """tini is process 1: a web process and the worker die, others take over, and no zombie stays."""
    before = demonstration.processes()
    workers = [pid for pid, (_, command) in before.items() if "gitblog worker" in command]
    webs = [pid for pid, (_, command) in before.items() if "gunicorn" in command and pid != 1]
    assert before[1][1].startswith("tini -- gunicorn")
    assert (len(workers), len(webs)) == (1, 3)
    # The oldest of gunicorn's is the one that looks after the others.
    victims = [*workers, max(webs)]

    demonstration.run("kill", "-KILL", *map(str, victims))

    def replaced() -> bool:
        now = demonstration.processes()
        return not set(victims) & set(now) and len(now) >= len(before)

    wait_until(replaced, "a new web process and worker")
    assert [state for state, _ in demonstration.processes().values() if state.startswith("Z")] == []
    assert "Welcome" in demonstration.eventually("/", "Welcome")


def test_no_git_is_left_of_a_worker_that_was_killed(engine: Engine, image: str, repository: Builder) -> None:
    """A git that waits for a silent server outlives its worker; when the connection ends, so does every trace of it."""
    with GitServer(repository.path.parent) as server:
        server.behaviour.silent = True
        with running(engine, image, *CONFINED, "--env", f"CONTENT_REPO={server.url()}") as container:

            def gits() -> set[int]:
                return {pid for pid, (_, command) in container.processes().items() if command.startswith("git")}

            wait_until(lambda: bool(gits()), "a git that asks")
            left = gits()
            worker = [str(pid) for pid, (_, command) in container.processes().items() if "gitblog worker" in command]
            container.run("kill", "-KILL", *worker)
            server.behaviour.silent = False
            server.stop()
            wait_until(lambda: not left & set(container.processes()), "the end of git")
            server.start(server.port)

            assert "First words" in container.eventually("/", "First words")


def test_a_mounted_repository_is_published_and_a_push_shows(engine: Engine, image: str, repository: Builder) -> None:
    """The folder belongs to another user and is mounted read-only: git may read it all the same."""
    mount = ("--volume", f"{repository.path}:/blog.git:ro", "--env", "CONTENT_REPO=/blog.git")
    with running(engine, image, *CONFINED, *mount) as container:
        assert "First words" in container.eventually("/", "First words")

        publish(repository, "Second thoughts")

        assert "First words" not in container.eventually("/", "Second thoughts")


def test_a_new_container_on_the_old_volume_shows_pages_at_once(engine: Engine, image: str, repository: Builder) -> None:
    """So is new code deployed: no page waits for a sync, not even where the repository is away."""
    volume = f"gitblog-test-{secrets.token_hex(4)}"
    options = (*CONFINED, "--volume", f"{volume}:/data", "--env", "CONTENT_REPO=/blog.git")
    try:
        with running(engine, image, *options, "--volume", f"{repository.path}:/blog.git:ro") as container:
            container.eventually("/", "First words")
            assert container.stop()[0] == 0
        with running(engine, image, *options) as container:
            container.eventually("/-/healthz", "ok")
            assert "First words" in container.read("/")
    finally:
        engine.podman("volume", "rm", "--force", volume, check=False)


def test_a_worker_in_a_container_of_its_own_feeds_the_web(
    engine: Engine, image: str, repository: Builder, postgres_server: Server, postgres_url: str
) -> None:
    """They share PostgreSQL alone: its tables are made once before, and the web sees no repository."""
    socket = ".s.PGSQL.5432"
    url = postgres_url.partition("?")[0] + "?host=/postgresql"
    database = (f"--volume={postgres_server.folder}/{socket}:/postgresql/{socket}", f"--env=DATABASE_URL={url}")
    content = (f"--volume={repository.path}:/blog.git:ro", "--env=CONTENT_REPO=/blog.git")
    engine.podman("run", "--rm", *CONFINED, *database, image, "gitblog", "db", "upgrade")
    with (
        running(engine, image, *CONFINED, *database, "--env=SYNC_MODE=worker") as web,
        running(engine, image, *CONFINED, *database, *content, command=("tini", "--", "gitblog", "worker")) as worker,
    ):
        web.eventually("/", "First words")
        publish(repository, "Second thoughts")
        web.eventually("/", "Second thoughts")

        assert [command for _, command in web.processes().values() if "gitblog worker" in command] == []
        status, seconds = worker.stop()
        assert status == 0
        assert seconds < GRACE_SECONDS
        assert "Second thoughts" in web.read("/")


def test_a_secret_comes_from_a_mounted_file(engine: Engine, image: str, tmp_path: Path) -> None:
    """`WEBHOOK_SECRET_FILE` keeps it out of what `podman inspect` and a process list show."""
    secret = secrets.token_hex(16)
    file = tmp_path / "webhook"
    file.write_text(secret)
    os.chown(file, 10001, 10001)
    file.chmod(0o400)
    mount = ("--volume", f"{file}:/run/secrets/webhook:ro", "--env", "WEBHOOK_SECRET_FILE=/run/secrets/webhook")
    with running(engine, image, *CONFINED, *mount) as container:
        container.eventually("/", "Welcome")

        assert "WEBHOOK_SECRET is set" in container.run("gitblog", "webhook")
        assert secret not in engine.podman("inspect", container.name).stdout
        assert secret not in container.run("ps", "-eo", "args") + container.logs()


def test_a_stop_is_quick_and_clean(engine: Engine, image: str) -> None:
    """SIGTERM ends with status 0 before docker would kill; the log tells of no error."""
    with running(engine, image, *CONFINED) as container:
        container.eventually("/", "Welcome")

        status, seconds = container.stop()

        assert status == 0
        assert seconds < GRACE_SECONDS
        assert [line for line in container.logs().splitlines() if "[ERROR]" in line or "Traceback" in line] == []


def test_a_wrong_setting_ends_with_one_line(engine: Engine, image: str) -> None:
    """tini hands the exit status through."""
    done = engine.podman("run", "--rm", "--env", "PORT=none", image, check=False)

    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("gitblog: PORT")] != []
