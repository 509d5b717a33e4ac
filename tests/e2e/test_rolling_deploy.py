"""Two versions of the program side by side, under load: deploy forward, push meanwhile, and roll back.

The newer version is a copy of this checkout with one more revision of Alembic's. Readers never stop, and look at every
answer: no 5xx, no page older than one that the same process gave before, and each page whole. On PostgreSQL the
versions stand on two machines (two folders DATA_DIR, both syncing); on SQLite on one machine (one DATA_DIR, where the
program that holds the lock fetches for both).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import pytest

from gitblog.index.tables import INDEX_VERSION
from tests.git_server import GitServer
from tests.history_builder import Builder

TOP = Path(__file__).resolve().parents[2]
NEWER = INDEX_VERSION + 1
PATIENCE_SECONDS = 90.0
PAGES = ("/", "/p/news/", "/p/post-3/", "/feed.xml", "/no-such-page/")
REVISION = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{INDEX_VERSION}"


def upgrade():
    op.create_table("visit", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
"""


def _tree(number: int) -> dict[str, bytes]:
    posts = {f"posts/post-{each}.md": b"---\ntitle: A post\n---\nWords.\n" for each in range(40)}
    news = f"---\ntitle: News {number}\n---\nThis is number {number}.\n".encode()
    return {"blog.toml": b'permalink = "/p/:slug/"\n', "posts/news.md": news, **posts}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader saw: which port answered, with which status, revision and number of the news."""

    reader: int
    port: int
    path: str
    status: int
    revision: str
    number: str


@dataclass(slots=True)
class Readers:
    """Threads that read from every port of `ports` without a pause, as a front server would send them."""

    ports: tuple[int, ...] = ()
    seen: list[Seen] = field(default_factory=list)
    _busy: list[int] = field(default_factory=lambda: [0, 0, 0])
    _ended: threading.Event = field(default_factory=threading.Event)

    def read(self, reader: int) -> None:
        """Read page after page until the end."""
        for number in range(10**9):
            if self._ended.is_set():
                return
            ports = self.ports
            for port in ports:
                self._busy[reader] = port
                if port in self.ports:
                    self.seen.append(_ask(reader, port, PAGES[(number + reader) % len(PAGES)]))
                self._busy[reader] = 0

    def leave(self, port: int) -> None:
        """Send nobody to a port any more, and wait for who is there."""
        self.ports = tuple(each for each in self.ports if each != port)
        while port in self._busy:
            time.sleep(0.01)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the threads running."""
        threads = [threading.Thread(target=self.read, args=(number,)) for number in range(len(self._busy))]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()


def _ask(reader: int, port: int, path: str) -> Seen:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as response:
            status, headers, body = response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, body = error.code, error.headers, error.read().decode()
    except OSError as error:
        return Seen(reader, port, path, 599, "", str(error))
    number = re.search(r"This is number (\d+)", body) if path == "/p/news/" else None
    return Seen(reader, port, path, status, headers.get("X-Gitblog-Revision", ""), number[1] if number else "")


@dataclass(slots=True)
class Version:
    """One version of the program: its code, its settings, and what of it runs."""

    checkout: Path
    environment: dict[str, str]
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run a command that must succeed; give what it prints."""
        command = [sys.executable, "-m", "gitblog", *arguments]
        done = subprocess.run(
            command, cwd=self.checkout, env=self.environment, capture_output=True, text=True, check=False, timeout=90
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, part: str) -> None:
        """Start `web` or `worker`."""
        parts = {"worker": ["gitblog", "worker"]}
        parts["web"] = ["gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"]
        with (self.checkout / f"{part}.log").open("ab") as log:
            self.running[part] = subprocess.Popen(
                [sys.executable, "-m", *parts[part]], cwd=self.checkout, env=self.environment, stdout=log, stderr=log
            )

    def stop(self, part: str) -> None:
        """End a part as a deploy does, and wait for it."""
        process = self.running.pop(part)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (self.checkout / f"{part}.log").read_text()

    def stop_all(self) -> None:
        """End what still runs."""
        for part in tuple(self.running):
            process = self.running.pop(part)
            process.terminate()
            process.wait(60)

    def wait_for(self, revision: str) -> None:
        """Wait until the web answers with a revision."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (seen := _ask(-1, self.port, "/p/news/")).revision != revision:
            assert time.monotonic() < deadline, (seen, (self.checkout / "web.log").read_text()[-2000:])
            time.sleep(0.1)
        assert seen.status == 200


@dataclass(slots=True)
class Deploy:
    """A repository, two versions of the program, and those who read meanwhile."""

    builder: Builder
    older: Version
    newer: Version
    readers: Readers
    url: str
    pushed: list[str] = field(default_factory=list)

    @property
    def on_one_machine(self) -> bool:
        """Whether both versions share a DATA_DIR, and so one lock."""
        return self.url.startswith("sqlite")

    def push(self) -> str:
        """Push the next number of the news."""
        number = len(self.pushed)
        self.pushed.append(self.builder.commit(_tree(number), self.pushed[-1:], 1_600_000_000 + number, "main"))
        return self.pushed[-1]

    def posts_view(self) -> str:
        """Give the schema that the view `posts` shows (PostgreSQL; SQLite has a view in each file)."""
        if self.on_one_machine:
            return ""
        with psycopg2.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_viewdef('posts'::regclass)")
            found = re.findall(r"gitblog_v\d+", str(cursor.fetchone()))
        connection.close()
        assert len(set(found)) == 1
        return str(found[0])


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _checkout(folder: Path, *, newer: bool) -> Path:
    """Copy the program; the newer one gets a revision more."""
    shutil.copytree(TOP / "gitblog", folder / "gitblog", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    if newer:
        (folder / "gitblog" / "migrations" / "versions" / f"{NEWER:04}_visit.py").write_text(REVISION)
        tables = folder / "gitblog" / "index" / "tables.py"
        text = tables.read_text()
        assert text.count(f"INDEX_VERSION = {INDEX_VERSION}\n") == 1
        tables.write_text(text.replace(f"INDEX_VERSION = {INDEX_VERSION}\n", f"INDEX_VERSION = {NEWER}\n"))
    return folder


@pytest.fixture
def deploy(database_url: str, tmp_path: Path) -> Iterator[Deploy]:
    """The older version runs and is filled; the newer one is only there."""
    url = database_url.replace("+psycopg2", "")
    builder = Builder(tmp_path / "served" / "blog.git")
    with GitServer(tmp_path / "served") as server, ExitStack() as stack:
        made: list[Version] = []
        for name in ("older", "newer"):
            folder = tmp_path / ("data" if url.startswith("sqlite") else f"data of {name}")
            checkout, port = _checkout(tmp_path / name, newer=name == "newer"), _free_port()
            environment = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(checkout),
                "HOME": str(tmp_path),
                "CONTENT_REPO": server.url("blog.git"),
                "DATABASE_URL": url,
                "DATA_DIR": str(folder),
                "PORT": str(port),
                "SYNC_MODE": "worker",
                "SYNC_INTERVAL_SECONDS": "1",
                "WEB_CONCURRENCY": "1",
            }
            made.append(Version(checkout, environment, port))
            stack.callback(made[-1].stop_all)
        deploy = Deploy(builder, made[0], made[1], Readers(), url)
        first = deploy.push()
        deploy.older.run("db", "upgrade")
        deploy.older.start("worker")
        deploy.older.start("web")
        deploy.older.wait_for(first)
        yield deploy


def test_a_deploy_and_its_way_back_show_no_reader_an_error_or_an_older_page(deploy: Deploy) -> None:
    """Tables, then rows, then the web; a push between any two steps shows wherever somebody reads."""
    older, newer, readers = deploy.older, deploy.newer, deploy.readers
    readers.ports = (older.port,)
    with readers.reading():
        _make_tables_twice_at_once(newer)
        assert deploy.posts_view() in ("", f"gitblog_v{INDEX_VERSION}")
        _fill(deploy, newer)
        assert deploy.posts_view() in ("", f"gitblog_v{NEWER}")
        newer.start("web")
        newer.wait_for(deploy.pushed[-1])
        readers.ports = (older.port, newer.port)

        _push_while_both_run(deploy)
        _leave(deploy, older, newer)
        newer.wait_for(deploy.push())

        # Back: the older version's tables are still there, and are brought up to date before anybody reads them.
        older.run("db", "upgrade")
        assert deploy.posts_view() in ("", f"gitblog_v{INDEX_VERSION}")
        _fill(deploy, older)
        older.start("web")
        older.wait_for(deploy.pushed[-1])
        readers.ports = (newer.port, older.port)
        _leave(deploy, newer, older)
        older.wait_for(deploy.push())

    _judge(deploy)
    assert older.run("verify") == "equal\n"


def _make_tables_twice_at_once(version: Version) -> None:
    """Two hosts deploy at the same time."""
    command = [sys.executable, "-m", "gitblog", "db", "upgrade"]
    both = [subprocess.Popen(command, cwd=version.checkout, env=version.environment) for _ in range(2)]
    assert [process.wait(90) for process in both] == [0, 0]


def _fill(deploy: Deploy, version: Version) -> None:
    """Fill a version's tables from git while the other one syncs into its own."""
    if deploy.on_one_machine:
        told = version.run("sync").split()
        assert told[1] == deploy.pushed[-1]
        return
    version.start("worker")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while deploy.pushed[-1] not in version.run("status", "--json"):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _push_while_both_run(deploy: Deploy) -> None:
    revision = deploy.push()
    deploy.older.wait_for(revision)
    if deploy.on_one_machine:
        assert deploy.newer.run("sync").split()[:2] == ["published", revision]
    deploy.newer.wait_for(revision)


def _leave(deploy: Deploy, leaving: Version, staying: Version) -> None:
    """Send the readers to the other version alone, and end this one; the other takes over the lock that they share."""
    deploy.readers.leave(leaving.port)
    leaving.stop("web")
    leaving.stop("worker")
    if deploy.on_one_machine:
        staying.start("worker")


def _judge(deploy: Deploy) -> None:
    """Look at everything that was seen."""
    seen = deploy.readers.seen
    order = {revision: number for number, revision in enumerate(deploy.pushed)}
    assert {each.port for each in seen} == {deploy.older.port, deploy.newer.port}
    assert [each for each in seen if each.status != (404 if each.path == "/no-such-page/" else 200)] == []
    assert [each for each in seen if each.path == "/p/news/" and order[each.revision] != int(each.number)] == []
    assert {order[each.revision] for each in seen} == set(range(len(deploy.pushed)))
    for place in {(each.reader, each.port) for each in seen}:
        story = [order[each.revision] for each in seen if (each.reader, each.port) == place]
        assert story == sorted(story), place
