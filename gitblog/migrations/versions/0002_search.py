"""The second index version: the terms of each document, and the database's own full-text index over them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "2"
down_revision = "1"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
# Terms come with a blank between them, and nothing else is to be read into them: `ascii` takes every character
# beyond ASCII for a letter, whatever Unicode this SQLite knows.
_SQLITE_INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
    title, headings, tags, body, content = 'search', content_rowid = 'number', tokenize = 'ascii'
)
"""


def upgrade() -> None:
    """Make what index version 2 has beyond version 1; the tables are empty."""
    with op.batch_alter_table("site") as site:
        site.add_column(sa.Column("search_fingerprint", _TEXT, nullable=False))
    op.create_table(
        "search",
        sa.Column("path", _TEXT, primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("headings", _TEXT, nullable=False),
        sa.Column("tags", _TEXT, nullable=False),
        sa.Column("body", _TEXT, nullable=False),
    )
    op.create_index("search_number", "search", ["number"], unique=True)
    if op.get_bind().dialect.name != "postgresql":
        op.execute(_SQLITE_INDEX)
        return
    op.create_table(
        "search_index",
        sa.Column("path", _TEXT, primary_key=True),
        sa.Column("vector", TSVECTOR, nullable=False),
    )
    op.create_index("search_index_vector", "search_index", ["vector"], postgresql_using="gin")
