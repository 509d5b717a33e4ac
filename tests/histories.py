"""Random histories of a blog, look by look: the material of the invariant tests.

A history is a list of pushes; each moves `main` to commits that `git fast-import` made. Every kind of thing that an
author, git or a machine may do is there: `KINDS`. To draw a kind is to see it happen: where it cannot, what it
needs is made first.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from tests.history_builder import Builder, run_git
from tests.history_edits import EDITS, Tree, good_posts, post, with_keys

BASE = 1_000_000_000
# Seconds between commits: none, little, a day and an hour, two months.
_STEPS = (0, 1, 40, 90_000, 5_000_000)


@dataclass(frozen=True, slots=True)
class Look:
    """A moment at which gitblog looks: the kinds of the push so far, the tip, and what the clock says.

    A shallow clone does not know where the history began. A lost clone has no object but those of the tip; a lost
    database is empty.
    """

    kinds: tuple[str, ...]
    tip: str
    now: int
    shallow: bool
    clone_lost: bool
    database_lost: bool


@dataclass(slots=True)
class Line:
    """A branch of a history: the commits that end in its tip."""

    history: History
    tip: str

    def tree(self) -> Tree:
        """Give a copy of the files at its tip."""
        return dict(self.history.trees[self.tip])

    def commit(self, tree: Mapping[str, bytes], date: int | None = None) -> None:
        """Move it to a new commit with these files."""
        self.tip = self.history.commit(tree, (self.tip,), date)

    def former(self) -> list[Tree]:
        """Give the files of every commit that the tip comes from, the latest first."""
        found = sorted(self.history.ancestors(self.tip), key=lambda each: (self.history.orders[each], each))
        return [self.history.trees[each] for each in reversed(found)]

    def apply(self, kind: str, date: int | None = None) -> None:
        """Commit an edit of a kind, which changes something."""
        tree = EDITS[kind](self, self.history.random)
        assert tree != self.tree(), f"{kind} changed nothing"
        self.commit(tree, date)


@dataclass(slots=True)
class History:
    """A repository that grows by pushes; `content` is the path at which gitblog reads it."""

    folder: Path
    seed: int
    random: Random = field(init=False)
    builder: Builder = field(init=False)
    main: Line = field(init=False)
    trees: dict[str, Tree] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    clock: int = BASE
    clock_stands: bool = False
    now: int = BASE
    looked: str = ""
    _pending: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.builder = Builder(self.folder / "repository")
        self.content.symlink_to("repository")
        tree = {"posts/a.md": post("A"), "posts/b.md": post("B"), "pages/p.md": post("Page"), "posts/pic.png": b"png"}
        if self.random.random() < 0.5:
            tree["blog.toml"] = b'permalink = "/p/:slug/"\n'
        self.main = Line(self, self.commit(tree, ()))

    @property
    def content(self) -> Path:
        """The repository that gitblog reads: the builder's own, or for a while a shallow clone of it."""
        return self.folder / "content"

    def first(self) -> Look:
        """Give the look at the first commit."""
        return self._look(("first",))

    def push(self, kinds: tuple[str, ...]) -> Iterator[Look]:
        """Make one push of some kinds, and give the looks that these ask for, then the one after the push."""
        for number, kind in enumerate(kinds, 1):
            if kind in EDITS:
                self.main.apply(kind)
            else:
                for _ in _EVENTS[kind](self):
                    yield self._look(kinds[:number])
        yield self._look(kinds)

    def commit(self, tree: Mapping[str, bytes], parents: tuple[str, ...], date: int | None = None) -> str:
        """Add a commit; without a date, the author's clock goes on."""
        if date is None:
            date = self.clock = self.clock + (0 if self.clock_stands else self.random.choice(_STEPS))
        made = self.builder.commit(tree, parents, date)
        self.trees[made], self.parents[made], self.dates[made] = dict(tree), parents, date
        # The rule of architecture: its own date, or one second after its latest parent.
        self.orders[made] = max([date, *(self.orders[parent] + 1 for parent in parents)])
        return made

    def ancestors(self, tip: str) -> set[str]:
        """Give the commits that a tip comes from, itself included."""
        found, waiting = {tip}, [tip]
        while waiting:
            fresh = set(self.parents[waiting.pop()]) - found
            found |= fresh
            waiting.extend(fresh)
        return found

    def back(self, steps: int) -> str:
        """Give the commit some steps before the tip of main, by first parents."""
        found = self.main.tip
        for _ in range(steps):
            found = self.parents[found][0] if self.parents[found] else found
        return found

    def note(self, what: str) -> None:
        """Let the next look tell that this happened: clone_lost or database_lost."""
        self._pending.add(what)

    def publish(self) -> None:
        """Move the branch `main` to where it is."""
        self.builder.checkpoint("main", self.main.tip)

    def _look(self, kinds: tuple[str, ...]) -> Look:
        if self.content.is_symlink():
            self.publish()
        if "clone_lost" in self._pending:
            # What a new clone would not have is not there; fast-import would take it for written.
            self.builder.flush()
            run_git(self.builder.path, "repack", "-a", "-d", "--quiet")
            run_git(self.builder.path, "prune", "--expire=now")
        self.now = max(self.now, self.clock, self.orders[self.main.tip])
        self.looked = self.main.tip
        told, self._pending = self._pending, set()
        shallow = (self.content / "shallow").exists()
        return Look(kinds, self.main.tip, self.now, shallow, "clone_lost" in told, "database_lost" in told)


Event = Callable[[History], Iterator[None]]


def _edit(history: History, *kinds: str) -> None:
    history.main.apply(history.random.choice(kinds or tuple(EDITS)))


def _scheduled(history: History, keys: Callable[[str], dict[str, str]]) -> Iterator[None]:
    """Look before an instant and after it."""
    (path,) = good_posts(history.main, history.random)
    tree = history.main.tree()
    history.clock = max(history.clock, history.now)
    instant = history.clock + 10_000_000
    tree[path] = with_keys(tree[path], draft=None, **keys(datetime.fromtimestamp(instant, UTC).isoformat()))
    history.main.commit(tree)
    yield
    history.clock = instant + history.random.choice([0, 1, 100_000])
    if history.random.random() < 0.5:
        _edit(history)


def _schedule(history: History) -> Iterator[None]:
    return _scheduled(history, lambda instant: {"date": instant})


def _expire(history: History) -> Iterator[None]:
    return _scheduled(history, lambda instant: {"date": "2001-01-01", "expires": instant})


def _late_push(history: History) -> Iterator[None]:
    """Commit long before the push: what was due meanwhile is seen, though the commits are older."""
    (path,) = good_posts(history.main, history.random)
    tree = history.main.tree()
    instant = datetime.fromtimestamp(history.clock + 8_000_000, UTC).isoformat()
    tree[path] = with_keys(tree[path], draft=None, date=instant)
    history.main.commit(tree)
    history.now = max(history.now, history.clock + 9_000_000)
    yield
    _edit(history, "rename", "delete", "slug", "permalink", "swap-slugs")


def _backwards_clock(history: History) -> Iterator[None]:
    history.main.apply(history.random.choice(tuple(EDITS)), history.clock - 50_000)
    yield from ()


def _lost_delivery(history: History) -> Iterator[None]:
    """Push several times without a look."""
    for _ in range(history.random.randint(2, 3)):
        _edit(history)
        if history.content.is_symlink():
            history.publish()
    yield from ()


def _two_within_a_second(history: History) -> Iterator[None]:
    """Push twice with one committer second, with or without a look between."""
    _edit(history)
    history.clock_stands = True
    if history.random.random() < 0.5:
        yield
    _edit(history)
    history.clock_stands = False


def _side(history: History, start: str, *, old: bool = False) -> str:
    """Give a branch of one or two commits, dated about when main's were made; an old one right after its start."""
    side = Line(history, start)
    for _ in range(history.random.randint(1, 2)):
        kind = history.random.choice([*_ON_SIDES, *EDITS])
        date = history.orders[side.tip] + 1 if old else history.clock - history.random.choice([0, 10, 50_000])
        side.apply(kind, date)
    return side.tip


_ON_SIDES = ("edit", "rename", "delete", "add", "break", "permalink", "slug", "draft", "no-configuration")


def _diverged(history: History, steps: int) -> str:
    """Give a commit before the tip from which a side can start, after committing to main where there is none."""
    while history.back(steps) == history.back(steps - 1):
        _edit(history)
    return history.back(steps)


def _merged(history: History, sides: list[str]) -> Tree:
    """Give the files of main with what each side changed since it left."""
    merged = history.main.tree()
    for side in sides:
        base = history.trees[_fork(history, side)]
        for path in base.keys() | history.trees[side].keys():
            if history.trees[side].get(path) != base.get(path):
                merged.pop(path, None)
                if path in history.trees[side]:
                    merged[path] = history.trees[side][path]
    return merged


def _fork(history: History, side: str) -> str:
    mainline = history.ancestors(history.main.tip)
    while side not in mainline:
        side = history.parents[side][0]
    return side


def _merge_of(*, steps: int = 1, sides: int = 1, kind: str = "") -> Event:
    def merge(history: History) -> Iterator[None]:
        start = _diverged(history, steps)
        tips = [_side(history, start, old=steps > 1) for _ in range(sides)]
        tree = history.main.tree() if kind == "ours" else _merged(history, tips)
        if kind == "evil":
            # What no side had: edited, renamed or dropped by the merge itself.
            line = Line(history, history.commit(tree, (history.main.tip,), history.clock))
            tree = EDITS[history.random.choice(["edit", "rename", "delete", "add"])](line, history.random)
        parents = (history.main.tip, *tips)
        # `git pull` makes the old tip the second parent.
        history.main.tip = history.commit(tree, parents[::-1] if kind == "pull" else parents)
        yield from ()

    return merge


def _pull_ours(history: History) -> Iterator[None]:
    """Merge so that main keeps nothing of its own: the old tip is the second parent, and the side's files stay."""
    side = _side(history, _diverged(history, 1))
    history.main.tip = history.commit(history.trees[side], (side, history.main.tip))
    yield from ()


def _revert(history: History) -> Iterator[None]:
    former = history.trees[_diverged(history, 1)]
    if former == history.main.tree():
        _edit(history, "edit")
        former = history.trees[history.back(1)]
    history.main.commit(former)
    yield from ()


def _rewrite(steps: int) -> Event:
    """Replace the last commits by others."""

    def rewrite(history: History) -> Iterator[None]:
        start = Line(history, _diverged(history, steps))
        if history.looked != history.main.tip:
            # What nobody saw could be rewritten without anybody knowing.
            yield
        # Never the very commit that it replaces.
        history.clock += 1
        start.apply(history.random.choice(["edit", "rename", "add", "delete", "slug", "permalink", "no-configuration"]))
        history.main.tip = start.tip

    return rewrite


def _force_push_then_push(history: History) -> Iterator[None]:
    yield from _rewrite(2)(history)
    yield
    _edit(history)


def _lost_clone(history: History) -> Iterator[None]:
    """Rewrite, so that a new clone does not have what is indexed."""
    yield from _rewrite(1)(history)
    history.note("clone_lost")


def _lost_database(history: History) -> Iterator[None]:
    _edit(history)
    history.note("database_lost")
    yield from ()


def _shallow(history: History) -> Iterator[None]:
    """Read a shallow clone for two pushes, the second fetched with or without a depth; then the whole again."""
    while len(history.ancestors(history.main.tip)) < 4:
        _edit(history)
    history.publish()
    history.content.unlink()
    address = f"file://{history.builder.path}"
    run_git(history.folder, "clone", "--quiet", "--bare", "--branch=main", "--depth=2", address, "content")
    assert (history.content / "shallow").exists()
    yield
    _edit(history)
    history.publish()
    _fetch(history, *history.random.choice([(), ("--depth=1",)]))
    yield
    _fetch(history, *history.random.choice([("--unshallow",), ("--deepen=1",)]))
    yield
    _edit(history)
    shutil.rmtree(history.content)
    history.content.symlink_to("repository")


def _fetch(history: History, *options: str) -> None:
    run_git(history.content, "fetch", "--quiet", *options, "origin", "+main:main")


_EVENTS: Final[Mapping[str, Event]] = {
    "schedule": _schedule,
    "expire": _expire,
    "late-push": _late_push,
    "backwards-clock": _backwards_clock,
    "lost-delivery": _lost_delivery,
    "two-within-a-second": _two_within_a_second,
    "merge": _merge_of(),
    "pull-merge": _merge_of(kind="pull"),
    "ours-merge": _merge_of(kind="ours"),
    "pull-ours": _pull_ours,
    "evil-merge": _merge_of(kind="evil"),
    "octopus": _merge_of(sides=2),
    "old-branch": _merge_of(steps=3),
    "revert": _revert,
    "force-push": _rewrite(2),
    "amend": _rewrite(1),
    "force-push-then-push": _force_push_then_push,
    "lost-clone": _lost_clone,
    "lost-database": _lost_database,
    "shallow-deepened": _shallow,
}
KINDS: Final = (*EDITS, *_EVENTS)
"""Every kind of thing that may happen; a push of several of them is one of several commits."""
