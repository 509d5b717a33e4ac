"""What a sync asks the index before it writes: the site as it was seen, and git's log of a few paths.

Each call is one short snapshot; nothing is held open while git is asked or a post is rendered. Should somebody
else publish meanwhile, the fence in `writer.publish` refuses what was computed from an older state.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, or_, select

from gitblog.index import codec, tables
from gitblog.index.database import Database
from gitblog.index.rows import PublishedSite, SiteRow
from gitblog.model import Change, Fingerprints, Heading, Link, OrderedCommit, Problem, RenderedDocument, Severity

# Below the number of parameters that either database takes in one statement.
_BATCH = 500


class Stored:
    """The index as a sync reads it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def site(self) -> PublishedSite | None:
        """Give the site's row, None before the first publication."""
        with self._database.reading() as connection:
            return read_site(connection)

    def commits(self, ids: Collection[str]) -> dict[str, OrderedCommit]:
        """Give those of the commits that are stored."""
        with self._database.reading() as connection:
            return {
                row.id: OrderedCommit(row.id, row.date, row.order)
                for row in _among(connection, tables.commit, "id", ids)
            }

    def commit_ids(self) -> frozenset[str]:
        """Give the ids of all stored commits."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(select(tables.commit.c.id)))

    def changes_of_commits(self, ids: Collection[str]) -> tuple[Change, ...]:
        """Give the stored changes of these commits."""
        with self._database.reading() as connection:
            return tuple(Change(*row) for row in _among(connection, tables.change, "commit", ids))

    def changes(self, paths: Collection[str]) -> frozenset[Change]:
        """Give the stored changes that name one of the paths on either side."""
        with self._database.reading() as connection:
            return frozenset(_changes(connection, paths))

    def blobs(self, paths: Collection[str] | None) -> dict[str, str]:
        """Give the tip's blob of each stored document and file among `paths` (None: of all)."""
        with self._database.reading() as connection:
            found: dict[str, str] = {}
            for table in (tables.document, tables.file):
                if paths is None:
                    rows: Iterable[Any] = connection.execute(select(table.c.path, table.c.blob))
                else:
                    rows = _among(connection, table, "path", paths, columns=("path", "blob"))
                found.update((row.path, row.blob) for row in rows)
            return found

    def bodies(self, paths: Collection[str]) -> dict[tuple[str, str], RenderedDocument]:
        """Give the stored bodies by (path, shown blob); whoever takes one over compares the render fingerprint."""
        with self._database.reading() as connection:
            links = _grouped(_among(connection, tables.link, "source", paths))
            problems = _grouped(_among(connection, tables.problem, "source", paths))
            return {
                (row.path, row.shown): _body(row, links.get(row.path, []), problems.get(row.path, []))
                for row in _among(connection, tables.document, "path", paths)
                if row.shown
            }


def read_site(connection: Connection) -> PublishedSite | None:
    """Read the site's row in a snapshot, None before the first publication."""
    row = connection.execute(select(tables.site)).one_or_none()
    if row is None:
        return None
    site = SiteRow(
        revision=row.revision,
        branch=row.branch,
        files=row.files,
        fingerprints=Fingerprints(
            row.log_fingerprint, row.address_fingerprint, row.render_fingerprint, row.search_fingerprint
        ),
        configuration_blob=row.configuration_blob,
        configuration=codec.load_configuration(row.configuration),
        regimes=codec.load_regimes(row.regimes),
    )
    return PublishedSite(site, row.publication, row.publications, row.published_at)


def batches(values: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    """Cut values into lists that fit into one statement."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def _changes(connection: Connection, paths: Collection[str]) -> Iterator[Change]:
    # Asked by path alone: SQLite scans the table where pairs are compared.
    for batch in batches(sorted(paths), _BATCH // 2):
        named = or_(tables.change.c.path.in_(batch), tables.change.c.old_path.in_(batch))
        for row in connection.execute(select(tables.change).where(named)):
            yield Change(*row)


def _among(
    connection: Connection, table: Table, column: str, values: Collection[str], columns: tuple[str, ...] = ()
) -> Iterator[Any]:
    wanted = [table.c[name] for name in columns] if columns else list(table.c)
    for batch in batches(sorted(values)):
        yield from connection.execute(select(*wanted).where(table.c[column].in_(batch)))


def _grouped(rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: (row.source, row.position)):
        groups.setdefault(row.source, []).append(row)
    return groups


def _body(row: Any, links: list[Any], problems: list[Any]) -> RenderedDocument:
    return RenderedDocument(
        html=row.html,
        excerpt=row.excerpt,
        text=row.text,
        outline=tuple[Heading, ...](codec.load_outline(row.outline)),
        links=tuple(Link(link.target, link.fragment, link.line) for link in links),
        word_count=row.word_count,
        problems=tuple(
            Problem(row.path, each.line, each.column, each.reason, each.message, each.hint, Severity(each.severity))
            for each in problems
            if each.stage == "render"
        ),
    )
