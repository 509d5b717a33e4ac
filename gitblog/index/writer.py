"""Publishing: one transaction that writes rows and the revision. A reader sees the old site or the new one.

Only rows that differ are written, so that publishing what is there already writes nothing but the site's row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, text, true

from gitblog.errors import FenceError
from gitblog.index import codec, tables, versions
from gitblog.index.database import Database
from gitblog.index.rows import PathRows, SiteRow, Update
from gitblog.index.stored import batches, read_site
from gitblog.index.terms import replace_terms, vectors
from gitblog.model import SyncReport

NOTIFY_CHANNEL = f"gitblog_published_v{tables.INDEX_VERSION}"
_REPORTS_KEPT = 50
# The tables of rows that hang on a path, each with the column that names the path.
_PATH_COLUMNS: Mapping[Table, str] = {
    tables.document: "path",
    tables.address: "source",
    tables.link: "source",
    tables.tag: "source",
    tables.search: "path",
    tables.problem: "source",
    tables.file: "path",
}
# Bytes of file data that one statement carries.
_BLOB_BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """What a publish did: the new publication, and the rows written or removed by table."""

    publication: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored row that is not what git says; `column` is "" where the whole row is missing or too much."""

    table: str
    key: str
    column: str


def missing_blobs(database: Database, ids: Collection[str]) -> frozenset[str]:
    """Give those of the blobs whose bytes the index does not hold yet."""
    with database.reading() as connection:
        held: set[str] = set()
        for batch in batches(sorted(ids)):
            held.update(connection.scalars(select(tables.blob.c.id).where(tables.blob.c.id.in_(batch))))
    return frozenset(ids) - held


def store_blobs(database: Database, blobs: Iterable[tuple[str, bytes]]) -> None:
    """Put file bytes in before the publish that names them, a batch a transaction; known ones are left alone."""
    batch: list[tuple[str, bytes]] = []
    size = 0
    for blob_id, data in blobs:
        batch.append((blob_id, data))
        size += len(data)
        if size >= _BLOB_BATCH_BYTES:
            _store_batch(database, batch)
            batch, size = [], 0
    _store_batch(database, batch)


def publish(database: Database, update: Update, *, seen: str, at: int) -> Published:
    """Write an update in one transaction, if the publication is still the one that its sync has `seen`.

    `seen` is "" before the first publication; `at` is the time in seconds since 1970.
    Raises `FenceError`, having written nothing, if somebody else published since, or if a file's bytes are
    missing because somebody else's publish dropped them; looking again mends both.
    """
    with database.writing() as connection:
        before = read_site(connection)
        if (before.publication if before else "") != seen:
            raise FenceError("another process published since this sync looked", reason="fence")
        counts = {table.name: _replace_paths(connection, table, update) for table in _PATH_COLUMNS}
        counts["commit"], counts["change"] = _write_log(connection, update)
        counts["site"] = int(before is None or before.site != update.site)
        _settle_blobs(connection)
        publication = secrets.token_hex(16)
        _write_site(connection, update.site, publication, before.publications + 1 if before else 1, at)
        if before is None:
            versions.show_posts(connection, is_postgres=database.is_postgres)
            if database.is_postgres:
                _count_values(connection)
        if database.is_postgres:
            connection.execute(text("SELECT pg_notify(:channel, :publication)"), _payload(publication))
    return Published(publication, counts)


def _count_values(connection: Connection) -> None:
    """Let PostgreSQL's planner know the new tables: before, a page of a large blog takes seconds.

    It would look by itself, but up to a minute later.
    """
    names = [f"{tables.POSTGRES_SCHEMA}.{table.name}" for table in (*tables.metadata.sorted_tables, vectors)]
    connection.execute(text(f"ANALYZE {', '.join(names)}"))


def record_report(database: Database, report: SyncReport) -> None:
    """Keep a sync's report, and forget those before the last fifty; one failure again and again is kept once."""
    with database.writing() as connection:
        last = connection.scalar(select(func.max(tables.sync_report.c.number))) or 0
        _forget_the_same_failure(connection, last, report)
        connection.execute(insert(tables.sync_report), [{"number": last + 1, "report": codec.dump_report(report)}])
        old = tables.sync_report.c.number <= last + 1 - _REPORTS_KEPT
        connection.execute(delete(tables.sync_report).where(old))


def confirm_report(database: Database, report: SyncReport) -> None:
    """Note in the last report when the repository was looked at again and nothing had changed.

    After a failure, and where there is no report yet, this look's own is kept: what was wrong is so no more.
    """
    with database.writing() as connection:
        number = tables.sync_report.c.number
        last = connection.scalar(select(func.max(number))) or 0
        before = _report_of(connection, last)
        if before is None or before.outcome == "failed":
            connection.execute(insert(tables.sync_report), [{"number": last + 1, "report": codec.dump_report(report)}])
        else:
            confirmed = codec.dump_report(replace(before, looked_at=report.started_at))
            connection.execute(tables.sync_report.update().where(number == last).values(report=confirmed))


def _report_of(connection: Connection, number: int) -> SyncReport | None:
    asked = select(tables.sync_report.c.report).where(tables.sync_report.c.number == number)
    text_of_report = connection.scalar(asked)
    return codec.load_report(text_of_report) if text_of_report is not None else None


def _forget_the_same_failure(connection: Connection, last: int, report: SyncReport) -> None:
    before = _report_of(connection, last)
    if before and report.outcome == before.outcome == "failed" and report.message == before.message:
        connection.execute(delete(tables.sync_report).where(tables.sync_report.c.number == last))


def differences(database: Database, update: Update) -> tuple[Difference, ...]:
    """Compare the whole stored index with a whole update (`scope` None), column by column; writes nothing."""
    with database.reading() as connection:
        found: list[Difference] = []
        for table in tables.COMPARED_TABLES:
            if table is tables.blob:
                found.extend(_blob_differences(connection, update.rows))
            else:
                found.extend(_table_differences(connection, table, update))
    return tuple(found)


def _payload(publication: str) -> dict[str, str]:
    return {"channel": NOTIFY_CHANNEL, "publication": publication}


def _store_batch(database: Database, batch: list[tuple[str, bytes]]) -> None:
    if not batch:
        return
    with database.writing() as connection:
        ids = [blob_id for blob_id, _ in batch]
        held = set(connection.scalars(select(tables.blob.c.id).where(tables.blob.c.id.in_(ids))))
        new = {blob_id: data for blob_id, data in batch if blob_id not in held}
        if new:
            connection.execute(insert(tables.blob), [{"id": key, "data": data} for key, data in new.items()])


def _replace_paths(connection: Connection, table: Table, update: Update) -> int:
    """Make the rows of the paths in scope the ones computed; give the number of rows that differed."""
    stored: set[tuple[Any, ...]] = set()
    for condition in _scope(table.c[_PATH_COLUMNS[table]], update.scope):
        stored.update(tuple(row) for row in connection.execute(select(table).where(condition)))
    return _apply(connection, table, stored, set(_computed(table, update)))


def _scope(column: Any, scope: frozenset[str] | None) -> Iterator[Any]:
    if scope is None:
        yield true()
    else:
        yield from (column.in_(batch) for batch in batches(sorted(scope)))


def _write_log(connection: Connection, update: Update) -> tuple[int, int]:
    """Copy git's log: the whole of it where every path is in scope, else what is new and what is gone."""
    commits, changes = set(_computed(tables.commit, update)), set(_computed(tables.change, update))
    if update.scope is None:
        stored_commits = {tuple(row) for row in connection.execute(select(tables.commit))}
        stored_changes = {tuple(row) for row in connection.execute(select(tables.change))}
    else:
        stored_commits = stored_changes = set()
        for batch in batches(sorted(update.removed_commits)):
            connection.execute(delete(tables.commit).where(tables.commit.c.id.in_(batch)))
            connection.execute(delete(tables.change).where(tables.change.c.commit.in_(batch)))
    return (
        _apply(connection, tables.commit, stored_commits, commits),
        _apply(connection, tables.change, stored_changes, changes),
    )


def _apply(connection: Connection, table: Table, stored: set[tuple[Any, ...]], computed: set[tuple[Any, ...]]) -> int:
    """Remove the stored rows that were not computed, and add the computed ones that were not stored."""
    key = [column.name for column in table.primary_key]
    names = [column.name for column in table.c]
    gone, new = stored - computed, computed - stored
    if table is tables.search:
        replace_terms(connection, gone, sorted(new))
    for batch in batches(gone, 200):
        keys = [{f"_{name}": row[names.index(name)] for name in key} for row in batch]
        matches = and_(*(table.c[name] == bindparam(f"_{name}") for name in key))
        connection.execute(delete(table).where(matches), keys)
    for batch in batches(sorted(new), 200):
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in batch])
    return len({tuple(row[names.index(name)] for name in key) for row in gone | new})


def _computed(table: Table, update: Update) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table as an update holds them, in the order of its columns."""
    values: Mapping[Table, Iterable[Any]] = {
        tables.commit: update.commits,
        tables.change: update.changes,
        tables.document: update.rows.documents,
        tables.address: update.rows.addresses,
        tables.link: update.rows.links,
        tables.tag: update.rows.tags,
        tables.search: update.rows.searches,
        tables.problem: update.rows.problems,
        tables.file: update.rows.files,
    }
    names = [column.name for column in table.c]
    for value in values[table]:
        yield tuple(getattr(value, name) for name in names)


def _settle_blobs(connection: Connection) -> None:
    """Drop the bytes that no file names any more, and make sure that the others are there."""
    named = select(tables.file.c.blob)
    connection.execute(delete(tables.blob).where(tables.blob.c.id.not_in(named)))
    absent = select(tables.file.c.blob).where(tables.file.c.blob.not_in(select(tables.blob.c.id))).limit(1)
    if (blob_id := connection.scalar(absent)) is not None:
        raise FenceError(f"the bytes of blob {blob_id} were dropped by another publish", reason="fence")


def _write_site(connection: Connection, site: SiteRow, publication: str, publications: int, at: int) -> None:
    row = {"id": 1, "publication": publication, "publications": publications, "published_at": at}
    connection.execute(delete(tables.site))
    connection.execute(insert(tables.site), [{**row, **_site_columns(site)}])


def _site_columns(site: SiteRow) -> dict[str, str | int]:
    return {
        "revision": site.revision,
        "branch": site.branch,
        "files": site.files,
        "log_fingerprint": site.fingerprints.log,
        "address_fingerprint": site.fingerprints.address,
        "render_fingerprint": site.fingerprints.render,
        "search_fingerprint": site.fingerprints.search,
        "configuration_blob": site.configuration_blob,
        "configuration": codec.dump_configuration(site.configuration),
        "regimes": codec.dump_regimes(site.regimes),
    }


def _table_differences(connection: Connection, table: Table, update: Update) -> Iterator[Difference]:
    names = [column.name for column in table.c if column.name not in tables.NOT_COMPARED]
    if table is tables.site:
        computed = [{"id": 1, **_site_columns(update.site)}]
    else:
        computed = [dict(zip(names, row, strict=True)) for row in _computed(table, update)]
    stored = [dict(row._mapping) for row in connection.execute(select(*(table.c[name] for name in names)))]
    key = [column.name for column in table.primary_key]
    yield from _compare(table.name, key, _by_key(key, stored), _by_key(key, computed))


def _blob_differences(connection: Connection, rows: PathRows) -> Iterator[Difference]:
    """Compare file bytes by their git id: a blob's id is the hash of its bytes."""
    named = {row.blob for row in rows.files}
    stored = set(connection.scalars(select(tables.blob.c.id)))
    yield from (Difference("blob", blob_id, "") for blob_id in sorted(named ^ stored))
    for blob_id in sorted(named & stored):
        data = connection.scalar(select(tables.blob.c.data).where(tables.blob.c.id == blob_id))
        if git_blob_id(bytes(data or b""), blob_id) != blob_id:
            yield Difference("blob", blob_id, "data")


def git_blob_id(data: bytes, like: str) -> str:
    """Hash bytes as git does, by SHA-1 or, where `like` is that long, SHA-256."""
    algorithm = "sha1" if len(like) == 40 else "sha256"
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _by_key(key: list[str], rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {codec.dump([row[name] for name in key]): row for row in rows}


def _compare(
    table: str, key: list[str], stored: Mapping[str, dict[str, Any]], computed: Mapping[str, dict[str, Any]]
) -> Iterator[Difference]:
    for each in sorted(stored.keys() | computed.keys()):
        if each not in stored or each not in computed:
            yield Difference(table, each, "")
            continue
        for name, value in computed[each].items():
            if name not in key and stored[each][name] != value:
                yield Difference(table, each, name)
