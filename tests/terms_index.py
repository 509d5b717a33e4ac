"""The database's own full-text index beside the rows that it is made of."""

from __future__ import annotations

from sqlalchemy import Text, bindparam, cast, select, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from gitblog.index.database import Database
from gitblog.index.tables import search
from gitblog.index.terms import vector_text, vectors


def assert_terms_follow(database: Database) -> None:
    """Assert that the index finds each row of `search` by its terms, and nothing else."""
    if not database.is_postgres:
        with database.writing() as connection:
            # sqlite.org/fts5.html: compares with the content table, and fails where they differ.
            connection.execute(text("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)"))
        return
    with database.reading() as connection:
        rows = {row.path: row._asdict() for row in connection.execute(select(search))}
        assert set(connection.scalars(select(vectors.c.path))) == rows.keys()
        equal = vectors.c.vector == cast(bindparam("terms", type_=Text), TSVECTOR)
        for path, row in rows.items():
            asked = select(equal.label("equal")).where(vectors.c.path == path)
            assert connection.execute(asked, {"terms": vector_text(row)}).scalar_one(), path
