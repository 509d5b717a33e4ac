"""The pool of render processes: real children, real signals, real limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest

from gitblog.model import Document, Kind, Problem, RenderedDocument
from gitblog.sync.rendering import SMALL_BATCH, Renderer, Result, Task

CHECKOUT = Path(__file__).parents[2]
# Different enough not to be taken for repetition, which is never coloured.
SHORT_WORDS = " ".join(map("".join, product("abcdefghij", repeat=2)))
# Minutes of work for Python-Markdown and for Pygments.
ENDLESS = {
    "brackets": ("[" * 20_000, "python-markdown"),
    "images": ("![" * 20_000, "python-markdown"),
    "half tags": ("<a " * 20_000, "python-markdown"),
    "half links": ("[](" * 20_000, "python-markdown"),
    "java": ("```java\n" + f"{SHORT_WORDS} {SHORT_WORDS} {SHORT_WORDS}\n" * 60 + "```", "gfm"),
}


def task(number: int, body: str = "words", engine: str = "gfm") -> Task:
    return Document(f"posts/{number}.md", Kind.POST, "", "", "", "", "", body, 1), engine


def neighbours(count: int, start: int = 0) -> list[Task]:
    return [task(number, f"text {number}") for number in range(start, start + count)]


def texts(results: Sequence[Result]) -> list[str]:
    return [result.text if isinstance(result, RenderedDocument) else result.reason for result in results]


def test_a_large_batch_comes_back_in_its_order() -> None:
    """More documents than are taken ahead, each with its own result."""
    with Renderer() as renderer:
        results = list(renderer.render(neighbours(200)))

    assert texts(results) == [f"text {number}" for number in range(200)]


def test_only_a_few_documents_are_taken_ahead() -> None:
    """Fifty thousand posts are not all held in memory."""
    taken = 0

    def counted() -> Iterator[Task]:
        nonlocal taken
        for each in neighbours(500):
            taken += 1
            yield each

    with Renderer() as renderer:
        results = renderer.render(counted())
        first = next(results)

        assert texts([first]) == ["text 0"]
        assert taken <= 64
        results.close()  # type: ignore[attr-defined]


# The first signal may meet a destructor, which swallows what is raised; the next one comes a second later.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_an_endless_render_is_cut_here_and_its_neighbours_are_rendered(name: str) -> None:
    """A small push renders in this process: the timer cuts it, and nothing of it is left behind."""
    body, engine = ENDLESS[name]
    handler = signal.getsignal(signal.SIGALRM)
    with Renderer(seconds=0.3) as renderer:
        results = list(renderer.render([task(0, "before"), task(1, body, engine), task(2, "after", engine)]))

    assert texts(results) == ["before", "render-limit", "after"]
    assert "posts/1.md:0:0: render-limit: rendering this file took longer than 0.3 seconds" in str(results[1])
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL)[1] == 0.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_cut_render_leaves_nothing_in_the_engine() -> None:
    """Python-Markdown's parser, stopped inside a list, would take the next text for a part of it."""
    inside_a_list = "- a\n\n" + "    " + "word `x` *y*\n\n    " * 20_000
    with Renderer(seconds=0.3) as renderer:
        results = list(
            renderer.render([task(0, inside_a_list, "python-markdown"), task(1, "after", "python-markdown")])
        )

    assert texts(results[:1]) == ["render-limit"]
    assert isinstance(results[1], RenderedDocument)
    assert results[1].html.strip() == "<p>after</p>"


def test_endless_renders_are_cut_in_the_pool_and_their_neighbours_are_rendered() -> None:
    """All at once, among good ones."""
    hostile = [task(100 + place, *ENDLESS[name]) for place, name in enumerate(sorted(ENDLESS))]
    with Renderer(seconds=1.0) as renderer:
        results = list(renderer.render([*neighbours(10), *hostile, *neighbours(10, 10)]))

    assert texts(results[:10]) == [f"text {number}" for number in range(10)]
    assert texts(results[10:-10]) == ["render-limit"] * len(hostile)
    assert texts(results[-10:]) == [f"text {number}" for number in range(10, 20)]


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = (stat.parent / "cmdline").read_text()
        except OSError:
            continue
        if int(fields[1]) == parent and "spawn_main" in command:
            found.append(int(stat.parent.name))
    return found


def wait_until(claim: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return False


def test_killed_children_cost_nobody_a_page() -> None:
    """A pool that breaks is made anew, and what it held is tried again one by one."""
    with Renderer() as renderer:
        results = renderer.render(neighbours(200))
        done = [next(results)]
        children = children_of(os.getpid())
        for child in children:
            os.kill(child, signal.SIGKILL)
        done += list(results)

    assert len(children) == 2
    assert texts(done) == [f"text {number}" for number in range(200)]


def test_a_memory_bomb_costs_only_itself() -> None:
    """A child that may not have the memory gives up its document, or dies and is replaced."""
    bomb = task(100, "*a* " * 500_000)
    with Renderer(seconds=60.0, memory_bytes=192 * 1024 * 1024) as renderer:
        results = list(renderer.render([*neighbours(10), bomb, *neighbours(10, 10)]))

    assert texts(results[:10]) == [f"text {number}" for number in range(10)]
    assert isinstance(results[10], Problem)
    assert results[10].reason == "render-limit"
    assert texts(results[11:]) == [f"text {number}" for number in range(10, 20)]


def test_another_thread_renders_in_the_pool() -> None:
    """Signals reach the main thread alone, so no other may use the timer."""
    results: list[Result] = []

    def render() -> None:
        with Renderer(processes=1, seconds=1.0) as renderer:
            results.extend(renderer.render([task(0, *ENDLESS["brackets"]), task(1, "after")]))

    thread = threading.Thread(target=render)
    thread.start()
    thread.join()

    assert texts(results) == ["render-limit", "after"]


def test_leaving_ends_the_children() -> None:
    """No process of a sync outlives it."""
    with Renderer() as renderer:
        results = list(renderer.render(neighbours(SMALL_BATCH)))
        children = children_of(os.getpid())

    assert len(results) == SMALL_BATCH
    assert children
    assert wait_until(lambda: not set(children) & set(children_of(os.getpid())))


ORPHANING = """
from gitblog.model import Document, Kind
from gitblog.sync.rendering import Renderer

if __name__ == "__main__":
    tasks = [(Document(str(n), Kind.POST, "", "", "", "", "", "x", 1), "gfm") for n in range(100)]
    with Renderer() as renderer:
        results = renderer.render(tasks)
        next(results)
        print("started", flush=True)
        input()
"""


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves the parent no time to say goodbye; its children notice. Ctrl-C they leave to it."""
    script = tmp_path / "orphaning.py"
    script.write_text(ORPHANING)
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        children = children_of(parent.pid)
        # A child ignores Ctrl-C once it has started up, which takes a while on a busy machine.
        time.sleep(3.0)
        for child in children:
            os.kill(child, signal.SIGINT)
        time.sleep(0.5)
        alive = [child for child in children if runs(child)]
        parent.kill()

    assert len(children) == 2
    assert alive == children
    assert wait_until(lambda: not any(runs(child) for child in children))


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
