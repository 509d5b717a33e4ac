"""Blogs made up for measuring: any number of posts, the same bytes each time, edited one post at a time."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.history_builder import run_git

LONG_WORDS = 1_100
"""A post of about 8 kB, as real ones are."""
SHORT_WORDS = 60
"""A post that costs little to render, where rendering is not what is measured."""
TAGS = 40

_POSTS_PER_COMMIT = 5
_FIRST_DAY = datetime(2005, 1, 1, tzinfo=UTC)
_STEP = timedelta(hours=6)
_FIRST_COMMIT = 1_600_000_000
_SYLLABLES = ("ba", "cor", "de", "fin", "gra", "hal", "in", "ka", "lo", "mer", "nis", "op", "pra", "ru", "sel", "tu")
_CONFIGURATION = b'title = "A blog to measure"\ndescription = "Made by benchmarks/blogs.py."\n'
_CODE = "\n```python\ndef total(values):\n    # Only what counts.\n    return sum(v for v in values if v)\n```\n"


@dataclass(slots=True)
class Blog:
    """A bare repository with `posts` posts of `words` words each, on the branch main."""

    path: Path
    posts: int
    words: int
    tip: str = ""
    edits: int = 0

    def address(self, number: int) -> str:
        """Give the address of a post, by its number from 0."""
        return f"/{_date(number):%Y/%m}/{_name(number)}/"

    def edit(self, number: int) -> str:
        """Change one post in a commit of its own, as a push leaves it on a forge; give the new tip."""
        self.edits += 1
        text = _post(number, self.words) + f"\nEdited for the {self.edits}. time.\n".encode()
        date = _FIRST_COMMIT + self.posts + self.edits
        commit = [_commit(date), b"from refs/heads/main^0\n", _file(f"posts/{_name(number)}.md", text)]
        self.tip = _import(self.path, commit)
        return self.tip


def make_blog(path: Path, posts: int, words: int) -> Blog:
    """Make the repository at `path`, which must not exist; five posts a commit, a date each six hours from 2005."""
    path.mkdir(parents=True)
    run_git(path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    return Blog(path, posts, words, _import(path, _history(posts, words)))


def open_blog(path: Path, source: Path) -> Blog:
    """Copy somebody's repository (a folder or a bundle) into a bare one at `path`; its posts are not counted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    run_git(path.parent, "clone", "--quiet", "--bare", str(source.absolute()), str(path))
    return Blog(path, 0, 0, run_git(path, "rev-parse", "HEAD"))


def _history(posts: int, words: int) -> Iterator[bytes]:
    for number in range(posts):
        if number % _POSTS_PER_COMMIT == 0:
            yield _commit(_FIRST_COMMIT + number)
        if number == 0:
            yield _file("blog.toml", _CONFIGURATION)
        yield _file(f"posts/{_name(number)}.md", _post(number, words))


def _commit(date: int) -> bytes:
    who = f"Bench <bench@example.org> {date} +0000"
    return f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 6\nwrite\n\n".encode()


def _file(path: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _import(path: Path, commands: Iterable[bytes]) -> str:
    with subprocess.Popen(
        ["git", "fast-import", "--quiet", "--date-format=raw"],
        cwd=path,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull},
        stdin=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None  # noqa: S101 - it was asked for; this tells the type checker
        for command in commands:
            process.stdin.write(command)
        process.stdin.close()
        if process.wait():
            raise RuntimeError(f"git fast-import failed in {path} with status {process.returncode}")
    return run_git(path, "rev-parse", "refs/heads/main")


def _name(number: int) -> str:
    return f"post-{number:05}"


def _date(number: int) -> datetime:
    return _FIRST_DAY + number * _STEP


def _post(number: int, words: int) -> bytes:
    chance = random.Random(number)  # noqa: S311 - the same text each time; nothing is guarded
    tags = [f"tag-{(number + step) % TAGS}" for step in (0, 7, 13)]
    head = f"---\ntitle: {_words(chance, 5).capitalize()}\ndate: {_date(number).isoformat()}\ntags: {tags}\n---\n"
    paragraphs = "\n\n".join(_paragraph(chance, number) for _ in range(max(1, words // 60)))
    return f"{head}\n{paragraphs}\n{_CODE if number % 3 == 0 else ''}".encode()


def _paragraph(chance: random.Random, number: int) -> str:
    kind = chance.randrange(6)
    if kind == 0:
        return f"## {_words(chance, 4).capitalize()}\n\n{_words(chance, 50)}."
    if kind == 1:
        return "\n".join(f"- {_words(chance, 12)}" for _ in range(5))
    if kind == 2 and number:
        target = _name(chance.randrange(number))
        return f"{_words(chance, 25)} [{_words(chance, 3)}]({target}.md) {_words(chance, 30)}."
    return f"{_words(chance, 20)}, **{_words(chance, 2)}** and `{_words(chance, 1)}` {_words(chance, 36)}."


def _words(chance: random.Random, count: int) -> str:
    return " ".join("".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(count))
