"""The page cache in Redis, shared by every process that is given the same REDIS_URL.

Redis is a convenience: without it a page is made anew. So nothing here raises, and a Redis that does not answer costs
one request a twentieth of a second (a fifth where it drips, or where its name is not found) and is then left alone.
What comes back is believed only where it is what was put there: bytes with a check sum over key and value. Whoever
may write to Redis may write pages, as with the database.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cachelib.serializers import RedisSerializer
from flask_caching.backends.rediscache import RedisCache
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, OutOfMemoryError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

if TYPE_CHECKING:
    from flask import Flask

logger = logging.getLogger(__name__)

# How long a request waits for Redis to say something, and for how long nobody asks one that did not answer.
WAIT_SECONDS: Final = 0.05
# How long a whole question may take: a new connection with its TLS says something several times.
DEADLINE_SECONDS: Final = 0.2
PAUSE_SECONDS: Final = 2.0
# A page that nobody asked for in a day is made anew; what older publications left behind goes by itself.
KEPT_SECONDS: Final = 24 * 60 * 60
LARGEST_BYTES: Final = 8 * 1024 * 1024
PREFIX: Final = "gitblog:"

_SEAL_BYTES: Final = 16
_ASKING_THREADS: Final = 4

T = TypeVar("T")


class Breaker:
    """Keeps requests from waiting for what did not answer a moment ago.

    After a failure nobody asks for `pause_seconds`; then one request asks, and the others go on without an answer
    until it has got one. A refusal is an answer.
    """

    def __init__(self, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._open = False
        self._until = 0.0
        self._trial = threading.Lock()

    def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """Give the answer, or `otherwise` where there is none."""
        if not self._open:
            return self._try(question, otherwise)
        if self._clock() < self._until or not self._trial.acquire(blocking=False):
            return otherwise
        try:
            return self._try(question, otherwise)
        finally:
            self._trial.release()

    def _try(self, question: Callable[[], T], otherwise: T) -> T:
        try:
            answer = question()
        except ResponseError as exc:
            logger.debug("page cache refused", extra={"problem": _complaint(exc)})
            answer = otherwise
        except Exception as exc:  # a broken server may answer anything, and redis-py raise anything at it
            self._until = self._clock() + self._pause_seconds
            if not self._open:
                logger.warning("page cache unreachable", extra={"problem": _complaint(exc)})
            self._open = True
            return otherwise
        if self._open:
            self._open = False
            logger.info("page cache reachable again")
        return answer


class Deadline:
    """Asks in threads of its own, so that whoever waits does so for `seconds` and no longer.

    The client's own limits hold for one read: a name that is looked up, or an answer that comes in drops, knows none.
    """

    def __init__(self, seconds: float, give_up: Callable[[], object]) -> None:
        self._seconds = seconds
        self._give_up = give_up
        self._lock = threading.Lock()
        self._threads = 0
        self._questions: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()

    def ask(self, question: Callable[[], T]) -> T:
        """Give the answer or raise what asking raised; `RedisTimeoutError` where it is late, after giving it up."""
        self._start()
        answer: Future[T] = Future()
        self._questions.put((question, answer))
        try:
            return answer.result(self._seconds)
        except TimeoutError as exc:
            answer.cancel()
            self._give_up()
            raise RedisTimeoutError from exc

    def _start(self) -> None:
        """Start the threads at the first question, after the fork of the web processes."""
        with self._lock:
            while self._threads < _ASKING_THREADS:
                self._threads += 1
                threading.Thread(target=self._answer, name="page-cache", daemon=True).start()

    def _answer(self) -> None:
        while True:
            question, answer = self._questions.get()
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(question())
                except Exception as exc:
                    answer.set_exception(exc)


class _Bytes(RedisSerializer):
    """What cachelib puts between a value and Redis: nothing. Its own serializer pickles."""

    def dumps(self, value: Any, protocol: int = 0) -> bytes:
        data: bytes = value
        return data

    def loads(self, bvalue: Any) -> Any:
        return bvalue


class RedisBackend(RedisCache):
    """Flask-Caching's Redis store for bytes alone, of which the page cache uses `get` and `set`.

    Entries end after a day. How much memory they may take, and which go first, is Redis' own setting
    (`maxmemory`, `maxmemory-policy allkeys-lru`).
    """

    serializer = _Bytes()

    def __init__(self, url: str, breaker: Breaker | None = None) -> None:
        client = _client(url)
        super().__init__(client, default_timeout=KEPT_SECONDS, key_prefix=PREFIX)
        self._breaker = breaker or Breaker(PAUSE_SECONDS)
        self._deadline = Deadline(DEADLINE_SECONDS, client.connection_pool.disconnect)

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> RedisBackend:
        """Make the store as Flask-Caching asks for it, from CACHE_REDIS_URL; nothing is connected yet."""
        return cls(config["CACHE_REDIS_URL"])

    def get(self, key: str) -> bytes | None:
        """Give the bytes, or None where there are none, they are not those of `set`, or Redis does not answer."""
        value = self._ask(lambda: super(RedisBackend, self).get(key), None)
        if not isinstance(value, bytes):
            return None
        seal, data = value[:_SEAL_BYTES], value[_SEAL_BYTES:]
        return data if seal == _seal(key, data) else None

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Keep the bytes for a day; False where they are too large or Redis does not take them."""
        if not isinstance(value, bytes):
            raise TypeError(f"the page cache keeps bytes, not {type(value).__name__}")
        if len(value) > LARGEST_BYTES:
            return False
        sealed = _seal(key, value) + value
        return bool(self._ask(lambda: super(RedisBackend, self).set(key, sealed), False))

    def health(self) -> str:
        """Write and read an entry now: "" where that works, else what is wrong and what to do, without secrets."""
        try:
            self._deadline.ask(lambda: super(RedisBackend, self).set("health", b"ok", timeout=60))
            if self._deadline.ask(lambda: super(RedisBackend, self).get("health")) == b"ok":
                return ""
        except Exception as exc:
            return f"Redis (REDIS_URL) {_complaint(exc)}"
        return "Redis (REDIS_URL) forgets at once what it is given: look at its maxmemory"

    def _ask(self, question: Callable[[], T], otherwise: T) -> T:
        return self._breaker.ask(lambda: self._deadline.ask(question), otherwise)


def _client(url: str) -> Redis:
    """Make a client that gives up at once, and sends no command that nobody asked for."""
    return Redis.from_url(
        url,
        socket_timeout=WAIT_SECONDS,
        socket_connect_timeout=WAIT_SECONDS,
        # By default redis-py tries again with pauses: four seconds for a page.
        retry=Retry(NoBackoff(), 0),
        # The older protocol needs no greeting, so a new connection costs one question the less.
        protocol=2,
        driver_info=None,
    )


def _seal(key: str, data: bytes) -> bytes:
    """Give the check sum that ties the bytes to their key; it finds accidents, it keeps nobody out."""
    digest = hashlib.blake2b(key.encode() + b"\0", digest_size=_SEAL_BYTES)
    digest.update(data)
    return digest.digest()


def _complaint(exc: Exception) -> str:
    """Say what is wrong and what to do; a server's own words are left out, since it may repeat a password."""
    if "CERTIFICATE_VERIFY_FAILED" in str(exc):
        return "has a certificate that is not trusted: name its issuer with ?ssl_ca_certs=PATH in REDIS_URL"
    for kind, words in _COMPLAINTS:
        if isinstance(exc, kind):
            return words
    return "cannot be reached: start it, or check the host and port of REDIS_URL"


_COMPLAINTS: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...]] = (
    (AuthenticationError, "refuses the user or password: check those of REDIS_URL"),
    (NoPermissionError, f"allows this user too little: GET and SET on {PREFIX}*"),
    (OutOfMemoryError, "has no room left: set its maxmemory-policy to allkeys-lru"),
    (ResponseError, "answers with an error: see its own log, and check that REDIS_URL names a primary"),
    (RedisTimeoutError, f"did not answer in {WAIT_SECONDS * 1000:.0f} ms: see whether it is overloaded or far away"),
    ((ValueError, RecursionError), "does not speak Redis' protocol: check the host and port of REDIS_URL"),
)
