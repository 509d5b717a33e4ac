"""A real push to a real git server, a signed delivery, real gunicorn with two workers: page in, page out."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import pytest

from gitblog.index.tables import POSTGRES_SCHEMA
from tests.git_server import GitServer
from tests.history_builder import Builder

TOP = Path(__file__).resolve().parents[2]
SECRET = "a secret for the tests"
POST = "---\ntitle: {title}\ndate: 2020-05-06\n---\n{text}\n"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered, redirects not followed."""

    status: int
    text: str
    headers: dict[str, str]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Site:
    """A running gitblog, the repository it reads, and where the outside reaches it."""

    port: int
    builder: Builder
    environment: dict[str, str]
    data_dir: Path
    process: subprocess.Popen[bytes]

    def ask(self, path: str, *, body: bytes | None = None, **headers: str) -> Answer:
        """Ask an address, or deliver a body to it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=named)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=10) as response:
                return Answer(response.status, response.read().decode(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), dict(error.headers))

    def push(self, tree: dict[str, bytes], *parents: str) -> str:
        """Commit a tree on main, as a push leaves it on the forge."""
        return self.builder.commit(tree, list(parents), int(time.time()), "main")

    def deliver(self, revision: str) -> Answer:
        """Send GitHub's delivery for a push of `revision`, signed."""
        repository = {
            "full_name": "me/blog",
            "clone_url": "https://github.com/me/blog.git",
            "html_url": "https://github.com/me/blog",
        }
        body = json.dumps({"ref": "refs/heads/main", "after": revision, "repository": repository}).encode()
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return self.ask(
            "/-/webhooks/github",
            body=body,
            Content_Type="application/json",
            X_GitHub_Event="push",
            X_GitHub_Delivery=revision[:8],
            X_Hub_Signature_256=f"sha256={signature}",
        )

    def status(self) -> dict[str, object]:
        """Ask `gitblog status --json`."""
        command = [sys.executable, "-m", "gitblog", "status", "--json"]
        done = subprocess.run(command, cwd=TOP, env=self.environment, capture_output=True, check=True)
        found: dict[str, object] = json.loads(done.stdout)
        return found

    def wait_for(self, path: str, *, revision: str) -> Answer:
        """Ask an address until the answer is of a revision."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.ask(path)
            except OSError:
                answer = Answer(0, "", {})
            if answer.headers.get("X-Gitblog-Revision") == revision:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{path} never answered from {revision}; the last answer was {answer}")


@contextmanager
def _gunicorn(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gunicorn", "-c", "python:gitblog.server", "gitblog:create_app()"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=TOP, env=environment, stdout=output, stderr=output)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """gitblog with two web workers over a repository that is served by HTTP, on each database."""
    data_dir, port = tmp_path / "data", _free_port()
    builder = Builder(tmp_path / "served" / "blog.git")
    with GitServer(tmp_path / "served") as server:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "CONTENT_REPO": server.url("blog.git"),
            "DATABASE_URL": database_url.replace("+psycopg2", ""),
            "DATA_DIR": str(data_dir),
            "PORT": str(port),
            "SYNC_INTERVAL_SECONDS": "3600",
            "WEBHOOK_SECRET": SECRET,
        }
        builder.commit(
            {"posts/first.md": POST.format(title="First", text="Hello.").encode()}, [], 1_600_000_000, "main"
        )
        with _gunicorn(environment, tmp_path / "log") as process:
            yield Site(port, builder, environment, data_dir, process)


def test_a_signed_delivery_brings_a_push_to_its_page(site: Site) -> None:
    """Each step is asserted: first page, answer to the delivery, new page, redirect, gone, the bad post."""
    first = site.push({"posts/first.md": POST.format(title="First", text="Hello.").encode()})
    site_answer = _eventually(site, "/2020/05/first/")
    assert site_answer.status == 200

    second = site.push({"posts/renamed.md": POST.format(title="First", text="Hello.").encode()}, first)
    delivered = site.deliver(second)
    assert (delivered.status, json.loads(delivered.text)["status"]) == (202, "accepted")

    assert site.wait_for("/2020/05/renamed/", revision=second).status == 200
    moved = site.ask("/2020/05/first/")
    assert (moved.status, moved.headers["Location"]) == (301, "/2020/05/renamed/")

    third = site.push(
        {
            "posts/renamed.md": b'---\ntitle: "x\n---\n',
            "posts/good.md": b"---\ntitle: Good\ndate: 2020-01-01\n---\nYes.\n",
        },
        second,
    )
    site.deliver(third)
    assert "Good" in site.wait_for("/2020/01/good/", revision=third).text
    assert "Hello." in site.ask("/2020/05/renamed/").text

    fourth = site.push({"posts/good.md": b"---\ntitle: Good\ndate: 2020-01-01\n---\nYes.\n"}, third)
    site.deliver(fourth)
    site.wait_for("/", revision=fourth)
    assert site.ask("/2020/05/renamed/").status == 410
    assert site.ask("/2020/05/first/").status == 410


def test_a_thousand_deliveries_cost_at_most_two_publications(site: Site) -> None:
    """Hints coalesce: what counts is the tip, not how often somebody says so."""
    first = site.push({"posts/a.md": POST.format(title="A", text="One.").encode()})
    _eventually(site, "/2020/05/a/")
    before = site.status()["publications"]
    second = site.push({"posts/a.md": POST.format(title="A", text="Two.").encode()}, first)

    answers = {site.deliver(second).status for _ in range(1000)}
    assert answers == {202}
    assert "Two." in site.wait_for("/2020/05/a/", revision=second).text
    time.sleep(1.0)
    after = site.status()["publications"]
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert 1 <= after - before <= 2


def test_a_delivery_that_comes_before_its_commit_is_not_lost(site: Site) -> None:
    """Replicas of a forge lag behind its webhooks; nobody says it again, and no poll is due for an hour."""
    tree = {"posts/a.md": POST.format(title="A", text="One.").encode()}
    first = site.push(tree)
    _eventually(site, "/2020/05/a/")
    late = site.builder.commit(
        {"posts/a.md": b"---\ntitle: A\ndate: 2020-05-06\n---\nLate.\n"}, [first], 1_600_000_900, None
    )
    assert site.deliver(late).status == 202
    time.sleep(1.5)
    assert "One." in site.ask("/2020/05/a/").text

    site.builder.set_branch("main", late)
    assert "Late." in site.wait_for("/2020/05/a/", revision=late).text


@pytest.mark.parametrize("lost", ["database and folder", "database", "folder"])
def test_what_is_lost_heals_and_every_address_answers_as_before(site: Site, lost: str) -> None:
    """Nothing that is not in git is kept: a push later all is back, redirects and what is gone too."""
    post = POST.format(title="A", text="One.").encode()
    gone = b"---\ntitle: Gone\ndate: 2020-01-01\n---\nGone soon.\n"
    first = site.push({"posts/a.md": post, "posts/gone.md": gone, "static/logo.txt": b"logo"})
    _eventually(site, "/2020/05/a/")
    second = site.push({"posts/b.md": post, "static/logo.txt": b"logo"}, first)
    site.deliver(second)
    site.wait_for("/2020/05/b/", revision=second)
    statuses = {
        "/": 200, "/2020/05/a/": 301, "/2020/05/b/": 200, "/2020/01/gone/": 410, "/feed.xml": 200,
        "/sitemap.xml": 200, "/logo.txt": 200, "/nothing": 404,
    }  # fmt: skip
    before = {address: (site.ask(address).status, site.ask(address).text) for address in statuses}
    assert {address: status for address, (status, _) in before.items()} == statuses

    if "database" in lost:
        _lose_the_database(site.environment["DATABASE_URL"])
    if "folder" in lost:
        shutil.rmtree(site.data_dir)
    third = site.push({"posts/b.md": post, "static/logo.txt": b"logo", "x": b""}, second)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and site.ask("/logo.txt").headers.get("X-Gitblog-Revision") != third:
        site.deliver(third)
        time.sleep(0.2)
    for address in statuses:
        site.wait_for(address, revision=third)
    after = {address: (site.ask(address).status, site.ask(address).text) for address in statuses}

    assert after == before


def _lose_the_database(url: str) -> None:
    if url.startswith("sqlite"):
        for path in Path(url.removeprefix("sqlite:///")).parent.glob("index-v*"):
            path.unlink()
        return
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {POSTGRES_SCHEMA} CASCADE")
    connection.close()


def test_a_post_appears_and_another_expires_at_their_second_on_every_page_that_was_cached_before(site: Site) -> None:
    """The era is part of every cache key, so nothing is purged and nothing needs a push."""
    due = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 12))
    tree = {"posts/a.md": POST.format(title="A", text="One.").encode()}
    tree["posts/due.md"] = f"---\ntitle: Due\ndate: {due}\npermalink: /due/\n---\nNow.\n".encode()
    ends = f"---\ntitle: Ends\ndate: 2020-01-01\nexpires: {due}\npermalink: /ends/\n---\nStill.\n"
    tree["posts/ends.md"] = ends.encode()
    site.push(tree)
    _eventually(site, "/2020/05/a/")
    pages = ["/", "/feed.xml", "/sitemap.xml"]
    for page in pages:
        text = site.ask(page).text
        assert ("/due/" in text, "/ends/" in text) == (False, True)
    assert (site.ask("/due/").status, site.ask("/ends/").status) == (404, 200)

    deadline = time.monotonic() + PATIENCE_SECONDS
    while site.ask("/due/").status != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "Now." in site.ask("/due/").text
    assert site.ask("/ends/").status == 404
    for page in pages:
        text = site.ask(page).text
        assert ("/due/" in text, "/ends/" in text) == (True, False)


def test_a_web_process_that_is_killed_during_a_first_index_does_not_start_it_again(site: Site) -> None:
    """Who syncs is no child of a web process that may be recycled, and losers of the race leave at once."""
    _eventually_syncing(site)
    text = "Some words, `code`, and [a link](p0.md).\n\n" * 40
    posts = {f"posts/p{n}.md": POST.format(title=f"P{n}", text=text).encode() for n in range(1_200)}
    big = site.push(posts)
    site.deliver(big)
    worker = _workers(site)
    time.sleep(1.0)
    assert site.ask("/").headers.get("X-Gitblog-Revision") != big
    children = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()
    web = [int(pid) for pid in children if pid not in worker]
    assert len(web) == 2
    os.kill(web[0], signal.SIGKILL)

    site.wait_for("/2020/05/p7/", revision=big)
    assert _workers(site) == worker
    assert site.status()["publications"] == 2


def test_a_worker_that_is_killed_is_started_again_and_the_next_push_shows(site: Site) -> None:
    """The lock falls with the process, and a web process sees that within a second."""
    _eventually_syncing(site)
    (killed,) = _workers(site)
    os.kill(int(killed), signal.SIGKILL)
    second = site.push({"posts/second.md": POST.format(title="Second", text="Two.").encode()})
    site.deliver(second)

    assert site.wait_for("/2020/05/second/", revision=second).status == 200
    assert _workers(site) not in ([], [killed])


def test_what_keeps_a_worker_from_starting_for_a_while_does_not_keep_it_for_ever(site: Site) -> None:
    """A full disk or no more processes: once that is over somebody syncs again; the status answers meanwhile."""
    _eventually_syncing(site)
    (killed,) = _workers(site)
    lock = site.data_dir / "sync.lock"
    lock.unlink()
    lock.mkdir()
    os.kill(int(killed), signal.SIGKILL)
    time.sleep(2.5)
    told = site.ask("/-/status?format=json")
    assert (told.status, json.loads(told.text)["syncing"]) == (200, False)

    lock.rmdir()
    second = site.push({"posts/second.md": POST.format(title="Second", text="Two.").encode()})
    site.deliver(second)
    assert site.wait_for("/2020/05/second/", revision=second).status == 200


def _workers(site: Site) -> list[str]:
    return [pid for pid, command in _ours(site) if "gitblog worker" in command]


def _eventually_syncing(site: Site) -> None:
    """Wait for the first publish, and until the losers of the race to start a worker have left."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and (site.status()["publications"] != 1 or len(_workers(site)) != 1):
        time.sleep(0.1)
    assert len(_workers(site)) == 1


def test_after_sigterm_no_process_of_ours_is_left(site: Site) -> None:
    """The worker's lifeline ends with the last web process."""
    site.push({"posts/a.md": POST.format(title="A", text="One.").encode()})
    _eventually(site, "/2020/05/a/")
    site.process.send_signal(signal.SIGTERM)
    site.process.wait(30)

    deadline = time.monotonic() + 20
    while _ours(site) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _ours(site) == []


def _eventually(site: Site, path: str) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = site.ask(path)
            if answer.status == 200:
                return answer
            if answer.status == 404:
                site.deliver("0" * 40)
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{path} never answered 200")


def _ours(site: Site) -> list[tuple[str, str]]:
    """List the processes that were started with this site's DATA_DIR: id and command."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"DATA_DIR={site.data_dir}".encode() in environment.split(b"\0"):
            found.append((process.name, command))
    return found
