"""Memory and processor time of a process and all that it started, read from /proc (Linux)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Where the parts of gitblog are told from each other: the first that stands in the command line.
_PARTS = (
    ("multiprocessing", "render"),
    ("gitblog worker", "worker"),
    ("gunicorn", "web"),
    ("git", "git"),
)
_SAMPLE_SECONDS = 0.05


@dataclass(slots=True)
class Memory:
    """The largest sum of memory that was seen at once (bytes), by how many processes, and what each part held then.

    Shared pages are counted once (PSS), or in each process where the kernel does not tell (RSS, too high).
    """

    peak: int = 0
    at_peak: dict[str, int] = field(default_factory=dict)
    processes: int = 0

    def add(self, held: list[tuple[str, int]]) -> None:
        """Take one sample: the part and the bytes of each process."""
        total = sum(size for _, size in held)
        if total > self.peak:
            self.peak, self.processes, self.at_peak = total, len(held), {}
            for part, size in held:
                self.at_peak[part] = self.at_peak.get(part, 0) + size


@contextmanager
def watched_memory(process: int) -> Iterator[Memory]:
    """Sample the memory of a process and all its descendants while the block lasts."""
    memory, ended = Memory(), threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            memory.add(_held(process))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()


def processor_seconds(process: int) -> float:
    """Give the processor time that a process and its living descendants have used so far."""
    return sum(_processor_ticks(each) for each in family(process)) / os.sysconf("SC_CLK_TCK")


def family(process: int) -> list[int]:
    """Give a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))):
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [process]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting.extend(children.get(each, ()))
    return found


def wait_for_rest(process: int, limit_seconds: float = 10.0) -> None:
    """Return when a process and its descendants have used no processor time for half a second."""
    deadline = time.monotonic() + limit_seconds
    used = -1.0
    # The sum also falls, when a process ends.
    while time.monotonic() < deadline and abs((now := processor_seconds(process)) - used) > 0.02:
        used = now
        time.sleep(0.5)


def _held(process: int) -> list[tuple[str, int]]:
    held = [("master" if each == process else _part(each), _held_bytes(each)) for each in family(process)]
    # What has just ended holds nothing and has no name any more.
    return [(part, size) for part, size in held if part and size]


def _part(process: int) -> str:
    command = _read(process, "cmdline").replace("\0", " ")
    return next((part for words, part in _PARTS if words in command), "other" if command else "")


def _held_bytes(process: int) -> int:
    rollup = _read(process, "smaps_rollup")
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    pages = _read(process, "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _processor_ticks(process: int) -> int:
    fields = _stat(process)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _stat(process: int) -> list[str]:
    """Give the fields of proc_pid_stat(5) after the name, which may hold anything: state, parent, ..."""
    return _read(process, "stat").rpartition(")")[2].split()


def _read(process: int, name: str) -> str:
    # A process may end at any moment, and then it holds nothing.
    try:
        return Path("/proc", str(process), name).read_text(errors="replace")
    except OSError:
        return ""
