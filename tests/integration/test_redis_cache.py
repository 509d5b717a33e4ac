"""The page cache in a real Redis: shared, never believed blindly, and never waited for twice."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import event
from werkzeug.test import Client

from gitblog.web import Serving
from gitblog.web.redis_store import KEPT_SECONDS, PREFIX, Breaker, RedisBackend
from gitblog.web.stores import cache_health
from tests.checkout import TOP, environment
from tests.redis_server import RedisServer, SilentServer, TlsDoor, find_redis_server, running_redis
from tests.served_site import VERSION, ServedSite, post, served_site
from tests.tools import require_tool, tool_missing

PASSWORD = "kanarienvogel-1234567890"
ADDRESS = "/2026/01/a/"


@pytest.fixture(scope="module")
def program() -> Path:
    """The redis-server program."""
    found = find_redis_server()
    if found is None:
        tool_missing("no redis-server: install it (apt-get install redis-server) or set GITBLOG_REDIS_SERVER")
    return found


@pytest.fixture
def server(program: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with running_redis(program) as running:
        yield running


@pytest.fixture
def filled(small_site: ServedSite) -> ServedSite:
    """A blog of one post."""
    small_site.push({"posts/a.md": post(title="First")})
    return small_site


class Process:
    """A web process of its own, as far as caching is concerned; knows how often it rendered a page."""

    def __init__(self, site: ServedSite, url: str) -> None:
        app = site.app(Serving(VERSION, redis_url=url))
        self.client = Client(app)
        self.made = 0
        app.before_request(self._count)

    def _count(self) -> None:
        self.made += 1

    def text(self, address: str = ADDRESS) -> str:
        """Give the body of an address that must answer 200."""
        response = self.client.get(address)
        assert response.status_code == 200
        return response.get_data(as_text=True)


def test_what_one_process_made_another_answers_with(filled: ServedSite, server: RedisServer) -> None:
    """Every coding and status that is kept; the second process does not even wake Flask up."""
    first, second = Process(filled, server.url), Process(filled, server.url)
    asked = [(address, coding) for address in ("/", ADDRESS, "/2026/01/a") for coding in ("", "gzip", "br")]
    made = [first.client.get(address, headers={"Accept-Encoding": coding}) for address, coding in asked]
    kept = [second.client.get(address, headers={"Accept-Encoding": coding}) for address, coding in asked]

    assert (first.made, second.made) == (len(asked), 0)
    for one, other in zip(made, kept, strict=True):
        assert (one.status, one.data, dict(one.headers)) == (other.status, other.data, dict(other.headers))


def test_a_push_is_seen_by_every_process(filled: ServedSite, server: RedisServer) -> None:
    """Nothing is purged: the next publication has other keys."""
    first, second = Process(filled, server.url), Process(filled, server.url)
    assert "First" in first.text()
    assert "First" in second.text()
    filled.push({"posts/a.md": post(title="Second")})

    assert "Second" in first.text()
    assert "Second" in second.text()
    assert (first.made, second.made) == (2, 0)


def test_two_blogs_in_one_redis_do_not_meet(filled: ServedSite, server: RedisServer, tmp_path: Path) -> None:
    """The very same repository published twice has two publications."""
    folder = tmp_path / "other"
    folder.mkdir()
    with served_site(folder, f"sqlite:///{folder / 'index.sqlite'}") as other:
        other.push({"posts/a.md": post(title="Another blog")})
        one, two = Process(filled, server.url), Process(other, server.url)
        for process, title in ((one, "First"), (two, "Another blog")):
            for _ in range(2):
                assert title in process.text()

        assert (one.made, two.made) == (1, 1)


def test_entries_are_short_named_and_end(filled: ServedSite, server: RedisServer) -> None:
    """Redis holds bytes of ours alone, under keys of one length, for a day."""
    process = Process(filled, server.url)
    for address in ("/", ADDRESS, "/archive/"):
        process.text(address)
    client = server.client()
    keys = [each.decode() for each in client.scan_iter()]

    assert len(keys) == 3
    assert {len(key) for key in keys} == {len(PREFIX) + 64}
    assert all(key.startswith(PREFIX) for key in keys)
    assert all(KEPT_SECONDS - 60 < client.ttl(key) <= KEPT_SECONDS for key in keys)


class _Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def _value(client: redis.Redis, key: object) -> bytes:
    value = client.get(str(key))
    assert isinstance(value, bytes)
    return value


def test_what_is_not_ours_is_made_anew(filled: ServedSite, server: RedisServer, tmp_path: Path) -> None:
    """Truncated, somebody else's, another key's, a list, a pickle: a miss each, mended by the next answer."""
    process, client = Process(filled, server.url), server.client()
    text = process.text()
    (key,) = (each.decode() for each in client.scan_iter())
    good = _value(client, key)
    process.text("/archive/")
    other = _value(client, next(name for each in client.scan_iter() if (name := each.decode()) != key))
    bomb = tmp_path / "executed"
    wrong = [b"", b"x", good[:-1], good[:20], good + b"x", other, b"!" + pickle.dumps(_Bomb(bomb)), b"17", b"\xff" * 99]
    for value in wrong:
        client.set(key, value)
        process.made = 0

        assert (process.text(), process.made) == (text, 1), value[:20]
        assert _value(client, key) == good, value[:20]
        assert (process.text(), process.made) == (text, 1), value[:20]
    client.delete(key)
    client.rpush(key, "a list")
    assert process.text() == text
    assert not bomb.exists()


def test_a_redis_that_does_not_answer_is_asked_once(filled: ServedSite, caplog: pytest.LogCaptureFixture) -> None:
    """It accepts and is silent; ten pages are made meanwhile, and one connection was tried."""
    with SilentServer() as silent:
        process = Process(filled, silent.url)
        for _ in range(10):
            assert "First" in process.text()

        assert silent.connections == 1
    assert process.made == 10
    assert [record.message for record in caplog.records] == ["page cache unreachable"]


@pytest.mark.parametrize(
    "words",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b":x\r\n", b"$-7\r\n", b"*9999\r\n", b"\xff\r\n", b"*1\r\n" * 100_000],
)
def test_a_server_that_is_no_redis_harms_nobody(filled: ServedSite, words: bytes) -> None:
    """Whatever it says."""
    with SilentServer(words) as strange:
        process = Process(filled, strange.url)
        for _ in range(3):
            assert "First" in process.text()
        assert cache_health(strange.url).startswith("Redis (REDIS_URL) ")


def test_an_answer_that_comes_in_drops_is_not_waited_for(filled: ServedSite, caplog: pytest.LogCaptureFixture) -> None:
    """Each drop is in time, and the whole would never be there: the page is made anew, and nobody asks again."""
    with SilentServer(b"$2000000000\r\n", drops=True) as dripping:
        process = Process(filled, dripping.url)
        for _ in range(10):
            assert "First" in process.text()

        assert dripping.connections == 1
        assert "did not answer" in cache_health(dripping.url)
    assert [record.message for record in caplog.records] == ["page cache unreachable"]


def test_a_redis_that_freezes_or_dies_is_used_again_when_it_is_back(server: RedisServer) -> None:
    """Nobody restarts gitblog for it: after the pause one request asks, and the cache is there again."""
    now = [0.0]
    store = RedisBackend(server.url, Breaker(2.0, lambda: now[0]))
    assert store.set("k", b"value")
    for break_it, mend in ((server.freeze, server.thaw), (server.kill, server.start)):
        break_it()
        assert store.get("k") is None
        mend()
        assert store.get("k") is None
        assert not store.set("k", b"value")
        now[0] += 2.0
        assert store.set("k", b"value")
        assert store.get("k") == b"value"


def test_while_one_request_tries_the_others_go_on() -> None:
    """A trial may take as long as it likes: nobody queues behind it."""
    now = [0.0]
    breaker = Breaker(2.0, lambda: now[0])
    asking, answered = threading.Event(), threading.Event()

    def fail() -> str:
        raise redis.ConnectionError("gone")

    def slow() -> str:
        asking.set()
        assert answered.wait(30)
        return "answer"

    assert breaker.ask(fail, "otherwise") == "otherwise"
    now[0] = 3.0
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(breaker.ask(slow, "otherwise")))
    thread.start()
    assert asking.wait(30)
    assert breaker.ask(lambda: "answer", "otherwise") == "otherwise"
    answered.set()
    thread.join(30)

    assert found == ["answer"]
    assert breaker.ask(lambda: "answer", "otherwise") == "answer"


def test_a_full_redis_still_gives_what_it_has(program: Path) -> None:
    """Refusing to take is no reason not to ask: only what it cannot keep is made anew."""
    with running_redis(program) as server:
        store = RedisBackend(server.url)
        assert store.set("k", b"value")
        server.client().config_set("maxmemory", "1")

        assert not store.set("more", b"value")
        assert store.get("k") == b"value"
        assert "allkeys-lru" in cache_health(server.url)


def test_redis_with_a_password_on_a_socket_and_another_database(program: Path) -> None:
    """Every form of REDIS_URL that needs no certificate."""
    with running_redis(program, "--requirepass", PASSWORD) as server:
        for number, url in enumerate(
            (
                f"redis://:{PASSWORD}@127.0.0.1:{server.port}/3",
                f"redis://default:{PASSWORD}@127.0.0.1:{server.port}",
                f"unix://:{PASSWORD}@{server.socket}?db=1",
            )
        ):
            store = RedisBackend(url)
            assert store.set("k", str(number).encode()), url
            assert store.get("k") == str(number).encode()
            assert cache_health(url) == ""


def test_redis_over_tls_is_trusted_by_its_certificate(server: RedisServer, tmp_path: Path) -> None:
    """One that nobody vouches for is refused, and the sentence says what to name; TLS that stalls is left alone."""
    with TlsDoor(require_tool("openssl"), tmp_path, server) as door:
        for url in (f"{door.url}?ssl_ca_certs={door.certificate}", f"{door.url}?ssl_cert_reqs=none"):
            store = RedisBackend(url)
            assert store.set("k", url.encode())
            assert store.get("k") == url.encode()
        assert not RedisBackend(door.url).set("k", b"value")
        assert "?ssl_ca_certs=PATH" in cache_health(door.url)
    with SilentServer() as silent:
        assert RedisBackend(silent.url.replace("redis://", "rediss://")).get("k") is None


def test_health_says_what_to_do_and_no_password(
    program: Path, filled: ServedSite, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong password, no password, nobody there: a sentence each, in the log and for the status."""
    caplog.set_level(logging.DEBUG)
    with running_redis(program, "--requirepass", "another-password-altogether") as server:
        refused = f"redis://:{PASSWORD}@127.0.0.1:{server.port}"
        assert "First" in Process(filled, refused).text()
        assert cache_health(refused) == "Redis (REDIS_URL) refuses the user or password: check those of REDIS_URL"
        assert "password" in cache_health(server.url)
    assert "First" in Process(filled, refused).text()
    assert "cannot be reached: start it" in cache_health(refused)

    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "page cache unreachable" in logged
    assert PASSWORD not in logged
    assert PASSWORD not in repr(Serving(VERSION, redis_url=refused))


def test_a_value_that_would_fill_the_room_is_not_sent(server: RedisServer) -> None:
    """And anything but bytes is a mistake of ours."""
    store = RedisBackend(server.url)

    assert not store.set("large", b"x" * (8 * 1024 * 1024 + 1))
    with pytest.raises(TypeError, match="bytes, not str"):
        store.set("k", "text")
    assert server.client().keys() == []


def test_a_dead_redis_costs_no_statement_more(filled: ServedSite) -> None:
    """A page is made as it is without a cache."""
    statements: list[str] = []
    event.listen(filled.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with SilentServer() as silent:
        process = Process(filled, silent.url)
        process.text()
        first = len(statements)
        process.text()

    assert len(statements) == 2 * first


_ASKING = "import sys; from gitblog import create_app; print(create_app().test_client().get(sys.argv[1]).status_code)"


def test_two_programs_share_the_pages_of_redis_url(filled: ServedSite, server: RedisServer, tmp_path: Path) -> None:
    """The setting reaches the store: what one process of the real program made is a hit in the next one."""
    settings = {
        "REDIS_URL": server.url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'index.sqlite'}",
        "DATA_DIR": str(tmp_path / "data"),
    }
    hits = []
    for _ in range(2):
        command = [sys.executable, "-c", _ASKING, ADDRESS]
        told = subprocess.run(command, env=environment(TOP, **settings), capture_output=True, text=True, check=True)
        assert told.stdout == "200\n"
        hits.append(server.client().info("stats")["keyspace_hits"])

    assert hits == [0, 1]
