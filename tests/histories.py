"""Random histories of a blog, push by push: the material of the two invariant tests.

A history is a list of pushes; each push moves `main` to a commit that `git fast-import` made. Every kind of thing
that an author or git itself may do is drawn: see `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.history_builder import Builder

BASE = 1_000_000_000
KINDS = (
    "add", "edit", "rename", "swap", "delete", "re-add", "break", "repair", "draft", "schedule", "expire", "link",
    "image", "permalink", "timezone", "markup", "broken-configuration", "no-configuration", "merge", "pull-merge",
    "ours-merge", "evil-merge", "octopus", "old-branch", "force-push", "amend", "lost-clone", "lost-database",
    "two-for-one", "backwards-clock", "same-bytes", "several-commits", "revert",
)  # fmt: skip
REWRITING = frozenset({"force-push", "amend"})

_BROKEN = b'---\ntitle: "never closed\n---\nBroken.\n'
_CONFIGURATIONS = {
    "permalink": [b'permalink = "/p/:slug/"\n', b'permalink = "/:year/:slug/"\n', b'permalink = "/:slug/"\n'],
    "timezone": [b'timezone = "Pacific/Auckland"\n', b'timezone = "America/Los_Angeles"\n'],
    "markup": [b'markdown = "python-markdown"\n', b'title = "Other"\n'],
    "broken-configuration": [b"permalink = \n", b'permalink = "/:nonsense/"\n'],
}


@dataclass(frozen=True, slots=True)
class Push:
    """What happened, and the tip that `main` then has."""

    kinds: tuple[str, ...]
    tip: str


@dataclass(slots=True)
class History:
    """A repository that grows by random pushes from a seed."""

    path: Path
    seed: int
    kinds: Sequence[str] = KINDS
    random: Random = field(init=False)
    builder: Builder = field(init=False)
    trees: dict[str, dict[str, bytes]] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)
    tip: str = ""
    clock: int = BASE

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.builder = Builder(self.path)

    def push(self) -> Push:
        """Make one push of one or more random commits."""
        if not self.tip:
            tree = {"posts/a.md": self._post("A"), "posts/b.md": self._post("B"), "posts/pic.png": b"png"}
            if self.random.random() < 0.5:
                tree["blog.toml"] = self.random.choice(_CONFIGURATIONS["permalink"])
            self.tip = self._commit(tree, ())
            return self._pushed(("add",))
        kind = self.random.choice(self.kinds)
        kinds = [kind]
        self._apply(kind)
        while kind == "several-commits" or self.random.random() < 0.3:
            kind = self.random.choice([each for each in self.kinds if each not in REWRITING])
            kinds.append(kind)
            self._apply(kind)
        return self._pushed(tuple(kinds))

    def _pushed(self, kinds: tuple[str, ...]) -> Push:
        self.builder.set_branch("main", self.tip)
        return Push(kinds, self.tip)

    def _commit(self, tree: Mapping[str, bytes], parents: tuple[str, ...], date: int | None = None) -> str:
        self.clock += self.random.choice([0, 1, 40, 90_000, 40_000_000 // 8])
        date = self.clock if date is None else date
        made = self.builder.commit(dict(tree), list(parents), date, None)
        self.trees[made], self.parents[made], self.dates[made] = dict(tree), parents, date
        return made

    def _apply(self, kind: str) -> None:
        tree = dict(self.trees[self.tip])
        if "merge" in kind or kind in {"octopus", "old-branch", "revert"}:
            self._merge(kind, tree)
        elif kind in REWRITING:
            self._rewrite(kind, tree)
        else:
            self._edit(kind, tree)
            date = self.clock - 50_000 if kind == "backwards-clock" else None
            self.tip = self._commit(tree, (self.tip,), date)

    def _edit(self, kind: str, tree: dict[str, bytes]) -> None:
        posts = sorted(path for path in tree if path.endswith(".md"))
        path = self.random.choice(posts) if posts else "posts/a.md"
        other = f"posts/{self.random.choice('abcdef')}.md"
        title = self.random.choice("ABCDEFGH")
        if kind in _CONFIGURATIONS:
            tree["blog.toml"] = self.random.choice(_CONFIGURATIONS[kind])
        elif kind == "no-configuration":
            tree.pop("blog.toml", None)
        elif kind == "delete":
            tree.pop(path, None)
        elif kind == "rename" and path in tree:
            tree[other] = tree.pop(path)
        elif kind == "swap" and len(posts) > 1:
            tree[posts[0]], tree[posts[1]] = tree[posts[1]], tree[posts[0]]
        elif kind == "same-bytes" and path in tree:
            tree[other] = tree[path]
        elif kind == "image":
            tree["posts/pic.png"] = title.encode()
            tree[path] = self._post(title, body="![pic](pic.png)\n")
        else:
            tree[other if kind in {"add", "re-add"} else path] = self._text(kind, title, other)

    def _text(self, kind: str, title: str, other: str) -> bytes:
        when = f"2001-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d}"
        extra = {
            "draft": "draft: true\n",
            "schedule": f"date: {when}\n",
            "expire": f"date: 2001-01-01\nexpires: {when}\n",
            "two-for-one": "slug: same\n",
            "repair": f"slug: {title.lower()}\n",
        }.get(kind, "")
        if kind == "break":
            return _BROKEN + (b"draft: true\n" if self.random.random() < 0.2 else b"")
        body = f"See [it]({other.split('/')[1]}).\n" if kind == "link" else f"Text of {title}.\n"
        return self._post(title, extra, body)

    def _post(self, title: str, extra: str = "", body: str = "Words that stay the same in each post here.\n") -> bytes:
        filler = "A long enough text makes a rename recognisable, however the head changes.\n" * 4
        return f"---\ntitle: {title}\n{extra}---\n{body}{filler}".encode()

    def _side(self, start: str) -> str:
        tree = dict(self.trees[start])
        kind = self.random.choice(["edit", "rename", "delete", "add", "break", "permalink", "repair", "draft"])
        self._edit(kind, tree)
        return self._commit(tree, (start,), self.clock - self.random.choice([0, 10, 50_000]))

    def _ancestor(self, steps: int) -> str:
        found = self.tip
        for _ in range(steps):
            if self.parents[found]:
                found = self.parents[found][0]
        return found

    def _merge(self, kind: str, tree: dict[str, bytes]) -> None:
        if kind == "revert":
            self.tip = self._commit(self.trees[self._ancestor(1)], (self.tip,))
            return
        sides = [self._side(self._ancestor(3 if kind == "old-branch" else 1)) for _ in range(1 + (kind == "octopus"))]
        merged = dict(tree)
        if kind != "ours-merge":
            for side in sides:
                base = self.trees[self.parents[side][0]]
                for path in base.keys() | self.trees[side].keys():
                    if self.trees[side].get(path) != base.get(path):
                        merged.pop(path, None)
                        if path in self.trees[side]:
                            merged[path] = self.trees[side][path]
        if kind == "evil-merge":
            self._edit(self.random.choice(["edit", "rename", "delete", "add"]), merged)
        parents = (self.tip, *sides)
        # `git pull` makes the old tip the second parent.
        self.tip = self._commit(merged, parents[::-1] if kind == "pull-merge" else parents)

    def _rewrite(self, kind: str, tree: dict[str, bytes]) -> None:
        start = self._ancestor(1 if kind == "amend" else 2)
        if kind == "amend":
            self._edit("edit", tree)
        else:
            tree = dict(self.trees[start])
            self._edit(self.random.choice(["edit", "rename", "add"]), tree)
        parents = (start,) if start != self.tip else ()
        self.tip = self._commit(tree, parents)
