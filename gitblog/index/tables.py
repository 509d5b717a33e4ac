"""The tables of the index. Whatever is in them can be dropped and comes back the same from git.

A row is of one of three kinds: git's own log, copied (`commit`, `change`); what hangs on a path, a pure function
of that path's history, the tip and the configuration (`document`, `address`, `link`, `tag`, `search`, `problem`,
`file`, `blob`); and the one row of the site. Whatever relates two files, or asks the clock, is a query, never a row.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

INDEX_VERSION = 2
"""The number of the newest revision in `migrations`: each version has tables of its own."""

POSTGRES_SCHEMA = f"gitblog_v{INDEX_VERSION}"

# Text is ordered by code point on both databases, so that ties are broken the same way everywhere.
CodePointText = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()

site = Table(
    "site",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", CodePointText, nullable=False),
    Column("branch", CodePointText, nullable=False),
    Column("files", Integer, nullable=False),
    Column("publication", CodePointText, nullable=False),
    Column("publications", Integer, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("log_fingerprint", CodePointText, nullable=False),
    Column("address_fingerprint", CodePointText, nullable=False),
    Column("render_fingerprint", CodePointText, nullable=False),
    Column("search_fingerprint", CodePointText, nullable=False),
    Column("configuration_blob", CodePointText, nullable=False),
    Column("configuration", CodePointText, nullable=False),
    Column("regimes", CodePointText, nullable=False),
)

commit = Table(
    "commit",
    metadata,
    Column("id", CodePointText, primary_key=True),
    Column("date", BigInteger, nullable=False),
    Column("order", CodePointText, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("commit", CodePointText, primary_key=True),
    Column("path", CodePointText, primary_key=True),
    Column("blob", CodePointText, primary_key=True),
    Column("old_path", CodePointText, primary_key=True),
    Column("old_blob", CodePointText, primary_key=True),
    Index("change_path", "path"),
    Index("change_old_path", "old_path"),
)

document = Table(
    "document",
    metadata,
    Column("path", CodePointText, primary_key=True),
    Column("kind", CodePointText, nullable=False),
    Column("lineage", CodePointText, nullable=False),
    Column("feed_name", CodePointText, nullable=False),
    Column("rank", CodePointText, nullable=False),
    Column("blob", CodePointText, nullable=False),
    Column("shown", CodePointText, nullable=False),
    Column("hold", CodePointText, nullable=False),
    Column("visible_from", BigInteger, nullable=False),
    Column("visible_until", BigInteger, nullable=False),
    Column("address", CodePointText, nullable=False),
    Column("bundle", CodePointText, nullable=False),
    Column("title", CodePointText, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("authors", CodePointText, nullable=False),
    Column("description", CodePointText, nullable=False),
    Column("image", CodePointText, nullable=False),
    Column("language", CodePointText, nullable=False),
    Column("canonical_url", CodePointText, nullable=False),
    Column("noindex", Boolean, nullable=False),
    Column("unlisted", Boolean, nullable=False),
    Column("html", CodePointText, nullable=False),
    Column("excerpt", CodePointText, nullable=False),
    Column("text", CodePointText, nullable=False),
    Column("outline", CodePointText, nullable=False),
    Column("word_count", Integer, nullable=False),
    Index("document_address", "address"),
    Index("document_published", "kind", "published", "path"),
    Index("document_visible_from", "visible_from"),
    Index("document_visible_until", "visible_until"),
    Index("document_bundle", "bundle"),
)

address = Table(
    "address",
    metadata,
    Column("address", CodePointText, primary_key=True),
    Column("kind", CodePointText, primary_key=True),
    Column("source", CodePointText, primary_key=True),
    Column("target", CodePointText, primary_key=True),
    Column("ended", CodePointText, nullable=False),
    Column("rank", CodePointText, nullable=False),
    Index("address_source", "source"),
)

link = Table(
    "link",
    metadata,
    Column("source", CodePointText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("target", CodePointText, nullable=False),
    Column("fragment", CodePointText, nullable=False),
    Column("line", Integer, nullable=False),
    Index("link_target", "target"),
)

tag = Table(
    "tag",
    metadata,
    Column("source", CodePointText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", CodePointText, nullable=False),
    Column("name", CodePointText, nullable=False),
    Column("slug", CodePointText, nullable=False),
    Index("tag_slug", "kind", "slug"),
)

# The terms of a text, each column one weight. The database's own full-text index is made of exactly these rows.
search = Table(
    "search",
    metadata,
    Column("path", CodePointText, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("title", CodePointText, nullable=False),
    Column("headings", CodePointText, nullable=False),
    Column("tags", CodePointText, nullable=False),
    Column("body", CodePointText, nullable=False),
    Index("search_number", "number", unique=True),
)

problem = Table(
    "problem",
    metadata,
    Column("source", CodePointText, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("stage", CodePointText, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column", Integer, nullable=False),
    Column("reason", CodePointText, nullable=False),
    Column("message", CodePointText, nullable=False),
    Column("hint", CodePointText, nullable=False),
    Column("severity", CodePointText, nullable=False),
)

file = Table(
    "file",
    metadata,
    Column("path", CodePointText, primary_key=True),
    Column("blob", CodePointText, nullable=False),
    Column("size", BigInteger, nullable=False),
    Index("file_blob", "blob"),
)

blob = Table(
    "blob",
    metadata,
    Column("id", CodePointText, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

sync_report = Table(
    "sync_report",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("report", CodePointText, nullable=False),
)

NOT_COMPARED: frozenset[str] = frozenset({"publication", "publications", "published_at"})
"""Columns of `site` that differ between two indexes of the same history."""

COMPARED_TABLES: tuple[Table, ...] = tuple(table for table in metadata.sorted_tables if table is not sync_report)
"""The tables in which an index grown push by push equals a fresh one, row for row."""
