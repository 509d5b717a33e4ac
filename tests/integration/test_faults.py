"""What is broken around gitblog: disk, database, port, repository. Each is a sentence, and the old pages go on.

The commands and the web application are the real ones, in this process; the faults are real as well.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest
from werkzeug.test import Client

from gitblog import cli
from gitblog.app import create_app
from gitblog.index.tables import INDEX_VERSION
from gitblog.sync.lock import take_lock
from tests.git_server import GitServer
from tests.history_builder import Builder, run_git
from tests.postgres import Server
from tests.tools import require_tool

TOP = Path(__file__).resolve().parents[2]
POST = b"---\ntitle: A\npermalink: /a/\n---\n%s\n"


@dataclass(slots=True)
class Operated:
    """A blog as its operator has it: settings in the environment, commands, pages."""

    folder: Path
    builder: Builder
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    tip: str = ""

    def set(self, **settings: str) -> None:
        """Set variables of the environment."""
        for name, value in settings.items():
            self.patch.setenv(name, value)

    def push(self, text: bytes, **more: bytes) -> str:
        """Commit a post on main."""
        tree = {"posts/a.md": POST % text, **{f"static/{name}": data for name, data in more.items()}}
        self.tip = self.builder.commit(tree, [self.tip] if self.tip else [], 1_600_000_000, "main")
        return self.tip

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command; give its exit status and the last line of stderr, which must be no traceback."""
        self.capture.readouterr()
        with _lock_of_one_command(self.patch):
            status = cli.main(arguments)
        told = self.capture.readouterr().err
        assert "Traceback" not in told, told
        return status, told.splitlines()[-1] if told else ""

    def status(self) -> str:
        """Give the lines of `gitblog status`, which must find something wrong."""
        self.capture.readouterr()
        assert cli.main(("status",)) == 1
        return self.capture.readouterr().out

    def reader(self) -> Client:
        """Give a reader of the site, as a web process of its own serves it."""
        return Client(create_app())


@contextmanager
def _lock_of_one_command(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let go of DATA_DIR's lock after a command; it is kept until its process ends, and here that is the tests'."""
    taken: list[int] = []

    def take(folder: Path) -> int | None:
        if (descriptor := take_lock(folder)) is not None:
            taken.append(descriptor)
        return descriptor

    with patch.context() as patched:
        patched.setattr(cli, "take_lock", take)
        yield
    for descriptor in taken:
        os.close(descriptor)


@pytest.fixture
def operated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operated:
    """A blog that is not published yet, its repository read in place and its index on SQLite."""
    made = Operated(tmp_path, Builder(tmp_path / "served" / "blog.git"), monkeypatch, capsys)
    made.set(
        CONTENT_REPO=str(made.builder.path), DATA_DIR=str(tmp_path / "data"), CONTENT_BRANCH="main", LOG_LEVEL="error"
    )
    return made


def _absent(operated: Operated, server: GitServer) -> None:
    operated.builder.path.rename(operated.folder / "elsewhere")


def _private(operated: Operated, server: GitServer) -> None:
    server.behaviour.token = "another token"


def _empty(operated: Operated, server: GitServer) -> None:
    shutil.rmtree(operated.builder.path)
    Builder(operated.builder.path)


def _without_branch(operated: Operated, server: GitServer) -> None:
    run_git(operated.builder.path, "branch", "-m", "main", "trunk")


def _without_folder(operated: Operated, server: GitServer) -> None:
    operated.set(CONTENT_DIR="blog")


@pytest.mark.parametrize(
    ("breaks", "remote", "said"),
    [
        (_absent, False, ("blog.git", "check CONTENT_REPO")),
        (_absent, True, ("http://127.0.0.1", "blog.git", "there is no git repository there; check CONTENT_REPO")),
        (_private, True, ("wants other credentials", "CONTENT_REPO", "set CONTENT_TOKEN")),
        (_empty, False, ("blog.git has no commit yet; commit something in it",)),
        (_empty, True, ("blog.git is empty; push a first commit to it",)),
        (_without_branch, False, ("blog.git has no branch main; set CONTENT_BRANCH to one that exists",)),
        (_without_branch, True, ("blog.git has no branch main; set CONTENT_BRANCH to one that exists",)),
        (_without_folder, False, ("CONTENT_DIR blog does not exist in commit ", "set it to the folder of the site")),
    ],
)
def test_a_repository_that_cannot_be_read_is_a_sentence_and_the_pages_stay(
    operated: Operated, breaks: Callable[[Operated, GitServer], None], remote: bool, said: tuple[str, ...]
) -> None:
    """It says which and what to do; the page that was read before is read again, by old readers and new ones."""
    with GitServer(operated.folder / "served") as server:
        if remote:
            operated.set(CONTENT_REPO=server.url("blog.git"))
        tip = operated.push(b"One.")
        assert operated.run("sync") == (0, "")
        old = operated.reader()
        assert old.get("/a/").status_code == 200

        breaks(operated, server)
        status, told = operated.run("sync")
        assert status == 1
        assert told.startswith("gitblog: the sync failed: ")
        assert all(part in told for part in said), told
        for reader in (old, operated.reader()):
            answer = reader.get("/a/")
            assert (answer.status_code, "One." in answer.text) == (200, True)
            assert answer.headers["X-Gitblog-Revision"] == tip


def test_a_key_that_is_not_there_is_told_as_a_wrong_setting(operated: Operated) -> None:
    """The setting may name a path; that nothing lies there is found before ssh is started."""
    operated.set(CONTENT_REPO="ssh://git@127.0.0.1/blog.git", CONTENT_SSH_KEY="/nowhere/key")
    said = "CONTENT_SSH_KEY is neither text nor a readable file; give the text itself or the file's path"
    assert operated.run("sync") == (2, f"gitblog: {said}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("remote", [False, True], ids=["a path", "a clone"])
def test_a_full_disk_is_a_sentence_and_what_was_pushed_shows_once_there_is_room(
    operated: Operated, small_disk: Path, remote: bool
) -> None:
    """The clone or the index's file cannot grow: no traceback, old pages, and nothing to clean up after it."""
    with GitServer(operated.folder / "served") as server:
        operated.set(DATA_DIR=str(small_disk), CONTENT_REPO=server.url() if remote else str(operated.builder.path))
        operated.push(b"One.")
        assert operated.run("sync") == (0, "")
        reader = operated.reader()
        assert "One." in reader.get("/a/").text
        _fill(small_disk / "filling")

        operated.push(b"Two.", picture=os.urandom(300_000))
        status, told = operated.run("sync")
        assert (status, "room" in told) == (1, True), told
        assert "One." in reader.get("/a/").text
        assert "WRONG database: its disk has only" in operated.status()

        (small_disk / "filling").unlink()
        assert operated.run("sync") == (0, "")
        assert "OK database: " in operated.status()
        assert "Two." in operated.reader().get("/a/").text
        assert operated.run("verify") == (0, "")


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    assert shutil.disk_usage(path.parent).free < 4096


def _without_rights(command: list[str]) -> list[str]:
    """Let root be refused like anybody else."""
    if os.geteuid() != 0:
        return command
    return [str(require_tool("setpriv")), "--bounding-set", "-dac_override,-dac_read_search", *command]


@pytest.mark.parametrize("verb", [("db", "upgrade"), ("sync",), ("worker",)])
@pytest.mark.parametrize("there", [False, True], ids=["absent", "present"])
def test_a_folder_that_may_not_be_written_is_named(operated: Operated, verb: tuple[str, ...], there: bool) -> None:
    """DATA_DIR, or the folder in which it would be made."""
    operated.push(b"One.")
    locked = operated.folder / "locked"
    (locked / "data" if there else locked).mkdir(parents=True)
    for folder in (locked / "data", locked):
        if folder.exists():
            folder.chmod(0o555)
    done = subprocess.run(
        _without_rights([sys.executable, "-m", "gitblog", *verb]),
        env={**os.environ, "PYTHONPATH": str(TOP), "DATA_DIR": str(locked / "data")},
        cwd=operated.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(locked) in done.stderr or "DATA_DIR" in done.stderr, done.stderr
    assert "who may write there" in done.stderr, done.stderr


def test_a_port_in_use_is_named_and_nothing_else_is_started(operated: Operated) -> None:
    """One line and exit status 2 at once, where gunicorn alone would try for five seconds and not say what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"],
            env={**os.environ, "PYTHONPATH": str(TOP), "PORT": str(port)},
            cwd=operated.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    said = f"PORT {port} on 127.0.0.1 is in use by another program; end that, or set PORT to a free one"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"gitblog: {said}"), done.stderr


def test_an_address_that_is_not_this_machine_s_is_named(operated: Operated) -> None:
    """192.0.2.1 is nobody's (RFC 5737)."""
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"],
        env={**os.environ, "PYTHONPATH": str(TOP), "HOST": "192.0.2.1"},
        cwd=operated.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert told.startswith("gitblog: HOST 192.0.2.1 with PORT 8000 cannot be listened on (")
    assert told.endswith("); set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0, and PORT above 1023")


def test_a_database_that_is_not_there_is_a_sentence_and_the_pages_answer_503(
    operated: Operated, postgres_server: Server
) -> None:
    """Who reads is told to come again; the log and the commands say what to look at."""
    operated.push(b"One.")
    operated.set(DATABASE_URL=postgres_server.url("nowhere"))
    for verb in (("db", "upgrade"), ("sync",), ("rebuild",), ("verify",)):
        status, told = operated.run(*verb)
        assert status == 1, verb
        assert 'database "nowhere" does not exist; look at DATABASE_URL' in told, verb
    answer = operated.reader().get("/a/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_a_user_without_rights_is_told_what_to_be_given(operated: Operated, postgres_url: str) -> None:
    """Many hosts give out a user that may only connect."""
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE guest LOGIN")
    connection.close()
    try:
        operated.set(DATABASE_URL=postgres_url.replace("gitblog@", "guest@", 1))
        operated.push(b"One.")
        for verb in (("db", "upgrade"), ("sync",)):
            status, told = operated.run(*verb)
            assert status == 1, verb
            assert "permission denied for database" in told
            assert "let the user of DATABASE_URL create schemas and tables" in told
    finally:
        connection = psycopg2.connect(postgres_url)
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP ROLE guest")
        connection.close()


@pytest.mark.parametrize("other", [INDEX_VERSION - 1, INDEX_VERSION + 1], ids=["older", "newer"])
def test_a_database_of_another_version_is_left_alone_and_filled_beside(
    operated: Operated, database_url: str, other: int
) -> None:
    """Its tables are nobody's business here: status says what makes ours, and the first sync does."""
    tip = operated.push(b"One.")
    operated.set(DATABASE_URL=database_url)
    (operated.folder / f"index-v{other}.sqlite").touch()
    if database_url.startswith("postgresql"):
        with psycopg2.connect(database_url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA gitblog_v{other} CREATE TABLE site (other text)")
        connection.close()
    answer = operated.reader().get("/a/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert operated.run("verify") == (1, "gitblog: the index is empty; run `gitblog sync` first")

    assert operated.run("sync") == (0, "")
    assert operated.reader().get("/a/").headers["X-Gitblog-Revision"] == tip
    assert (operated.folder / f"index-v{other}.sqlite").read_bytes() == b""


def test_tables_that_a_program_with_more_revisions_made_are_not_touched(operated: Operated, database_url: str) -> None:
    """The sentence names them, and that they may be dropped; the pages go on, as far as the tables are known."""
    operated.push(b"One.")
    operated.set(DATABASE_URL=database_url)
    assert operated.run("sync") == (0, "")
    _set_revision(database_url, operated.folder / f"index-v{INDEX_VERSION}.sqlite")

    status, told = operated.run("db", "upgrade")
    assert status == 1
    assert f"v{INDEX_VERSION}" in told
    assert "was made by another program than this one (Can't locate revision identified by '9999')" in told
    assert told.endswith("run the newer program, or drop it, and it is made again from git")
    assert "One." in operated.reader().get("/a/").text


def _set_revision(url: str, file: Path) -> None:
    if url.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(file) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.close()
        return
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"UPDATE gitblog_v{INDEX_VERSION}.alembic_version SET version_num = '9999'")
    connection.close()


def test_a_file_that_is_no_database_is_named(operated: Operated) -> None:
    """Damaged, or somebody else's: it can be deleted, since all of it is in git."""
    tip = operated.push(b"One.")
    assert operated.run("sync") == (0, "")
    file = operated.folder / "data" / f"index-v{INDEX_VERSION}.sqlite"
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    file.write_bytes(b"no database" * 1000)

    for verb in (("db", "upgrade"), ("sync",)):
        status, told = operated.run(*verb)
        assert status == 1, verb
        assert "the index's file is damaged: file is not a database; delete it" in told
    assert operated.reader().get("/a/").status_code == 503

    file.unlink()
    assert operated.run("sync") == (0, "")
    assert operated.reader().get("/a/").headers["X-Gitblog-Revision"] == tip
