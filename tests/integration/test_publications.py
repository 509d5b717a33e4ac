"""How processes learn of each other: publishes, hints, who syncs, and a publisher that freezes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from gitblog import create_app
from gitblog.config import Settings
from gitblog.errors import FenceError, IndexUnavailableError
from gitblog.index import database as databases
from gitblog.index import schema, tables, writer
from gitblog.index.database import Database, open_database
from gitblog.index.hints import Hint, HintListener, give_hint, somebody_listens
from gitblog.index.queries import Index
from gitblog.index.rows import PathRows, SiteRow, Update
from gitblog.index.watching import PublicationWatch
from gitblog.model import Fingerprints, SiteConfig, SyncReport

PATIENCE_SECONDS = 30.0


def _update(revision: str) -> Update:
    site = SiteRow(revision, "main", 0, Fingerprints("", "", ""), "", SiteConfig(), ())
    return Update(site, None, PathRows(), (), ())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An index with its tables, empty."""
    opened = open_database(database_url)
    schema.upgrade(opened)
    yield opened
    opened.dispose()


def test_of_two_publishes_that_saw_the_same_one_writes(database: Database) -> None:
    """The fence: whoever computed from an older publication looks again, and has written nothing."""
    writer.publish(database, _update("1" * 40), seen="", at=1)

    with pytest.raises(FenceError):
        writer.publish(database, _update("2" * 40), seen="", at=2)

    with Index(database).snapshot(0) as snapshot:
        assert (snapshot.revision, snapshot.status().publications) == ("1" * 40, 1)


def test_a_publish_ends_the_wait_of_those_who_serve(database: Database) -> None:
    """Neither database is asked by each request, and nobody waits for the longest time."""
    watch = PublicationWatch(database)
    watch.wait(0.2)
    watch.wait(0.2)
    ended = threading.Event()

    def wait() -> None:
        watch.wait(PATIENCE_SECONDS)
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    assert not ended.wait(0.3)

    writer.publish(database, _update("1" * 40), seen="", at=1)

    assert ended.wait(PATIENCE_SECONDS / 2)


def _write_frozen(frozen: Database, other: Database) -> None:
    """Hold the publishing transaction for longer than is allowed, while another process publishes."""
    with frozen.writing() as connection:
        connection.execute(delete(tables.site))
        time.sleep(1.0)
        writer.publish(other, _update("1" * 40), seen="", at=1)
        connection.execute(delete(tables.site))


def test_a_publisher_that_freezes_loses_its_lock_and_its_right_to_write(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both hang on one transaction, so a process that wakes up late cannot write over the others."""
    monkeypatch.setattr(databases, "_IDLE_IN_TRANSACTION_MILLISECONDS", 300)
    frozen, other = open_database(postgres_url), open_database(postgres_url)
    schema.upgrade(frozen)
    with pytest.raises(IndexUnavailableError):
        _write_frozen(frozen, other)

    with Index(other).snapshot(0) as snapshot:
        assert snapshot.revision == "1" * 40
    frozen.dispose()
    other.dispose()


def test_the_process_that_syncs_is_seen_from_every_machine(postgres_url: str, tmp_path: Path) -> None:
    """The status of a host that only serves says the truth about a worker elsewhere."""
    database = open_database(postgres_url)
    schema.upgrade(database)
    assert not somebody_listens(database)

    listener = HintListener(database, tmp_path)
    assert somebody_listens(database)
    give_hint(database, tmp_path, "a" * 40)
    assert listener.wait(PATIENCE_SECONDS) == Hint("a" * 40)

    del listener
    deadline = time.monotonic() + PATIENCE_SECONDS
    while somebody_listens(database) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not somebody_listens(database)
    database.dispose()


def test_kept_pages_are_answered_while_the_database_is_away(tmp_path: Path) -> None:
    """What nobody kept is a 503 that says when to come back; the index that comes back is seen by itself."""
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    writer.publish(database, _update("1" * 40), seen="", at=1)
    client = create_app(Settings(data_dir=tmp_path, content_repo=str(tmp_path))).test_client()
    kept = client.get("/").data

    for path in tmp_path.glob("index-v*"):
        path.unlink()
    time.sleep(0.3)
    assert (client.get("/").status_code, client.get("/").data) == (200, kept)
    away = client.get("/archive/")
    assert (away.status_code, "Retry-After" in away.headers) == (503, True)

    schema.upgrade(database)
    writer.publish(database, _update("2" * 40), seen="", at=2)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while client.get("/").headers["X-Gitblog-Revision"] != "2" * 40 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.get("/").headers["X-Gitblog-Revision"] == "2" * 40
    assert client.get("/archive/").status_code == 200
    database.dispose()


def test_a_failure_is_kept_with_its_reason_once_however_often_it_comes(database: Database) -> None:
    """The last fifty reports would be fifty times the same after a night without a network."""

    def failed(message: str, at: float) -> SyncReport:
        return SyncReport("", "", at, 0.1, "failed", message=message)

    for number in range(3):
        writer.record_report(database, failed("no route to host", float(number)))
    writer.record_report(database, failed("no branch main", 9.0))

    newest = Index(database).newest_report()
    assert newest == failed("no branch main", 9.0)
    writer.publish(database, _update("1" * 40), seen="", at=1)
    with Index(database).snapshot(0) as snapshot:
        reports = snapshot.status().reports
    assert [(report.message, report.started_at) for report in reports] == [
        ("no branch main", 9.0),
        ("no route to host", 2.0),
    ]


def test_whoever_saw_a_newer_page_is_given_no_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is asked of the database tells the process of a publish that nobody has told it yet."""
    monkeypatch.setattr(PublicationWatch, "wait", lambda self, seconds: time.sleep(PATIENCE_SECONDS))
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    first = writer.publish(database, _update("1" * 40), seen="", at=1).publication
    client = create_app(Settings(data_dir=tmp_path, content_repo=str(tmp_path))).test_client()

    def revision_of(address: str) -> str:
        return client.get(address).headers["X-Gitblog-Revision"]

    assert [revision_of("/"), revision_of("/")] == ["1" * 40, "1" * 40]
    writer.publish(database, _update("2" * 40), seen=first, at=2)
    assert revision_of("/") == "1" * 40
    assert [revision_of("/archive/"), revision_of("/"), revision_of("/")] == ["2" * 40] * 3
    database.dispose()
