"""The units of `deploy/systemd`: understood, tight, and not too tight for gitblog.

No systemd runs here. What can be had without it is tried for real: the socket handed over, the word that gitblog is
ready, and a file system, capabilities and memory as the unit leaves them.
"""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gitblog.config import SETTINGS, from_env
from tests.checkout import TOP
from tests.deploy.test_caddy import caddy_before
from tests.deploy.test_nginx import PINNED, nginx_before
from tests.front_servers import POST, Front, Gitblog, make_blog, post, running, wait_until_live
from tests.tools import require_tool

FrontBefore = Callable[..., AbstractContextManager[Front]]

UNITS = TOP / "deploy" / "systemd"
PYTHON = "/opt/gitblog/.venv/bin/python"
WORST_EXPOSURE = 2.0

# What systemd does last before it starts a program that is handed a socket.
HAND_OVER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'}; "
    "os.execv(sys.argv[2], sys.argv[2:])"
)

# ProtectSystem=strict, StateDirectory, CapabilityBoundingSet, NoNewPrivileges, UMask; then the program.
RESTRICT = """set -e
mount --make-rprivate /
mount --bind / / && mount -o remount,bind,ro /
mount --bind "$WRITABLE" "$WRITABLE" && mount -o remount,bind,rw "$WRITABLE"
if touch "$WRITABLE/../not-here" 2>/dev/null; then echo "the rest is writable" >&2; exit 1; fi
umask 077
exec setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
"""
# MemoryDenyWriteExecute: PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN (prctl(2), Linux 6.3); older kernels say no.
NO_NEW_CODE = "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def values(unit: str, key: str) -> list[str]:
    """Give what a unit says of a key, in order."""
    return re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)


def shipped(key: str) -> list[str]:
    """Give the words of a command of the service, with this Python in place of the installed one."""
    (line,) = values("gitblog.service", key)
    return [sys.executable if word == PYTHON else word for word in shlex.split(line.removeprefix("-"))]


def test_a_wrong_setting_is_met_by_the_process_whose_status_counts(tmp_path: Path) -> None:
    """`RestartPreventExitStatus` looks at the main process alone, so what comes before it must not stop the start."""
    (before,) = values("gitblog.service", "ExecStartPre")
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(tmp_path), "PORT": "none"}
    done = subprocess.run(shipped("ExecStart"), env=settings, cwd=tmp_path, capture_output=True, check=False)

    assert before.startswith("-")
    assert values("gitblog.service", "RestartPreventExitStatus") == [str(done.returncode)]


def test_systemd_understands_the_units_without_a_word(tmp_path: Path) -> None:
    """It checks that the program is there, so the copy names one that is."""
    verify = [str(require_tool("systemd-analyze")), "verify"]
    for path in UNITS.glob("gitblog.*"):
        (tmp_path / path.name).write_text(path.read_text().replace(PYTHON, sys.executable))
    names = [str(tmp_path / name) for name in ("gitblog.service", "gitblog.socket")]
    done = subprocess.run([*verify, *names], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_finds_little_exposed() -> None:
    """Its own score, from 0 to 10; the network and the file system to read are what gitblog needs."""
    command = [str(require_tool("systemd-analyze")), "security", "--offline=true", "--no-pager"]
    told = subprocess.run([*command, str(UNITS / "gitblog.service")], capture_output=True, text=True, check=True).stdout
    (score,) = re.findall(r"Overall exposure level for gitblog.service: ([0-9.]+)", told)

    assert float(score) <= WORST_EXPOSURE


def test_the_example_of_the_settings_names_settings_and_is_valid() -> None:
    """Those that are commented out too; the secrets are left to be made."""
    text = (UNITS / "gitblog.env").read_text()
    given = dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))
    named = set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE))

    assert named <= {setting.name for setting in SETTINGS}
    assert from_env(given).trusted_proxies == 1


@pytest.mark.parametrize("front_before", [partial(nginx_before, program=PINNED), caddy_before], ids=["nginx", "caddy"])
def test_a_restart_costs_no_reader_an_answer(tmp_path: Path, front_before: FrontBefore) -> None:
    """The socket outlives gunicorn, and the front asks once more where it met gunicorn's end: 200 each time."""
    with listener() as listening:
        gitblog = replace(make_blog(tmp_path / "blog"), port=listening.getsockname()[1])
        with ExitStack() as present:
            present.enter_context(started(gitblog, [], listening))
            wait_until_live(gitblog, gitblog.tips[-1])
            with front_before(gitblog, folder=tmp_path) as front, asked_all_the_while(front) as statuses:
                for _ in range(2):
                    present.close()
                    present.enter_context(started(gitblog, [], listening))
                    wait_until_live(gitblog, gitblog.tips[-1])

    assert len(statuses) > 10
    assert set(statuses) == {200}


def test_gitblog_runs_under_what_the_unit_leaves_it(tmp_path: Path) -> None:
    """Nothing to write to but its own folder, no capability, no new code in memory: first index, push, large push."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system that is read-only")
    writable = tmp_path / "blog" / "data"
    restrict = [
        str(require_tool("unshare")), "--mount", "--ipc", "sh", "-c", RESTRICT, "sh",
        sys.executable, "-c", NO_NEW_CODE,
    ]  # fmt: skip
    require_tool("setpriv")
    with listener() as listening, notified(tmp_path / "notify") as ready:
        gitblog = make_blog(tmp_path / "blog", WRITABLE=str(writable), TMPDIR=str(writable), SYNC_INTERVAL_SECONDS="1")
        gitblog = replace(gitblog, port=listening.getsockname()[1])
        writable.mkdir()
        settings = {**gitblog.environment, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        subprocess.run([*restrict, *shipped("ExecStartPre")], env=settings, cwd=TOP, check=True)
        with started(replace(gitblog, environment=settings), restrict, listening):
            assert b"READY=1" in ready.recv(4096)
            wait_until_live(gitblog, gitblog.tips[-1])
            many = {f"posts/p{number}.md": post("Many words. " * 300) for number in range(300)}
            gitblog.push(many)
            wait_until_live(gitblog, gitblog.tips[-1])


@contextmanager
def listener() -> Iterator[socket.socket]:
    """Hold a port as gitblog.socket does."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as made:
        yield made


@contextmanager
def notified(path: Path) -> Iterator[socket.socket]:
    """Listen where a service of Type=notify says that it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(path))
        made.settimeout(60)
        yield made


@contextmanager
def started(gitblog: Gitblog, before: Sequence[str], listening: socket.socket) -> Iterator[None]:
    """Run the service's own command, after another one, with the socket as descriptor 3."""
    hand_over = [sys.executable, "-c", HAND_OVER, str(listening.fileno())]
    log = gitblog.folder / "gitblog.log"
    with running([*before, *hand_over, *shipped("ExecStart")], log, gitblog.environment, (listening.fileno(),)):
        yield


@contextmanager
def asked_all_the_while(front: Front) -> Iterator[list[int]]:
    """Let four readers ask for the post while the block lasts; the statuses are complete after it."""
    statuses: list[int] = []
    enough = threading.Event()

    def ask_on() -> None:
        while not enough.is_set():
            statuses.append(front.ask(POST).status)

    readers = [threading.Thread(target=ask_on) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        yield statuses
    finally:
        enough.set()
        for reader in readers:
            reader.join()
