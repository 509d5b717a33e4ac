"""The random histories themselves: to count a kind of push means that it happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.histories import KINDS, History, Look
from tests.history_edits import CONFIGURATION, EDITS, Tree, is_broken

SEEDS = range(2)


@dataclass(frozen=True, slots=True)
class Happened:
    """A push of one kind: the tip before it, the looks that it asked for, and the history that it is part of."""

    history: History
    old: str
    looks: tuple[Look, ...]

    @property
    def tip(self) -> str:
        """The tip after the push."""
        return self.looks[-1].tip

    @property
    def parents(self) -> tuple[str, ...]:
        """The parents of the tip."""
        return self.history.parents[self.tip]

    @property
    def before(self) -> Tree:
        """The files of the tip's first parent."""
        return self.history.trees[self.parents[0]]

    @property
    def after(self) -> Tree:
        """The files of the tip."""
        return self.history.trees[self.tip]

    @property
    def gained(self) -> set[str]:
        """The posts that the last commit brought to a new path."""
        return _posts(self.after) - _posts(self.before)

    @property
    def lost(self) -> set[str]:
        """The posts that the last commit took from a path."""
        return _posts(self.before) - _posts(self.after)

    @property
    def changed(self) -> set[str]:
        """The posts whose bytes the last commit changed in place."""
        return {path for path in _posts(self.before) & _posts(self.after) if self.before[path] != self.after[path]}

    def had(self, path: str) -> set[bytes]:
        """Give all bytes that lay at a path before the last commit."""
        older = self.history.ancestors(self.parents[0])
        return {self.history.trees[each][path] for each in older if path in self.history.trees[each]}

    def rewrote(self, number: int) -> bool:
        """Tell whether what was seen at the look before this one is gone."""
        return self.looks[number - 1].tip not in self.history.ancestors(self.looks[number].tip)


def _posts(tree: Tree) -> set[str]:
    return {path for path in tree if path.startswith("posts/") and path.endswith(".md")}


def _renamed_twice(push: Happened) -> bool:
    (grandparent,) = push.history.parents[push.parents[0]]
    first, (last,) = _posts(push.history.trees[grandparent]), push.gained
    (middle,) = push.lost
    return middle not in first and last not in first and len(first) == len(_posts(push.after))


def _slugs(tree: Tree, paths: set[str]) -> list[bytes]:
    lines = {path: [line for line in tree[path].splitlines() if line.startswith(b"slug: ")] for path in sorted(paths)}
    return [(found or [b"slug: " + path[6:-3].encode()])[0] for path, found in lines.items()]


def _crossed(push: Happened) -> bool:
    """The instant that a post names lies between the last two looks."""
    earlier, later = push.looks[-2:]
    text = b"".join(push.history.trees[earlier.tip].values()).decode()
    instants = [
        datetime.fromisoformat(found).timestamp() for found in re.findall(r"^(?:date|expires): (.+T.+)$", text, re.M)
    ]
    return any(earlier.now < instant <= later.now for instant in instants)


def _merges(count: int) -> Callable[[Happened], bool]:
    return lambda push: len(push.parents) == count and push.parents[0] not in push.history.ancestors(push.parents[1])


def _all_older(push: Happened) -> bool:
    main, side = push.parents
    own = push.history.ancestors(side) - push.history.ancestors(main)
    return bool(own) and all(push.history.dates[each] < push.history.dates[main] for each in own)


WHAT_HAPPENS: Mapping[str, Callable[[Happened], bool]] = {
    "edit": lambda push: len(push.changed) == 1 and not push.gained | push.lost,
    "add": lambda push: len(push.gained) == 1 and not push.changed | push.lost,
    "rename": lambda push: len(push.gained) == len(push.lost) == 1,
    "rename-chain": _renamed_twice,
    "swap-slugs": lambda push: _slugs(push.before, push.changed) == _slugs(push.after, push.changed)[::-1],
    "swap-files": lambda push: (
        {push.before[path] for path in push.changed} == {push.after[path] for path in push.changed}
    ),
    "delete": lambda push: len(push.lost) == 1 and not push.gained | push.changed,
    "re-add": lambda push: all(push.had(path) and push.after[path] not in push.had(path) for path in push.gained),
    "same-again": lambda push: all(push.after[path] in push.had(path) for path in push.gained),
    "break": lambda push: all(is_broken(push.after[path]) > is_broken(push.before[path]) for path in push.changed),
    "repair": lambda push: all(is_broken(push.after[path]) < is_broken(push.before[path]) for path in push.changed),
    "break-again": lambda push: all(
        is_broken(push.after[path]) > is_broken(push.before[path]) and push.after[path] in push.had(path)
        for path in push.changed
    ),
    "draft": lambda push: all(b"\ndraft: " in push.after[path] for path in push.changed),
    "undraft": lambda push: all(b"\ndraft: " in push.before[path] for path in push.changed),
    "two-for-one": lambda push: len(set(_slugs(push.after, _posts(push.after)))) < len(_posts(push.after)),
    "same-bytes": lambda push: all(push.after[path] in push.before.values() for path in push.gained),
    "no-configuration": lambda push: CONFIGURATION in push.before and CONFIGURATION not in push.after,
    "schedule": _crossed,
    "expire": _crossed,
    "backwards-clock": lambda push: push.history.dates[push.tip] < push.history.dates[push.old],
    "lost-delivery": lambda push: len(push.looks) == 1 and len(push.history.ancestors(push.tip)) >= 3,
    "two-within-a-second": lambda push: push.history.dates[push.tip] == push.history.dates[push.parents[0]],
    "merge": _merges(2),
    "pull-merge": lambda push: _merges(2)(push) and push.history.back(1) != push.old,
    "ours-merge": lambda push: _merges(2)(push) and push.after == push.before,
    "pull-ours": lambda push: _merges(2)(push) and push.after == push.before and push.history.back(1) != push.old,
    "evil-merge": _merges(2),
    "octopus": _merges(3),
    "old-branch": _all_older,
    "revert": lambda push: push.after in [push.history.trees[each] for each in push.history.parents[push.parents[0]]],
    "force-push": lambda push: push.rewrote(-1),
    "amend": lambda push: push.rewrote(-1),
    "force-push-then-push": lambda push: push.rewrote(-2) and not push.rewrote(-1),
    "lost-clone": lambda push: push.looks[-1].clone_lost and push.rewrote(-1),
    "lost-database": lambda push: push.looks[-1].database_lost,
    "shallow-deepened": lambda push: [look.shallow for look in push.looks][:2] == [True, True],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_push_of_a_kind_is_what_its_name_says(kind: str, seed: int, tmp_path: Path) -> None:
    """What a kind needs is made first, so that it never does nothing."""
    history = History(tmp_path, seed)
    with history.builder:
        old = history.first().tip
        push = Happened(history, old, tuple(history.push((kind,))))

    assert push.tip != old
    assert push.looks[-1].kinds == (kind,)
    if kind in EDITS:
        assert push.before != push.after
        assert [look.shallow for look in push.looks] == [False]
    assert kind not in WHAT_HAPPENS or WHAT_HAPPENS[kind](push)


def test_a_shallow_clone_lacks_what_came_before_and_gets_it_back(tmp_path: Path) -> None:
    """gitblog reads a clone with an edge, then the same one without."""
    history = History(tmp_path, 1)
    with history.builder:
        history.first()
        shallow = [look.shallow for look in history.push(("shallow-deepened",))]

    assert shallow[:2] == [True, True]
    assert not shallow[-1]
