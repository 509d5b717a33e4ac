"""The page cache's store in this process."""

from __future__ import annotations

import pytest

from gitblog.web.stores import MemoryBackend, cache_health


def test_the_store_never_holds_more_than_its_room() -> None:
    """The size of keys and values is counted, and the least recently used go first."""
    store = MemoryBackend(max_bytes=10_000)
    for number in range(100):
        assert store.set(f"k{number}", b"x" * 500)
        assert store.get("k0") is not None
        assert store.used_bytes <= 10_000

    assert store.has("k0")
    assert not store.has("k1")
    assert store.has("k99")


def test_an_entry_that_would_push_out_the_others_is_refused() -> None:
    """One entry may take an eighth of the room."""
    store = MemoryBackend(max_bytes=10_000)

    assert not store.set("large", b"x" * 1_300)
    assert store.used_bytes == 0


def test_the_store_counts_a_replaced_entry_once() -> None:
    """Writing a key again frees what it took before; forgetting all frees everything."""
    store = MemoryBackend(max_bytes=10_000)
    store.set("k", b"x" * 500)
    once = store.used_bytes
    store.set("k", b"y" * 500)

    assert once == store.used_bytes
    assert store.get("k") == b"y" * 500
    assert store.delete("k")
    assert not store.delete("k")
    assert store.used_bytes == 0


def test_the_store_keeps_bytes_alone() -> None:
    """Anything else would have to be pickled, and unpickling runs code."""
    with pytest.raises(TypeError, match="bytes, not str"):
        MemoryBackend(max_bytes=10_000).set("k", "text")


def test_a_store_in_this_process_is_always_well() -> None:
    """There is nothing to reach."""
    assert cache_health("") == ""
