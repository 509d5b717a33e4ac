"""Versions and lineages: what the changes of a group of paths say about the posts in it.

A version is (path, blob). A change with two sides joins two versions; a connected set of versions is a lineage:
one post through its renames, merges and reverts. A change without an old side is a beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gitblog.model import ABSENT, Change, OrderedCommit


class Version(NamedTuple):
    """One state of one file."""

    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class Span:
    """The orders between which a version was the file, half open; `end` is None while it is the file.

    `brought` is the last commit that brought it, `mentioned` the last that brought or took it.
    """

    start: str
    end: str | None
    brought: str
    mentioned: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """One post through its renames.

    `begun` holds the commits in which it began (oldest first, several where branches were joined); `live` the
    documents that it has at the tip, and `heir` the one of them that stands for it (None where it is gone).
    """

    name: str
    begun: tuple[OrderedCommit, ...]
    live: tuple[str, ...]
    heir: str | None
    versions: tuple[Version, ...]


@dataclass(slots=True)
class Trace:
    """The history of a group of paths, closed under renames."""

    spans: dict[Version, Span] = field(default_factory=dict)
    came_from: dict[Version, set[Version]] = field(default_factory=lambda: defaultdict(set))
    beginnings: dict[Version, list[OrderedCommit]] = field(default_factory=lambda: defaultdict(list))
    lineages: dict[Version, Lineage] = field(default_factory=dict)

    def stood_for(self, version: Version, is_good: Callable[[Version], bool | None]) -> tuple[Version, ...]:
        """Give the good versions that `version` stands for, latest first: itself, or those it came from.

        The walk goes back through broken versions only and stops at each good one, and at each that is no document
        at all (`is_good` gives None). It never crosses a deletion and never reaches a branch that was discarded,
        for no change joins them.
        """
        found, seen, waiting = [], {version}, [version]
        while waiting:
            current = waiting.pop()
            good = is_good(current)
            if good:
                found.append(current)
            if good or good is None:
                continue
            fresh = self.came_from.get(current, set()) - seen
            seen |= fresh
            waiting.extend(fresh)
        return tuple(sorted(found, key=lambda good: (self.spans[good].brought, good), reverse=True))


def trace(
    changes: Iterable[Change],
    commits: Mapping[str, OrderedCommit],
    live: Mapping[str, str],
    is_document: Callable[[str], bool],
) -> Trace:
    """Read the changes of a closed group of paths; `live` maps the paths that exist at the tip to their blobs.

    Live paths that are no documents under the present configuration inherit nothing.
    """
    result = Trace()
    brought: dict[Version, list[str]] = defaultdict(list)
    taken: dict[Version, list[str]] = defaultdict(list)
    for change in changes:
        commit = commits[change.commit]
        new, old = Version(change.path, change.blob), Version(change.old_path, change.old_blob)
        if new.path != ABSENT:
            brought[new].append(commit.order)
        if old.path != ABSENT:
            taken[old].append(commit.order)
        if new.path != ABSENT and old.path == ABSENT:
            result.beginnings[new].append(commit)
        elif new.path != ABSENT:
            result.came_from[new].add(old)
    for version in brought.keys() | taken.keys():
        result.spans[version] = _span(brought[version], taken[version], live.get(version.path) == version.blob)
    documents = {path: blob for path, blob in live.items() if is_document(path)}
    _name_lineages(result, documents)
    return result


def _span(brought: list[str], taken: list[str], is_live: bool) -> Span:
    # git lists every edge of the graph that takes a version away (-m), so one that is not the file has an end.
    if not is_live and not taken:
        raise RuntimeError("a version that is not at the tip was taken away by no commit")
    return Span(min(brought), None if is_live else max(taken), max(brought), max(brought + taken))


def _name_lineages(result: Trace, live: Mapping[str, str]) -> None:
    """Name each connected set by its first path; the second to begin there is `path#2`, and so on."""
    beginners: dict[str, int] = defaultdict(int)
    for first, versions in sorted(_first_beginning(result, versions) for versions in _connected(result)):
        begun = {commit.id: commit for version in versions for commit in result.beginnings.get(version, ())}
        paths = tuple(sorted(version.path for version in versions if live.get(version.path) == version.blob))
        beginners[first.path] += 1
        number = beginners[first.path]
        lineage = Lineage(
            name=first.path if number == 1 else f"{first.path}#{number}",
            begun=tuple(sorted(begun.values(), key=lambda commit: commit.order)),
            live=paths,
            heir=first.path if first.path in paths else min(paths, default=None),
            versions=versions,
        )
        for version in versions:
            result.lineages[version] = lineage


class _First(NamedTuple):
    order: str
    path: str


def _first_beginning(result: Trace, versions: tuple[Version, ...]) -> tuple[_First, tuple[Version, ...]]:
    first = min(
        _First(commit.order, version.path) for version in versions for commit in result.beginnings.get(version, ())
    )
    return first, versions


def _connected(result: Trace) -> list[tuple[Version, ...]]:
    joined: dict[Version, set[Version]] = defaultdict(set)
    for new, olds in result.came_from.items():
        for old in olds:
            joined[new].add(old)
            joined[old].add(new)
    sets, seen = [], set[Version]()
    for start in sorted(result.spans):
        if start in seen:
            continue
        members, waiting = {start}, [start]
        while waiting:
            fresh = joined[waiting.pop()] - members
            members |= fresh
            waiting.extend(fresh)
        seen |= members
        sets.append(tuple(sorted(members)))
    return sets
