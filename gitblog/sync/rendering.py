"""Rendering under limits: a hostile or unlucky text costs its own page, never the posts beside it.

Small batches render in this process under an interval timer.
Large ones render in a pool of spawned children, each with a timer and a bound on its memory.
A timer cannot cut Rust or C code: static limits of `render` come first, and the parent ends a silent pool.
A render that was cut is no verdict: it is tried again alone, then reported.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import wait as wait_for
from types import FrameType, TracebackType

from gitblog.model import Document, Problem, RenderedDocument
from gitblog.render import render_document

Task = tuple[Document, str]
Result = RenderedDocument | Problem

SMALL_BATCH = 16
SILENCE_SECONDS = 30.0
DEFAULT_MEMORY_BYTES = 400 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Cut:
    """A render was stopped by a limit; `why` completes the sentence "rendering ..."."""

    why: str


class _TimeIsUpError(BaseException):
    """Raised by the timer; no `except Exception` of a library may swallow it."""


class Renderer:
    """Renders documents in their order; a context manager that ends its children on leaving.

    `seconds` and `memory_bytes` bound one document; the latter only in the pool.
    """

    def __init__(self, processes: int = 2, seconds: float = 5.0, memory_bytes: int = DEFAULT_MEMORY_BYTES) -> None:
        self._processes = processes
        self._seconds = seconds
        self._memory_bytes = memory_bytes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Renderer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_pool()

    def render(self, documents: Iterable[Task]) -> Iterator[Result]:
        """Render each document with its site's engine, in input order; a few dozen are taken ahead."""
        rest = iter(documents)
        first = list(islice(rest, SMALL_BATCH))
        if len(first) < SMALL_BATCH and threading.current_thread() is threading.main_thread():
            for task in first:
                yield self._render_here(task)
        else:
            yield from self._render_in_pool(chain(first, rest))

    def _render_here(self, task: Task) -> Result:
        result = _render_under_timer(task, self._seconds)
        if isinstance(result, _Cut):
            result = _render_under_timer(task, self._seconds)
        return _reported(task, result)

    def _render_in_pool(self, tasks: Iterator[Task]) -> Iterator[Result]:
        ahead: deque[tuple[Task, Future[Result | _Cut] | None]] = deque()
        while True:
            for task in islice(tasks, self._processes * 16 - len(ahead)):
                ahead.append((task, self._submit(task)))
            if not ahead:
                return
            task, future = ahead.popleft()
            result = self._outcome(future) if future is not None else None
            if result is None and future is not None:
                # Whoever broke the pool is among those it held: each of them is tried by itself.
                self._end_pool()
                ahead = deque((other, _kept(pending)) for other, pending in ahead)
            if result is None or isinstance(result, _Cut):
                wait([pending for _, pending in ahead if pending is not None], SILENCE_SECONDS)
                result = self._render_alone(task)
            yield _reported(task, result)

    def _render_alone(self, task: Task) -> Result | _Cut:
        future = self._submit(task)
        result = self._outcome(future) if future is not None else None
        if result is None:
            self._end_pool()
            return _Cut("ended the process that did it (too much memory, or a fault in a parser)")
        return result

    def _submit(self, task: Task) -> Future[Result | _Cut] | None:
        """Hand a task to the pool, made where there is none; None where the pool is found broken."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_child,
                initargs=(self._memory_bytes,),
            )
        try:
            return self._pool.submit(_render_under_timer, task, self._seconds)
        except BrokenProcessPool:
            # Those it held say so when they are asked; this one is tried by itself, like them.
            return None

    def _outcome(self, future: Future[Result | _Cut]) -> Result | _Cut | None:
        """Wait for a result; None where the pool is broken, or silent for so long that it must be ended."""
        try:
            return future.result(timeout=SILENCE_SECONDS)
        except (BrokenProcessPool, FutureTimeoutError):
            return None

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # No public way ends a child that hangs in C code, and after shutdown() the executor forgets them.
        children = list((pool._processes or {}).values())
        for child in children:
            child.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def _kept(future: Future[Result | _Cut] | None) -> Future[Result | _Cut] | None:
    """Keep a result that was ready when the pool broke."""
    ready = future is not None and future.done() and not future.cancelled() and future.exception() is None
    return future if ready else None


def _reported(task: Task, result: Result | _Cut) -> Result:
    if not isinstance(result, _Cut):
        return result
    document, _ = task
    message = f"rendering this file {result.why}"
    hint = "look for very long lines, very many brackets or very large code blocks, and shorten them"
    return Problem(document.path, 0, 0, "render-limit", message, hint)


# --- in the process that renders -------------------------------------------------------------------


def _render_under_timer(task: Task, seconds: float) -> Result | _Cut:
    """Render one document within `seconds` of the clock; only in a main thread, where signals arrive."""
    before = signal.signal(signal.SIGALRM, _raise_time_is_up)
    try:
        # It fires again each second: an exception raised inside a destructor is lost.
        timer_before = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            return render_document(*task)
        finally:
            signal.setitimer(signal.ITIMER_REAL, *timer_before)
    except _TimeIsUpError:
        return _Cut(f"took longer than {seconds:g} seconds and was stopped")
    except MemoryError:
        return _Cut("needed too much memory and was stopped")
    finally:
        signal.signal(signal.SIGALRM, before)


def _raise_time_is_up(number: int, frame: FrameType | None) -> None:
    raise _TimeIsUpError


def _start_child(memory_bytes: int) -> None:
    """Bound this child's memory and tie its life to its parent's; Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_parent, name="lifeline", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
    # The main thread may wait for ever for work that nobody will send.
    os._exit(1)
