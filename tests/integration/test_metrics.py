"""What `/-/metrics` says is so, whichever process is asked, and stays so when processes come and go."""

from __future__ import annotations

import mmap
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics_families
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client, TestResponse

from gitblog import create_app
from gitblog.config import Settings
from gitblog.index import writer
from gitblog.model import SyncReport
from gitblog.web import Serving
from gitblog.web.counting import CELLS, REQUESTS, ROW_BYTES, Counts
from tests.checkout import TOP
from tests.served_site import ServedSite, post
from tests.watched_site import Series, WatchedSite, series, watched_site

TOKEN = "a status token of this test"
REDIS = "redis://:hidden-password@127.0.0.1:1/0"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedSite]:
    """A site under gunicorn with two web processes and the process that syncs."""
    with watched_site(tmp_path) as site:
        yield site


def _requests(found: Series, kind: str = "site", status: str = "4xx") -> float:
    return found["gitblog_http_requests_total", frozenset({("kind", kind), ("status", status)})]


def _plain(found: Series, name: str, **labels: str) -> float:
    return found[f"gitblog_{name}", frozenset(labels.items())]


def _scrape(app: Flask, **headers: str) -> TestResponse:
    sent = {"Authorization": f"Bearer {TOKEN}", **headers}
    return Client(app).get("/-/metrics", headers=sent)


def _series(app: Flask) -> Series:
    response = _scrape(app)
    assert response.status_code == 200
    return series(response.get_data(as_text=True))


def test_each_request_is_counted_once_whoever_answers_the_scrape(watched: WatchedSite) -> None:
    """Sixty requests, two processes, eight scrapes: sixty, eight times; the histogram has them too."""
    for number in range(60):
        assert watched.ask(f"/nothing/{number}/")[0] == 404

    answered = {line["process"] for line in watched.lines("request")}
    assert len(answered) == 2
    scrapes = [watched.metrics() for _ in range(8)]
    assert [_requests(found) for found in scrapes] == [60] * 8
    everything = sum(_requests(scrapes[0], "site", status) for status in ("2xx", "3xx", "4xx", "5xx"))
    assert _plain(scrapes[0], "http_request_duration_seconds_count", kind="site") == everything


def test_a_killed_process_and_a_reload_take_no_number_back(watched: WatchedSite) -> None:
    """What the dead counted stays, and what their successors count is added to it."""
    for _ in range(20):
        watched.ask("/nothing/")
    assert _requests(watched.metrics()) == 20

    victim = watched.web_processes()[0]
    victim.send_signal(signal.SIGKILL)
    watched.wait_until(lambda: len(watched.web_processes()) == 2 and victim not in watched.web_processes())
    assert _requests(watched.metrics()) == 20
    for _ in range(20):
        watched.ask("/nothing/")
    assert [_requests(watched.metrics()) for _ in range(4)] == [40] * 4

    before = {each.pid for each in watched.web_processes()}
    watched.process.send_signal(signal.SIGHUP)
    watched.wait_until(lambda: len(now := {each.pid for each in watched.web_processes()}) == 2 and not now & before)
    for _ in range(20):
        watched.ask("/nothing/")
    assert [_requests(watched.metrics()) for _ in range(4)] == [60] * 4


def test_a_sync_of_the_other_process_is_counted_once(watched: WatchedSite) -> None:
    """It is told by the index, so every web process says the same of it."""
    assert {_plain(watched.metrics(), "publications_total") for _ in range(4)} == {1}
    pushed = watched.push("second")
    assert watched.deliver(pushed, "delivery-1") == 202
    watched.wait_for_revision(pushed)

    scrapes = [watched.metrics() for _ in range(6)]
    assert {_plain(found, "publications_total") for found in scrapes} == {2}
    assert {_plain(found, "last_sync_failed") for found in scrapes} == {0}
    assert {_plain(found, "posts") for found in scrapes} == {2}
    assert {_plain(found, "info", version="0.1.0", revision=pushed) for found in scrapes} == {1}
    assert {_plain(found, "webhook_deliveries_total", provider="github", status="202") for found in scrapes} == {1}
    assert {_plain(found, "health", part="sync") for found in scrapes} == {1}


def test_a_worker_on_another_machine_shows_too(postgres_url: str, tmp_path: Path) -> None:
    """Web and worker share the database alone: syncs are seen in the metrics, and their lines name the delivery."""
    database = postgres_url.replace("+psycopg2", "")
    with watched_site(tmp_path, SYNC_MODE="worker", DATABASE_URL=database) as site:
        pushed = site.push("second")
        assert site.deliver(pushed, "delivery-7") == 202
        site.wait_for_revision(pushed)
        found = site.metrics()
        assert (_plain(found, "publications_total"), _plain(found, "health", part="sync")) == (2, 1)
        assert (_plain(found, "last_sync_failed"), _plain(found, "health", part="repository")) == (0, 1)

        site.wait_until(lambda: [line for line in site.lines("sync finished") if "deliveries" in line])
        (sync,) = [line for line in site.lines("sync finished") if "deliveries" in line]
        assert (sync["to"], sync["deliveries"]) == (pushed, ["delivery-7"])


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {"Authorization": "Bearer "}, 404),
        ("", {}, 404),
        (TOKEN, {}, 401),
        (TOKEN, {"Authorization": "Bearer"}, 401),
        (TOKEN, {"Authorization": "Bearer another token altogether"}, 401),
        (TOKEN, {"Authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        (TOKEN, {"Authorization": "Bearer \xe9\xff"}, 401),
        (TOKEN, {"Authorization": f"Basic {TOKEN}"}, 401),
        (TOKEN, {"Authorization": TOKEN}, 401),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, {"Authorization": f"bearer  {TOKEN} "}, 200),
    ],
)
def test_metrics_need_the_token(small_site: ServedSite, token: str, headers: dict[str, str], status: int) -> None:
    """Without a token set there is nothing at the address; a wrong one gets no number."""
    app = small_site.app(Serving("0", status_token=token))
    response = Client(app).get("/-/metrics", headers=headers)

    assert response.status_code == status
    assert ("gitblog_http" in response.get_data(as_text=True)) == (status == 200)
    assert response.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


def test_both_formats_are_read_by_prometheus_own_parsers(small_site: ServedSite) -> None:
    """The scraper's Accept header chooses; both hold the same names."""
    small_site.push({"posts/a.md": post()})
    app = small_site.app(Serving("0", status_token=TOKEN))
    plain, opened = _scrape(app), _scrape(app, Accept="application/openmetrics-text; version=1.0.0")

    assert plain.content_type.startswith("text/plain; version=")
    assert opened.content_type.startswith("application/openmetrics-text; version=1.0.0")
    of_plain = {each.name for each in text_string_to_metric_families(plain.get_data(as_text=True))}
    families = open_metrics_families(opened.get_data(as_text=True))  # type: ignore[no-untyped-call]
    of_opened = {each.name for each in families}
    assert {name.removesuffix("_total") for name in of_plain} == of_opened
    assert {"gitblog_http_requests", "gitblog_publications", "gitblog_problems"} <= of_opened


def test_no_request_makes_a_new_series(small_site: ServedSite) -> None:
    """Paths, hosts, methods, ids and providers of strangers' invention are labels of nothing."""
    small_site.push({"posts/a.md": post()})
    app = small_site.app(Serving("0", status_token=TOKEN))
    before = _series(app)
    client = Client(app)
    for number in range(50):
        client.get(f"/{number}/", headers={"Host": f"{number}.example", "X-Request-ID": f"request-{number}"})
        client.open(f"/-/webhooks/forge{number}", method="POST", data=b"{}")
        client.open(f"/-/odd/{number}", method=f"ODD{number}")
    after = _series(app)

    assert after.keys() == before.keys()
    assert _plain(after, "webhook_deliveries_total", provider="unknown", status="405") == 50
    assert {name for _, labels in after for name, _ in labels} == {
        "kind", "status", "le", "result", "provider", "part", "severity", "version", "revision",
    }  # fmt: skip


def test_hits_and_misses_of_the_page_cache_are_counted(small_site: ServedSite) -> None:
    """The first reader of a page is a miss, the next ones are hits; probes are neither."""
    small_site.push({"posts/a.md": post()})
    app = small_site.app(Serving("0", status_token=TOKEN))
    client = Client(app)
    for path in ("/", "/", "/", "/archive/", "/-/healthz"):
        assert client.get(path).status_code == 200
    found = _series(app)

    assert _plain(found, "page_cache_requests_total", result="miss") == 2
    assert _plain(found, "page_cache_requests_total", result="hit") == 2
    assert (_requests(found, "site", "2xx"), _requests(found, "probe", "2xx")) == (4, 1)


def test_problems_are_counted_by_severity_and_follow_a_publish(small_site: ServedSite) -> None:
    """An alert on errors is what tells an author who never looks."""
    small_site.push({"posts/a.md": "---\ntitle: [\n---\n"})
    app = small_site.app(Serving("0", status_token=TOKEN))
    assert _plain(_series(app), "problems", severity="error") == 1

    small_site.push({"posts/a.md": post()})
    assert _plain(_series(app), "problems", severity="error") == 0


def test_an_index_that_is_away_is_a_number_and_no_error(tmp_path: Path) -> None:
    """The scrape that tells of the trouble must not be part of it; no password is told."""
    settings = Settings(data_dir=tmp_path / "none", content_repo="blog", status_token=TOKEN, redis_url=REDIS)
    response = _scrape(create_app(settings))
    text = response.get_data(as_text=True)
    found = series(text)

    assert response.status_code == 200
    assert [_plain(found, "health", part=part) for part in ("repository", "database", "cache")] == [0, 0, 0]
    assert "gitblog_publications_total" not in {name for name, _ in found}
    assert "hidden-password" not in text


def test_rows_of_one_memory_are_added_up_and_a_successor_goes_on() -> None:
    """A row whose numbers another version of the program wrote is begun anew by its next process."""
    memory = mmap.mmap(-1, 3 * ROW_BYTES)
    cell = (REQUESTS, "site", "2xx")
    first, second, successor = Counts(), Counts(), Counts()
    first.share(memory, 0)
    second.share(memory, 2)
    first.add(cell)
    second.add(cell, 2)
    successor.share(memory, 0)
    successor.add(cell, 4)
    assert [each.total()[cell] for each in (first, second, successor)] == [7, 7, 7]

    numbers = memoryview(memory).cast("B").cast("d")
    numbers[0] = 1.0
    assert second.total()[cell] == 2
    Counts().share(memory, 0)
    assert second.total()[cell] == 2
    assert sum(second.total().values()) == 2
    assert (len(CELLS) + 1) * 8 <= ROW_BYTES


def test_no_two_living_processes_write_into_one_row() -> None:
    """Two that added to one number would lose some; the row of one that ended is taken by the next."""
    from gitblog import server

    arbiter = SimpleNamespace(WORKERS={})
    processes = [SimpleNamespace() for _ in range(5)]
    for number, process in enumerate(processes[:4]):
        server.pre_fork(arbiter, process)
        arbiter.WORKERS[number] = process
    assert [process.counting_row for process in processes[:4]] == [0, 1, 2, 3]

    del arbiter.WORKERS[1]
    server.pre_fork(arbiter, processes[4])
    assert processes[4].counting_row == 1


def test_the_server_and_the_counts_mean_the_same_row() -> None:
    """gunicorn's first process holds the memory and imports nothing that a reload would have to replace."""
    text = (TOP / "gitblog" / "server.py").read_text()

    assert f"_ROW_BYTES = {ROW_BYTES}\n" in text


def test_the_documents_name_every_metric(small_site: ServedSite) -> None:
    """docs/operating.md has a row for each, and none for what is not there."""
    small_site.push({"posts/a.md": post()})
    writer.record_report(small_site.database, SyncReport("", "", 1.0, 1.0, "unchanged"))
    app = small_site.app(Serving("0", status_token=TOKEN))
    text = _scrape(app).get_data(as_text=True)
    told = set(re.findall(r"^\| `(gitblog_\w+)", (TOP / "docs" / "operating.md").read_text(), re.MULTILINE))

    assert told == set(re.findall(r"^# TYPE (gitblog_\w+)", text, re.MULTILINE))
