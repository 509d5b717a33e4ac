"""git's raw log as commits and changes: copied, hardly interpreted, each row a function of its commit alone.

The invariant "incremental equals rebuild" rests on that, so nothing here knows a branch, a clock or a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gitblog.errors import SourceError
from gitblog.model import ABSENT, Change, Commit

RENAME_LIMIT = 10_000
"""Up to this many added and removed files of one commit, git looks for renames with edits."""

LOG_ARGUMENTS = (
    "log",
    # Parents before children, whatever their clocks say.
    "--topo-order",
    "--reverse",
    "-z",
    "--raw",
    "--no-abbrev",
    # The first commit's files are changes too.
    "--root",
    # A merge once per parent: `-c` would hide what one side had and the merge dropped.
    "-m",
    "-M50%",
    # git's own limit of 1,000 finds nothing in a blog moved from another generator in one commit.
    f"-l{RENAME_LIMIT}",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-notes",
    "--no-decorate",
    "--format=%x01%H %ct %P",
)
"""No pathspec: git would leave out whole merged branches (see `parse_log`, which cuts instead)."""

_REGULAR = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Log:
    """Commits, parents first, and what each changed.

    `unmatched` are the commits with so many new and removed files that git did not look for renames with
    edits.
    """

    commits: tuple[Commit, ...]
    changes: tuple[Change, ...]
    unmatched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tracking:
    """What of the repository the log keeps.

    `site_path` gives a path's place below the site's root, or None for a file that is neither a document nor
    configuration there; `is_configuration` is asked with what `site_path` gave.
    """

    site_path: Callable[[str], str | None]
    is_configuration: Callable[[str], bool]


class RawEntry(NamedTuple):
    """One entry of git's raw format: the regular file on each side as (path, blob), or None."""

    status: str
    old: tuple[str, str] | None
    new: tuple[str, str] | None


def parse_log(output: bytes, tracking: Tracking) -> Log:
    """Read the output of git with `LOG_ARGUMENTS`; a commit always gives the same rows, in the same order."""
    commits: dict[str, Commit] = {}
    changes: list[Change] = []
    unmatched: list[str] = []
    for commit, sections in _commits(output):
        commits[commit.id] = commit
        if any(_too_many(section) for section in sections):
            unmatched.append(commit.id)
        entries = [[part for entry in section for part in _tracked(entry, tracking)] for section in sections]
        if len(commit.parents) > 1:
            rows = _merge_rows(entries, len(commit.parents), tracking)
        else:
            rows = {_row(entry.old, entry.new) for section in entries for entry in section}
        changes.extend(Change(commit.id, *row) for row in sorted(rows))
    return Log(tuple(commits.values()), tuple(changes), tuple(unmatched))


_Row = tuple[str, str, str, str]
_ABSENT = (ABSENT, ABSENT)


def _row(old: tuple[str, str] | None, new: tuple[str, str] | None) -> _Row:
    return (*(new or _ABSENT), *(old or _ABSENT))


def _tracked(entry: RawEntry, tracking: Tracking) -> Iterator[RawEntry]:
    """Cut an entry to its tracked sides; nothing where no version changed (a mode, or untracked)."""
    old, new = _site_side(entry.old, tracking), _site_side(entry.new, tracking)
    if old == new:
        return
    if old and new and tracking.is_configuration(old[0]) != tracking.is_configuration(new[0]):
        # A post that resembles a configuration file did not become one.
        yield RawEntry("A", None, new)
        yield RawEntry("D", old, None)
        return
    yield RawEntry(entry.status, old, new)


def _site_side(side: tuple[str, str] | None, tracking: Tracking) -> tuple[str, str] | None:
    path = tracking.site_path(side[0]) if side else None
    return (path, side[1]) if side and path is not None else None


def _merge_rows(sections: Sequence[Sequence[RawEntry]], parents: int, tracking: Tracking) -> set[_Row]:
    """Tell what a merge itself changed from what it took unchanged from one of its parents."""
    printed: dict[tuple[str, str], int] = {}
    for section in sections:
        for new in {entry.new for entry in section if entry.new}:
            printed[new] = printed.get(new, 0) + 1
    rows: set[_Row] = set()
    for entry in (entry for section in sections for entry in section):
        if entry.new is None or printed[entry.new] == parents:
            rows.add(_row(entry.old, entry.new))
            continue
        # Taken from another parent: it ends what this one had, and joins nothing.
        if entry.old:
            rows.add(_row(entry.old, None))
        # A configuration that reaches a parent's side of history is in force there from here on.
        if tracking.is_configuration(entry.new[0]) and (entry.old is None or entry.old[0] != entry.new[0]):
            rows.add(_row(None, entry.new))
    return rows


def _too_many(section: Sequence[RawEntry]) -> bool:
    added = sum(entry.status == "A" for entry in section)
    removed = sum(entry.status == "D" for entry in section)
    # The comparison of git's diffcore-rename.c, of what was left after equal files had been matched.
    return added * removed > RENAME_LIMIT**2


def _commits(output: bytes) -> Iterator[tuple[Commit, list[list[RawEntry]]]]:
    """Give each commit with its entries, in one list for each parent that it was compared with."""
    current: Commit | None = None
    sections: list[list[RawEntry]] = []
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        if token.startswith(b"\x01"):
            commit = _commit(token)
            if current is not None and commit.id != current.id:
                yield current, sections
                sections = []
            current = commit
            sections.append([])
        elif token.strip():
            if not sections:
                raise SourceError(f"git's log starts with {token[:60]!r}, not a commit", reason="git-failed")
            sections[-1].append(_entry(token, tokens))
    if current is not None:
        yield current, sections


def _commit(token: bytes) -> Commit:
    fields = token[1:].decode("ascii").split()
    return Commit(fields[0], tuple(fields[2:]), int(fields[1]))


def parse_raw(output: bytes) -> Iterator[RawEntry]:
    """Read the output of `git diff-tree -r -z --raw`."""
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        if token:
            yield _entry(token, tokens)


def _entry(token: bytes, tokens: Iterator[bytes]) -> RawEntry:
    """Read one entry and take its paths off `tokens`; a path may look like anything, an entry may not."""
    fields = token.lstrip(b"\n").decode("ascii", "replace").split(" ")
    if len(fields) != 5 or not fields[0].startswith(":"):
        raise SourceError(f"git's raw format holds {token[:60]!r}, which is not an entry", reason="git-failed")
    old_mode, new_mode, old_blob, new_blob = fields[0][1:], *fields[1:4]
    status = fields[4][:1]
    old_path = decode_path(next(tokens))
    new_path = decode_path(next(tokens)) if status in "RC" else old_path
    # A copy takes nothing away from where it came from.
    old = (old_path, old_blob) if old_mode in _REGULAR and status != "C" else None
    new = (new_path, new_blob) if new_mode in _REGULAR else None
    return RawEntry(status, old, new)


def decode_path(path: bytes) -> str:
    """Decode a path of git's; bytes that are not UTF-8 survive as lone surrogates, one each."""
    return path.decode("utf-8", "surrogateescape")
