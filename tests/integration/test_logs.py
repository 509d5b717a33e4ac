"""The log: one line per delivery and per sync, joined by an id; no line is forged, and none holds a secret."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gitblog import logs
from gitblog.config import Settings
from gitblog.config.secrets import secrets_of
from gitblog.index import schema
from gitblog.index.database import open_database
from gitblog.index.hints import Hint, HintListener, give_hint
from gitblog.model import SyncReport
from gitblog.sync.telling import Teller
from gitblog.sync.worker import Doubt
from tests.checkout import TOP
from tests.watched_site import SECRET, TOKEN, WatchedSite, watched_site

PATIENCE_SECONDS = 30.0
LINE = re.compile(r"[0-9-]{10}T[0-9:.]{12}\+00:00 (debug|info|warning|error|critical) \S.*")
NASTY = "a\nb\rc\x0bd\x1b[31me\x85f\u2028g\u2029h\u202ei\ud800j\0k"


def _record(event: str, /, *arguments: object, **facts: object) -> logging.LogRecord:
    record = logging.LogRecord("gitblog.test", logging.INFO, "", 0, event, arguments, None)
    record.__dict__.update(facts)
    return record


def _failing(message: str) -> logging.LogRecord:
    record = _record("it failed")
    try:
        raise ValueError(message)
    except ValueError:
        record.exc_info = sys.exc_info()
    return record


@pytest.fixture(params=["json", "text"])
def formatter(request: pytest.FixtureRequest) -> logs.LineFormatter:
    """Each of the two forms, told of a secret."""
    return logs.formatter(request.param, ["a secret of two words"])


def test_a_json_line_holds_the_facts_as_they_are() -> None:
    """Numbers stay numbers and lists stay lists; what JSON has no word for becomes text."""
    facts = {
        "count": 3,
        "seconds": 0.5,
        "none": None,
        "yes": True,
        "names": ("a", "b"),
        "path": Path("/x"),
        "nan": 1e999,
    }
    line = json.loads(logs.JsonFormatter().format(_record("a %s", "thing", **facts)))

    assert datetime.fromisoformat(line.pop("time")).tzinfo
    assert line.pop("process") > 0
    assert line == {
        "level": "info", "event": "a thing", "logger": "gitblog.test", "count": 3, "seconds": 0.5, "none": None,
        "yes": True, "names": ["a", "b"], "path": "/x", "nan": "inf",
    }  # fmt: skip


def test_a_fact_cannot_take_the_place_of_what_every_line_says() -> None:
    """A field of that name would change the time, the level or the event for whoever reads the log."""
    line = json.loads(logs.JsonFormatter().format(_record("true", event="forged", level="forged", time="forged")))

    assert (line["event"], line["level"]) == ("true", "info")
    assert "forged" not in line["time"]


@pytest.mark.parametrize("record", [_record(NASTY), _record("it", text=NASTY), _record("it", names=[NASTY])])
def test_no_character_starts_a_line(formatter: logs.LineFormatter, record: logging.LogRecord) -> None:
    """Line breaks of every kind, escape codes and changes of direction are written as escapes."""
    line = formatter.format(record)

    assert line.isprintable()
    assert line.encode()
    assert len(line.splitlines()) == 1


def test_no_traceback_looks_like_a_line(formatter: logs.LineFormatter) -> None:
    """In JSON it is a field; in text its lines are set in, and what an error says stays on one of them."""
    forged = "2026-01-01T00:00:00.000+00:00 info all is well"
    line = formatter.format(_failing(f"x\r{forged}\x0b{forged}"))
    below = line.split("\n")[1:]

    assert all(each.startswith("    ") for each in below)
    assert "ValueError: x" in line
    assert len(line.splitlines()) == len(below) + 1


@pytest.mark.parametrize(
    "record",
    [
        _record("a secret of two words"),
        _record("it", fact="<a secret of two words>"),
        _record("it", facts=["a secret of two words"]),
        _record("cannot fetch https://me:a%20secret@forge.example/x"),
        _record("it", url="postgres://a-secret@host/db"),
        _record("Error handling request %s", "/page/?token=a-secret&x=a-secret"),
        _failing("GET /?key=a-secret HTTP/1.1"),
        _failing("a secret of two words"),
    ],
)
def test_no_secret_is_in_a_line(formatter: logs.LineFormatter, record: logging.LogRecord) -> None:
    """Neither one that is known, nor what stands before the host or behind the question mark of an address."""
    line = formatter.format(record)

    assert "secret" not in line.lower()
    assert "***" in line


def test_every_secret_setting_is_known_in_all_its_forms() -> None:
    """Of an address it is the password, as it is written and as it is meant."""
    settings = Settings(
        content_token="git:token-1234",
        content_ssh_key="-----BEGIN-----\nbGluZSBvbmU=\nbGluZSB0d28=\n-----END-----",
        webhook_secret=("the first of two", "the second of two"),
        database_url="postgresql+psycopg2://me:pass%2Fword@db.example/blog",
        redis_url="redis://:redis-word@cache.example/0",
        status_token="status-1234567890",
    )
    found = secrets_of(settings)

    assert {"token-1234", "bGluZSBvbmU=", "bGluZSB0d28=", "the first of two", "the second of two"} <= found
    assert {"pass%2Fword", "pass/word", "redis-word", "status-1234567890"} <= found
    assert not [each for each in found if "example" in each]


def test_a_line_whose_arguments_do_not_fit_is_written_all_the_same(formatter: logs.LineFormatter) -> None:
    """The standard handler would print a traceback of its own instead."""
    assert "two %s of %s" in formatter.format(_record("two %s of %s", "one"))


def test_what_is_logged_during_a_request_carries_its_id(formatter: logs.LineFormatter) -> None:
    """A warning of the index can be joined with the access line of whoever got the 503."""
    token = logs.request_id.set("request-12345")
    try:
        inside = formatter.format(_record("it"))
    finally:
        logs.request_id.reset(token)

    assert "request-12345" in inside
    assert "request_id" not in formatter.format(_record("it"))


@pytest.mark.parametrize("form", ["json", "text"])
def test_what_nobody_catches_is_a_line_too(form: str) -> None:
    """In the main thread, in another one, and what Python warns of."""
    program = (
        f"import threading, warnings; from gitblog import logs; logs.configure('{form}', 'info'); logs.log_faults()\n"
        "warnings.warn('warned of')\n"
        "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()\n"
        "raise RuntimeError('the end')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if not line.startswith("    ")]
    assert len(lines) == 3
    if form == "json":
        found = [json.loads(line) for line in lines]
        assert [line["level"] for line in found] == ["warning", "critical", "critical"]
        assert "ZeroDivisionError" in found[1]["traceback"]
    else:
        assert all(LINE.fullmatch(line) for line in lines)


def test_hints_that_come_together_are_one_with_every_delivery(database_url: str, tmp_path: Path) -> None:
    """The last commit counts, a delivery that is sent twice is named once, and a person's hint names none."""
    database = open_database(database_url)
    schema.upgrade(database)
    listener = HintListener(database, tmp_path)
    time.sleep(0.2)
    for revision, delivery in (("a" * 40, "one"), ("b" * 40, "two words"), ("b" * 40, "two words"), ("", "")):
        give_hint(database, tmp_path, revision, delivery)
    heard = [_hint(listener)]
    while (more := listener.wait(0.3)) is not None:
        heard.append(more)
    named = [hint.revision for hint in heard if hint.revision]
    deliveries = [each for hint in heard for each in hint.deliveries]

    assert (named[-1], list(dict.fromkeys(deliveries))) == ("b" * 40, ["one", "two words"])
    give_hint(database, tmp_path, "c" * 40, "three")
    assert _hint(listener) == Hint("c" * 40, ("three",))
    database.dispose()


def _hint(listener: HintListener) -> Hint:
    found = listener.wait(PATIENCE_SECONDS)
    assert found is not None
    return found


def test_the_file_of_hints_stays_small_and_none_is_missed(tmp_path: Path) -> None:
    """It begins anew when it is full; the listener hears the hint behind that too, and a file that was lost."""
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    listener = HintListener(database, tmp_path)
    for number in range(150):
        give_hint(database, tmp_path, "a" * 40, f"delivery-{number}")
        if number % 10 == 9:
            assert _hint(listener).deliveries[-1] == f"delivery-{number}"
    assert (tmp_path / "hint").stat().st_size < 8192

    (tmp_path / "hint").unlink()
    assert _hint(listener) == Hint("")
    give_hint(database, tmp_path, "b" * 40, "the last")
    assert _hint(listener) == Hint("b" * 40, ("the last",))


def test_a_doubt_remembers_its_deliveries_until_it_is_settled() -> None:
    """The sync that brings the commit at last names those that asked for it, not only the look that came too early."""
    doubt, kept = Doubt(), list[tuple[str, ...]]()
    for delivery, lagging in (("one", True), ("two", True), ("three", False), ("four", True)):
        doubt.hear("a" * 40, (delivery,))
        kept.append(doubt.deliveries)
        doubt.settle(lagging=lagging)

    assert kept == [("one",), ("one", "two"), ("one", "two", "three"), ("four",)]


def test_a_look_that_nobody_asked_for_is_no_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A local repository is looked at every two seconds: only what happened, or was asked for, is told."""
    database = open_database(f"sqlite:///{tmp_path / 'index.sqlite'}")
    schema.upgrade(database)
    teller = Teller(database)
    unchanged = SyncReport("a" * 40, "a" * 40, 1.0, 0.1, "unchanged")
    many = tuple(f"delivery-{number}" for number in range(25))
    with caplog.at_level(logging.INFO, "gitblog"):
        teller.tell(unchanged, asked=False)
        teller.tell(unchanged, many, asked=True)
        teller.tell(SyncReport("", "", 2.0, 0.1, "failed", message="no branch", reason="no-branch"), asked=False)

    lines = [vars(record) for record in caplog.records]
    assert [line["msg"] for line in lines] == ["sync finished", "sync failed"]
    assert (lines[0]["deliveries"], lines[0]["more_deliveries"]) == (many[:20], 5)
    assert (lines[1]["levelname"], lines[1]["reason"], lines[1]["problem"]) == ("WARNING", "no-branch", "no branch")
    database.dispose()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedSite]:
    """A site whose log is JSON."""
    with watched_site(tmp_path_factory.mktemp("watched"), LOG_LEVEL="debug") as site:
        yield site


def test_a_delivery_and_its_sync_are_joined_by_the_id(watched: WatchedSite) -> None:
    """Two lines, one id: what the forge said, and what came of it."""
    before, pushed = watched.tip, watched.push("joined")
    assert watched.deliver(pushed, "delivery-42") == 202
    watched.wait_for_revision(pushed)
    watched.wait_until(lambda: _syncs_of(watched, "delivery-42"))

    (delivery,) = [line for line in watched.lines("webhook delivery") if line["delivery_id"] == "delivery-42"]
    assert (delivery["provider"], delivery["answer"], delivery["reason"], delivery["status"]) == (
        "github", "accepted", "push", 202,
    )  # fmt: skip
    (sync,) = _syncs_of(watched, "delivery-42")
    assert (sync["level"], sync["outcome"], sync["from"], sync["to"]) == ("info", "published", before, pushed)
    assert (sync["documents"], sync["problems"]) == (1, 0)
    assert sync["seconds"] > 0


def _syncs_of(site: WatchedSite, delivery: str) -> list[dict[str, Any]]:
    return [line for line in site.lines("sync finished") if delivery in line.get("deliveries", ())]


def test_a_request_id_is_taken_over_where_it_is_one(watched: WatchedSite) -> None:
    """What Heroku or nginx made joins their lines with ours; any other text is replaced."""
    given = {"/taken/": "0d1f0a8e-0de6-47be", "/short/": "abc", "/forged/": 'x" level="critical', "/long/": "a" * 201}
    for path, request_id in given.items():
        watched.ask(path, headers={"X-Request-ID": request_id})
    watched.ask("/none/")
    # Two processes write, each when it is done.
    watched.wait_until(lambda: {*given, "/none/"} <= {line["path"] for line in watched.lines("request")})

    found = {line["path"]: line["request_id"] for line in watched.lines("request")}
    assert found["/taken/"] == "0d1f0a8e-0de6-47be"
    made = [found[path] for path in ("/short/", "/forged/", "/long/", "/none/")]
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in made)
    assert len(set(made)) == 4


def test_every_line_is_json_and_none_holds_a_secret(watched: WatchedSite) -> None:
    """gunicorn's own lines too, also of what is no HTTP at all; `lines` reads each."""
    canary = "canary-of-a-secret"
    watched.ask(f"/?token={canary}", headers={"Authorization": f"Bearer {canary}", "Cookie": canary, "Referer": canary})
    watched.ask(f"/-/status?format=json&token={canary}", headers={"Authorization": f"Bearer {TOKEN}"})
    watched.deliver("a" * 40, "one\x1b[31m", secret=canary, X_Gitlab_Token=canary)
    watched.ask("/%0A2026-01-01%20forged%E2%80%A8/")
    _say(watched.port, f"GET /?token={canary} HTTP/9.9\r\n\r\n".encode())
    _say(watched.port, b"\x00\x1b[31m is no HTTP\r\n\r\n")
    watched.wait_until(lambda: [line for line in watched.lines("request") if "forged" in line["path"]])

    text = watched.log.read_text()
    assert {line["logger"] for line in watched.lines()} >= {"gunicorn.error", "gunicorn.access", "gitblog.sync.telling"}
    assert canary not in text
    assert TOKEN not in text
    assert SECRET not in text
    assert text.isascii()


def _say(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        connection.recv(1000)


def test_text_is_a_line_an_event_for_people(tmp_path: Path) -> None:
    """Time, level, event, facts: gunicorn's lines and gitblog's alike."""
    with watched_site(tmp_path, LOG_FORMAT="text") as site:
        site.ask("/nothing/?token=a")
        site.wait_until(lambda: 'path="/nothing/"' in site.log.read_text())
        lines = site.log.read_text().splitlines()

    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert 'info request method="GET" path="/nothing/" status=404' in site.log.read_text()


def test_two_requests_at_once_keep_their_ids_apart(tmp_path: Path) -> None:
    """An id belongs to the thread that answers."""
    from gitblog.web.request_ids import KEY, identified

    gate = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    seen: dict[str, str] = {}

    def application(environ: Any, start_response: Any) -> list[bytes]:
        gate.wait()
        seen[environ["PATH_INFO"]] = logs.request_id.get()
        return []

    def ask(name: str) -> None:
        environ = {"PATH_INFO": name, "HTTP_X_REQUEST_ID": name * 8}
        identified(application)(environ, lambda *_: lambda _: None)
        assert environ[KEY] == name * 8

    threads = [threading.Thread(target=ask, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {"a": "a" * 8, "b": "b" * 8}
    assert logs.request_id.get() == ""
