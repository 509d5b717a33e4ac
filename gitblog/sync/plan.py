"""What a sync has to do: the new part of git's log, and the paths whose rows must be computed again.

Paths are touched where a row of the log was added or removed, and where the blob at the tip differs (a merge or a
force-push can bring back an old blob without a row); closed under renames. First index, rebuild and a change of
addressing are the same code with every path (`scope` None).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitblog.errors import SourceError
from gitblog.history.order import order_commits
from gitblog.index.rows import PublishedSite
from gitblog.index.stored import Stored
from gitblog.model import Change, Commit, OrderedCommit, TreeEntry
from gitblog.parse.paths import CONFIGURATION_FILES, is_configuration, is_document, path_problem
from gitblog.source.log import Tracking
from gitblog.source.repository import Repository

# A static limit, so that a tip is refused or taken whatever was indexed before.
MAX_FILES = 200_000


@dataclass(frozen=True, slots=True)
class Plan:
    """One sync's work. `scope` None means every path; `files` counts all regular files below the site's root.

    `commits` and `changes` are what is new (the whole log for every path), `removed_commits` what git forgot.
    `history` holds all changes of the paths in scope, `orders` the commits they name; `live` maps every path in
    scope that exists at the tip to its entry.
    """

    tip: str
    scope: frozenset[str] | None
    commits: tuple[OrderedCommit, ...]
    changes: tuple[Change, ...]
    removed_commits: frozenset[str]
    history: frozenset[Change]
    orders: Mapping[str, OrderedCommit]
    live: Mapping[str, TreeEntry]
    files: int
    warnings: tuple[str, ...]


def is_tracked(path: str) -> bool:
    """Tell whether git's log is kept for a path: documents and configuration, by any layout."""
    return (is_document(path) or is_configuration(path)) and path_problem(path) is None


def _tracking(source: Repository) -> Tracking:
    prefix = f"{source.content_dir}/" if source.content_dir else ""

    def site_path(path: str) -> str | None:
        below = path[len(prefix) :] if path.startswith(prefix) else ""
        return below if below and is_tracked(below) else None

    return Tracking(site_path, is_configuration)


def plan_everything(source: Repository, tip: str) -> Plan:
    """Plan to compute every row from git, asking the index nothing."""
    log = source.log(tip, None, _tracking(source))
    commits = order_commits(log.commits, {})
    entries = source.tree(tip)
    return Plan(
        tip=tip,
        scope=None,
        commits=commits,
        changes=log.changes,
        removed_commits=frozenset(),
        history=frozenset(log.changes),
        orders={commit.id: commit for commit in commits},
        live={entry.path: entry for entry in entries},
        files=_counted(len(entries)),
        warnings=(*source.warnings, *_unmatched(log.unmatched)),
    )


def plan_update(source: Repository, stored: Stored, before: PublishedSite, tip: str) -> Plan:
    """Plan to bring the stored index from its revision to `tip`, touching as little as that needs."""
    old = before.site.revision if source.has(before.site.revision) else None
    log = source.log(tip, old, _tracking(source))
    known = stored.commits([commit.id for commit in log.commits])
    new = tuple(commit for commit in log.commits if commit.id not in known)
    removed = _forgotten(source, stored, tip, old, log.commits)
    changes = frozenset(change for change in log.changes if change.commit not in known)
    gone = frozenset(stored.changes_of_commits(removed))
    differing, files = _differing(source, stored, before, old, tip)
    touched = {path for change in changes | gone for path in (change.path, change.old_path) if path}
    history, scope = _closed(stored, touched | differing.keys(), changes, removed)
    ordered = order_commits(new, _orders_of_parents(stored, new))
    orders = {commit.id: commit for commit in ordered}
    orders |= stored.commits({change.commit for change in history} - orders.keys())
    return Plan(
        tip=tip,
        scope=frozenset(scope),
        commits=ordered,
        changes=tuple(sorted(changes, key=_by_all)),
        removed_commits=removed,
        history=history,
        orders=orders,
        live=_live(stored, before, scope, differing),
        files=_counted(files),
        warnings=(*source.warnings, *_unmatched(log.unmatched)),
    )


def _counted(files: int) -> int:
    if files > MAX_FILES:
        raise SourceError(
            f"the site's folder holds {files} files, and at most {MAX_FILES} are indexed; "
            "set CONTENT_DIR to the folder that is the blog, or move files elsewhere",
            reason="too-many-files",
        )
    return files


def _unmatched(commits: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        f"commit {commit} adds and removes so many files that git looked for no renames with edits in it: "
        "what moved there starts anew, and its old addresses answer 410"
        for commit in commits
    )


def _forgotten(
    source: Repository, stored: Stored, tip: str, old: str | None, listed: Iterable[Commit]
) -> frozenset[str]:
    """Give the stored commits that the tip's history lacks; asked of git only where history was rewritten.

    Never computed by a range: where clocks run backwards git lists too much, which is harmless only when adding.
    """
    grew = old is not None and (old == tip or any(old in commit.parents for commit in listed))
    return frozenset() if grew else stored.commit_ids() - source.commit_ids(tip)


def _differing(
    source: Repository, stored: Stored, before: PublishedSite, old: str | None, tip: str
) -> tuple[dict[str, TreeEntry | None], int]:
    """Give the paths whose blob differs between the indexed tree and the tip's, with the tip's entry.

    Gives with them the number of files at the tip.
    """
    if old is not None:
        changed = source.changed_paths(old, tip)
        files = before.site.files + sum(bool(each.new_blob) - bool(each.old_blob) for each in changed)
        return {each.path: TreeEntry(each.path, each.new_blob) if each.new_blob else None for each in changed}, files
    was = stored.blobs(None)
    if before.site.configuration_blob:
        was[CONFIGURATION_FILES[0]] = before.site.configuration_blob
    entries = {entry.path: entry for entry in source.tree(tip)}
    differing = {
        path: entries.get(path)
        for path in was.keys() | entries.keys()
        if was.get(path) != (entries[path].blob_id if path in entries else None)
    }
    return differing, len(entries)


def _closed(
    stored: Stored, touched: set[str], added: frozenset[Change], removed: frozenset[str]
) -> tuple[frozenset[Change], set[str]]:
    """Close paths under renames: all changes that name one of them, until no new path appears."""
    scope: set[str] = set()
    history: set[Change] = set(added)
    waiting = set(touched)
    while waiting:
        scope |= waiting
        asked = {path for path in waiting if path_problem(path) is None}
        history |= {change for change in stored.changes(asked) if change.commit not in removed}
        waiting = {path for change in history for path in (change.path, change.old_path) if path} - scope
    return frozenset(history), scope


def _orders_of_parents(stored: Stored, commits: Iterable[Commit]) -> dict[str, str]:
    parents = {parent for commit in commits for parent in commit.parents}
    return {commit.id: commit.order for commit in stored.commits(parents).values()}


def _live(
    stored: Stored, before: PublishedSite, scope: set[str], differing: Mapping[str, TreeEntry | None]
) -> dict[str, TreeEntry]:
    unchanged = {path for path in scope - differing.keys() if path_problem(path) is None}
    live = {path: TreeEntry(path, blob) for path, blob in stored.blobs(unchanged).items()}
    if CONFIGURATION_FILES[0] in unchanged and before.site.configuration_blob:
        live[CONFIGURATION_FILES[0]] = TreeEntry(CONFIGURATION_FILES[0], before.site.configuration_blob)
    live.update((path, entry) for path, entry in differing.items() if entry is not None)
    return live


def _by_all(change: Change) -> tuple[str, ...]:
    return change.commit, change.path, change.blob, change.old_path, change.old_blob
