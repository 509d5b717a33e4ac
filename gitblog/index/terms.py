"""The database's own full-text index: FTS5 on SQLite, a `tsvector` under GIN on PostgreSQL.

It is made of the rows of `search` and changed with them, in the same transaction. Both get finished terms and make
none themselves: no dictionary, parser or locale of a database decides what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

from sqlalchemy import Column, Connection, MetaData, Table, Text, bindparam, cast, delete, insert, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from gitblog.index import tables
from gitblog.index.stored import batches

PARTS: Final = ("title", "headings", "tags", "body")
"""The columns of `search` that hold terms, from great weight to small."""
# Outside the metadata of `tables`: what it holds follows from `search`, and SQLite has another kind of table there.
vectors: Final = Table("search_index", MetaData(), Column("path", Text, primary_key=True), Column("vector", TSVECTOR))

# postgresql.org/docs/current/textsearch-limitations.html: later places and further ones of a term are not kept.
_LAST_PLACE = 16_383
_PLACES_OF_A_TERM = 255
_ROWS = 200
_FORGET = text(
    "INSERT INTO search_index (search_index, rowid, title, headings, tags, body) "
    "VALUES ('delete', :number, :title, :headings, :tags, :body)"
)
_ADD = text(
    "INSERT INTO search_index (rowid, title, headings, tags, body) VALUES (:number, :title, :headings, :tags, :body)"
)


def replace_terms(connection: Connection, gone: Iterable[tuple[Any, ...]], new: Iterable[tuple[Any, ...]]) -> None:
    """Follow the rows of `search` that were removed, exactly as they were, and those that were added."""
    names = [column.name for column in tables.search.c]
    for batch in batches(gone, _ROWS):
        rows = [dict(zip(names, row, strict=True)) for row in batch]
        if connection.dialect.name == "postgresql":
            paths = [row["path"] for row in rows]
            connection.execute(delete(vectors).where(vectors.c.path.in_(paths)))
        else:
            connection.execute(_FORGET, rows)
    for batch in batches(new, _ROWS):
        rows = [dict(zip(names, row, strict=True)) for row in batch]
        if connection.dialect.name == "postgresql":
            adding = insert(vectors).values(
                path=bindparam("path"), vector=cast(bindparam("terms", type_=Text), TSVECTOR)
            )
            connection.execute(adding, [{"path": row["path"], "terms": vector_text(row)} for row in rows])
        else:
            connection.execute(_ADD, rows)


def lexeme(term: str) -> str:
    """Quote a term as PostgreSQL's text of vectors and questions has it."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def vector_text(row: Mapping[str, Any]) -> str:
    """Give the text of the vector of a row of `search`: each term with its places and their weight (A to D)."""
    found: dict[str, list[str]] = {}
    numbers = count(1)
    for part, weight in zip(PARTS, "ABCD", strict=True):
        for term in row[part].split():
            places = found.setdefault(term, [])
            place = min(next(numbers), _LAST_PLACE)
            if len(places) < _PLACES_OF_A_TERM:
                places.append(f"{place}{weight}")
    return " ".join(f"{lexeme(term)}:{','.join(places)}" for term, places in found.items())
