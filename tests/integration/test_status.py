"""Status: what is well and what is not, part by part, with what to do; for the owner alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from gitblog.index import writer
from gitblog.index.condition import condition_of
from gitblog.model import SyncReport
from gitblog.sync.telling import Teller
from gitblog.web import Serving
from gitblog.web.health import PARTS
from tests.checkout import TOP
from tests.git_server import GitServer
from tests.history_builder import Builder, run_git
from tests.served_site import ServedSite, post

TOKEN = "a status token of this test"
OPENED = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"}
SYNCED = SyncReport("", "a" * 40, 1_700_000_000.0, 0.5, "published")


def _told(site: ServedSite, **settings: Any) -> dict[str, Any]:
    app = site.app(Serving("0", status_token=TOKEN, **settings))
    found: dict[str, Any] = Client(app).get("/-/status", headers=OPENED).get_json()
    return found


def _health(site: ServedSite, part: str, **settings: Any) -> tuple[bool, str]:
    (found,) = [each for each in _told(site, **settings)["health"] if each["part"] == part]
    return found["ok"], found["message"]


def test_only_the_bearer_sees_the_health(small_site: ServedSite) -> None:
    """Which server holds the index, and why a fetch fails, is nobody else's business."""
    small_site.push({"posts/a.md": post()})
    app = small_site.app(Serving("0", status_token=TOKEN))
    client = Client(app)

    assert "health" not in client.get("/-/status?format=json").get_json()
    assert "SQLite" not in client.get("/-/status?format=html").get_data(as_text=True)
    assert [each["part"] for each in _told(small_site)["health"]] == list(PARTS)
    opened = client.get("/-/status?format=html", headers={"Authorization": f"Bearer {TOKEN}"}).get_data(as_text=True)
    assert "<dt>Database</dt><dd>OK: SQLite" in opened


def test_the_database_tells_its_version_and_its_sizes(site: ServedSite) -> None:
    """On either database: whose version, which index version, how large, and how much of it are files."""
    site.push({"posts/a/index.md": post(), "posts/a/map.bin": os.urandom(2_000_000)})
    found = condition_of(site.database)

    assert found.server.split()[0] == ("PostgreSQL" if site.database.is_postgres else "SQLite")
    assert found.file_bytes == 2_000_000
    assert found.size > found.file_bytes
    ok, message = _health(site, "database")
    assert ok
    assert message.startswith(f"{found.server}, index version {found.index_version}, ")
    assert message.endswith(" with 2.0 MB of files")


def test_a_look_that_finds_nothing_new_is_seen(small_site: ServedSite) -> None:
    """Status says when the repository was read last, not only when it last changed; the report stays as it was."""
    writer.record_report(small_site.database, SYNCED)
    assert _health(small_site, "repository") == (True, "was read at 2023-11-14T22:13:20+00:00")

    Teller(small_site.database).tell(replace(SYNCED, outcome="unchanged", started_at=1_700_000_060.0), asked=False)
    assert _health(small_site, "repository") == (True, "was read at 2023-11-14T22:14:20+00:00")
    last = _told(small_site)["last_sync"]
    assert (last["outcome"], last["started_at"]) == ("published", "2023-11-14T22:13:20+00:00")
    assert last["looked_at"] == "2023-11-14T22:14:20+00:00"


def test_a_failure_that_has_passed_is_told_no_more(small_site: ServedSite) -> None:
    """The remote is back and shows nothing new: without a report of that, status would complain for ever."""
    teller = Teller(small_site.database)
    failed = SyncReport("", "", 1_700_000_000.0, 0.5, "failed", message="no branch main", reason="no-branch")
    teller.tell(failed, asked=False)
    assert _health(small_site, "repository") == (
        False, "the last sync failed: no branch main (at 2023-11-14T22:13:20+00:00)",
    )  # fmt: skip
    assert _told(small_site)["last_sync"]["reason"] == "no-branch"

    teller.tell(replace(SYNCED, outcome="unchanged", started_at=1_700_000_001.0), asked=False)
    assert _health(small_site, "repository") == (True, "was read at 2023-11-14T22:13:21+00:00")


def test_a_look_in_every_two_seconds_writes_seldom(small_site: ServedSite) -> None:
    """A hundred looks that find nothing cost one write."""
    writer.record_report(small_site.database, SYNCED)
    teller = Teller(small_site.database)
    for second in range(100):
        teller.tell(replace(SYNCED, outcome="unchanged", started_at=1_700_000_000.0 + second), asked=False)

    assert _told(small_site)["last_sync"]["looked_at"] == "2023-11-14T22:13:20+00:00"


def test_a_report_of_a_newer_program_is_read(small_site: ServedSite) -> None:
    """In a rolling deploy the old program still serves what the new one writes."""
    from sqlalchemy import insert

    from gitblog.index import codec, tables

    text = codec.dump_report(SYNCED)[:-1] + ',"something_new":1}'
    with small_site.database.writing() as connection:
        connection.execute(insert(tables.sync_report), [{"number": 1, "report": text}])

    assert _health(small_site, "repository")[0]


def test_before_the_first_look_the_repository_says_what_to_run(small_site: ServedSite) -> None:
    """A site that was only started says what to run."""
    app = small_site.app(Serving("0", status_token=TOKEN))
    response = Client(app).get("/-/status", headers=OPENED)

    assert response.status_code == 503
    (repository,) = [each for each in response.get_json()["health"] if each["part"] == "repository"]
    assert (repository["ok"], "gitblog worker" in repository["message"]) == (False, True)


@pytest.mark.parametrize(
    ("redis_url", "ok", "words"),
    [
        ("", True, "in the memory of each web process"),
        ("redis://:hidden-password@127.0.0.1:1/0", False, "Redis"),
    ],
)
def test_the_cache_says_where_it_is_and_whether_it_answers(
    small_site: ServedSite, redis_url: str, ok: bool, words: str
) -> None:
    """The password of a Redis that is away is told to nobody."""
    found, message = _health(small_site, "cache", redis_url=redis_url)

    assert (found, words in message, "hidden-password" in message) == (ok, True, False)


def _gitblog(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(folder)}
    command = [sys.executable, "-m", "gitblog", *arguments]
    return subprocess.run(
        command, cwd=folder, env=known | environment, capture_output=True, text=True, check=False, timeout=60
    )


def _statuses(folder: Path, **environment: str) -> tuple[int, list[str]]:
    done = _gitblog(folder, "status", **environment)
    return done.returncode, [line for line in done.stdout.splitlines() if not line.startswith("warning: ")]


def test_gitblog_status_has_a_line_for_each_part_and_an_exit_status(tmp_path: Path) -> None:
    """1 where a line is not OK: nobody syncs once `gitblog sync` has ended; with --json it is 0, and `health` tells."""
    tip = Builder(tmp_path / "blog").commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    assert _gitblog(tmp_path, "sync", CONTENT_REPO="blog").returncode == 0
    status, lines = _statuses(tmp_path, CONTENT_REPO="blog")

    assert lines[0].startswith(f"live: {tip} since ")
    assert [line.split(": ")[0] for line in lines[1:]] == ["OK repository", "OK database", "OK cache", "WRONG sync"]
    assert status == 1
    told = _gitblog(tmp_path, "status", "--json", CONTENT_REPO="blog")
    assert told.returncode == 0
    assert {each["part"]: each["ok"] for each in json.loads(told.stdout)["health"]} == {
        "repository": True, "database": True, "cache": True, "sync": False,
    }  # fmt: skip


def test_gitblog_status_is_0_where_all_is_well(tmp_path: Path) -> None:
    """While a worker runs."""
    Builder(tmp_path / "blog").commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    _gitblog(tmp_path, "sync", CONTENT_REPO="blog")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TOP), "HOME": str(tmp_path), "CONTENT_REPO": "blog"}
    command = [sys.executable, "-m", "gitblog", "worker"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as worker:
        try:
            for _ in range(100):
                status, lines = _statuses(tmp_path, CONTENT_REPO="blog")
                if status == 0:
                    break
        finally:
            worker.terminate()

    assert (status, lines[4]) == (0, "OK sync: a process follows the repository")


@pytest.mark.parametrize(
    ("code", "words"),
    [(401, "CONTENT_TOKEN"), (404, "CONTENT_REPO")],
)
def test_a_remote_that_refuses_is_a_line_that_says_what_to_set(code: int, words: str, tmp_path: Path) -> None:
    """Credentials, or the address: the sentence is that of the sync, and no token is in it."""
    with GitServer(tmp_path / "served") as server:
        server.behaviour.status = code
        settings = {"CONTENT_REPO": server.url("blog.git")}
        _gitblog(tmp_path, "sync", **settings)
        status, lines = _statuses(tmp_path, **settings)

    assert (status, lines[0]) == (1, "nothing has been published yet")
    assert lines[1].startswith("WRONG repository: the last sync failed: ")
    assert words in lines[1]


def test_a_branch_that_went_is_a_line_until_it_is_back(tmp_path: Path) -> None:
    """The site stays; the line says which setting names the branch."""
    builder = Builder(tmp_path / "blog")
    builder.commit({"posts/a.md": b"# A\n"}, [], 1_600_000_000, "main")
    settings = {"CONTENT_REPO": "blog", "CONTENT_BRANCH": "main"}
    _gitblog(tmp_path, "sync", **settings)
    run_git(builder.path, "branch", "-m", "main", "other")
    _gitblog(tmp_path, "sync", **settings)
    gone = _statuses(tmp_path, **settings)[1]
    run_git(builder.path, "branch", "-m", "other", "main")
    _gitblog(tmp_path, "sync", **settings)
    back = _statuses(tmp_path, **settings)[1]

    assert gone[0].startswith("live: ")
    assert gone[1].startswith("WRONG repository: the last sync failed: ")
    assert "no branch main; set CONTENT_BRANCH" in gone[1]
    assert back[1].startswith("OK repository: was read at ")


def test_a_database_that_does_not_answer_is_a_line_without_its_password(tmp_path: Path) -> None:
    """As JSON there is nothing to tell, so the command fails with the sentence alone."""
    settings = {"CONTENT_REPO": "blog", "DATABASE_URL": "postgresql://me:hidden-password@127.0.0.1:1/blog"}
    status, lines = _statuses(tmp_path, **settings)
    told = _gitblog(tmp_path, "status", "--json", **settings)

    assert status == 1
    (line,) = [each for each in lines if each.startswith("WRONG database: the database does not answer: ")]
    assert "look at DATABASE_URL" in line
    assert (told.returncode, told.stdout) == (1, "")
    assert "look at DATABASE_URL" in told.stderr
    assert "hidden-password" not in told.stderr + "".join(lines)
