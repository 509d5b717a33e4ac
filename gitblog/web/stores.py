"""Where the page cache keeps its bytes: in this process, or in one Redis for several. Flask-Caching holds either.

A store takes and gives bytes alone (anything else would have to be pickled, and unpickling runs code), is bounded,
and may forget whatever it likes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask_caching import Cache
from flask_caching.backends.base import BaseCache

if TYPE_CHECKING:
    from flask import Flask

# What an entry costs beside its key and value: two objects and a place in the dictionary.
_ENTRY_BYTES = 400
# One entry may take this part of the room, so that a few large files cannot push out every page.
_LARGEST_PART = 8


def open_store(app: Flask, redis_url: str, max_bytes: int) -> Cache:
    """Give the store in the Redis at `redis_url`; for "" one in this process that takes at most `max_bytes`."""
    if redis_url:
        return Cache(app, config={"CACHE_TYPE": "gitblog.web.redis_store.RedisBackend", "CACHE_REDIS_URL": redis_url})
    options = {"CACHE_TYPE": "gitblog.web.stores.MemoryBackend", "CACHE_OPTIONS": {"max_bytes": max_bytes}}
    return Cache(app, config=options)


def cache_health(redis_url: str) -> str:
    """Say what is wrong with the page cache and what to do, in a sentence without secrets; "" where all is well.

    Asks Redis now, and waits for it as long as a request would.
    """
    if not redis_url:
        return ""
    from gitblog.web.redis_store import RedisBackend

    return RedisBackend(redis_url).health()


class MemoryBackend(BaseCache):
    """A store in this process for bytes alone, at most `max_bytes` of them; the least recently used go first.

    Timeouts are ignored: a key of the page cache names everything its bytes depend on.
    """

    def __init__(self, max_bytes: int) -> None:
        super().__init__(default_timeout=0)
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._used_bytes = 0
        self._lock = threading.Lock()

    @classmethod
    def factory(cls, app: Flask, config: dict[str, Any], args: list[Any], kwargs: dict[str, Any]) -> MemoryBackend:
        """Make the store as Flask-Caching asks for it; CACHE_OPTIONS must hold `max_bytes`."""
        return cls(max_bytes=kwargs["max_bytes"])

    @property
    def used_bytes(self) -> int:
        """What the entries take now, never more than `max_bytes`."""
        return self._used_bytes

    def get(self, key: str) -> bytes | None:
        """Give the bytes, or None; whoever is asked for stays longest."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def set(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Keep the bytes; False where they are too large to be kept beside others."""
        if not isinstance(value, bytes):
            raise TypeError(f"the page cache keeps bytes, not {type(value).__name__}")
        cost = _cost(key, value)
        if cost > self._max_bytes // _LARGEST_PART:
            return False
        with self._lock:
            self._drop(key)
            self._entries[key] = value
            self._used_bytes += cost
            while self._used_bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))
        return True

    def add(self, key: str, value: Any, timeout: int | timedelta | None = None) -> bool:
        """Keep the bytes unless the key is taken."""
        return not self.has(key) and self.set(key, value)

    def has(self, key: str) -> bool:
        """Say whether the key is there; that does not count as use."""
        with self._lock:
            return key in self._entries

    def delete(self, key: str) -> bool:
        """Forget one entry; False where there was none."""
        with self._lock:
            return self._drop(key)

    def clear(self) -> bool:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._used_bytes = 0
        return True

    def _drop(self, key: str) -> bool:
        value = self._entries.pop(key, None)
        if value is None:
            return False
        self._used_bytes -= _cost(key, value)
        return True


def _cost(key: str, value: bytes) -> int:
    return len(key) + len(value) + _ENTRY_BYTES
