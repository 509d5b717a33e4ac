"""Everything that is wrong: what one file says by itself is stored; what relates two files is asked here."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, select

from gitblog.index import tables
from gitblog.index.resolution import addresses_of, is_visible
from gitblog.model import UNUSABLE, Problem, Severity

_document = tables.document.c
# Comparing one link with a few hundred paths takes milliseconds, with every path of a large site minutes.
_COMPARED = 500


def all_problems(connection: Connection, base: str, now: int) -> tuple[Problem, ...]:
    """Give every problem at `now`, by path and line."""
    found = [*_stored(connection), *_shadowed(connection, now), *_dead_links(connection, base, now)]
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.column, each.reason, each.message)))


def as_problem(row: Any) -> Problem:
    """Give the problem that a row holds, stored or computed a moment ago."""
    path, severity = row.source.partition(UNUSABLE)[0], Severity(row.severity)
    return Problem(path, row.line, row.column, row.reason, row.message, row.hint, severity)


def _stored(connection: Connection) -> Iterator[Problem]:
    yield from map(as_problem, connection.execute(select(tables.problem)))


def _shadowed(connection: Connection, now: int) -> Iterator[Problem]:
    """Name both files of an address that two visible documents claim."""
    asked = select(_document.path, _document.address).where(is_visible(tables.document, now))
    holders: dict[str, str] = {}
    for row in connection.execute(asked.order_by(_document.rank)):
        holder = holders.setdefault(row.address, row.path)
        if holder != row.path:
            message = f"{row.address} belongs to {holder}, which is older; this file is not shown"
            yield Problem(row.path, 0, 0, "shadowed", message, "give one of the two another slug or permalink")


def _dead_links(connection: Connection, base: str, now: int) -> Iterator[Problem]:
    """Warn of references in visible documents to paths at which nothing can be shown now."""
    asked = (
        select(tables.link)
        .join(tables.document, _document.path == tables.link.c.source)
        .where(is_visible(tables.document, now))
    )
    links = connection.execute(asked).all()
    paths = {row.target for row in links if not row.target.startswith("/")}
    living = addresses_of(connection, paths, base, now)
    dead = [row for row in links if row.target in paths and row.target not in living]
    if dead:
        known = _Known(connection)
        yield from (_dead(row, known) for row in dead)


class _Known:
    """The paths of the site, as a dead link is compared with them: those of its folder, and those of its name."""

    def __init__(self, connection: Connection) -> None:
        self.paths = {*connection.scalars(select(_document.path)), *connection.scalars(select(tables.file.c.path))}
        self._in_folder: dict[str, list[str]] = {}
        self._of_name: dict[str, list[str]] = {}
        for path in sorted(self.paths):
            folder, _, name = path.rpartition("/")
            self._in_folder.setdefault(folder, []).append(path)
            self._of_name.setdefault(name.lower(), []).append(path)

    def nearest(self, target: str) -> str | None:
        """Give the likeliest path that was meant: of the same name elsewhere, else a like one in the same folder."""
        folder, _, name = target.rpartition("/")
        of_name = self._of_name.get(name.lower(), [])
        extension = PurePosixPath(name).suffix
        beside = [path for path in self._in_folder.get(folder, ()) if PurePosixPath(path).suffix == extension]
        like = difflib.get_close_matches(target, of_name or beside[:_COMPARED], n=1, cutoff=0 if of_name else 0.6)
        return like[0] if like else None


def _dead(row: Any, known: _Known) -> Problem:
    if row.target in known.paths:
        hint = "it exists but is held back; the link works when it is published"
    else:
        nearest = known.nearest(row.target)
        hint = f"did you mean {nearest}?" if nearest else "mend the link, or add the file"
    message = f"the link to {row.target} leads nowhere"
    return Problem(row.source, row.line, 0, "dead-link", message, hint, Severity.WARNING)
