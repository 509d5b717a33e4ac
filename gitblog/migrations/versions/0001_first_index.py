"""The first index version: every table, empty. The sync fills them from git."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables of index version 1."""
    op.create_table(
        "site",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("revision", _TEXT, nullable=False),
        sa.Column("branch", _TEXT, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("publication", _TEXT, nullable=False),
        sa.Column("publications", sa.Integer, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("log_fingerprint", _TEXT, nullable=False),
        sa.Column("address_fingerprint", _TEXT, nullable=False),
        sa.Column("render_fingerprint", _TEXT, nullable=False),
        sa.Column("configuration_blob", _TEXT, nullable=False),
        sa.Column("configuration", _TEXT, nullable=False),
        sa.Column("regimes", _TEXT, nullable=False),
    )
    op.create_table(
        "commit",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("date", sa.BigInteger, nullable=False),
        sa.Column("order", _TEXT, nullable=False),
    )
    op.create_table(
        "change",
        sa.Column("commit", _TEXT, primary_key=True),
        sa.Column("path", _TEXT, primary_key=True),
        sa.Column("blob", _TEXT, primary_key=True),
        sa.Column("old_path", _TEXT, primary_key=True),
        sa.Column("old_blob", _TEXT, primary_key=True),
    )
    op.create_table(
        "document",
        sa.Column("path", _TEXT, primary_key=True),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("lineage", _TEXT, nullable=False),
        sa.Column("feed_name", _TEXT, nullable=False),
        sa.Column("rank", _TEXT, nullable=False),
        sa.Column("blob", _TEXT, nullable=False),
        sa.Column("shown", _TEXT, nullable=False),
        sa.Column("hold", _TEXT, nullable=False),
        sa.Column("visible_from", sa.BigInteger, nullable=False),
        sa.Column("visible_until", sa.BigInteger, nullable=False),
        sa.Column("address", _TEXT, nullable=False),
        sa.Column("bundle", _TEXT, nullable=False),
        sa.Column("title", _TEXT, nullable=False),
        sa.Column("published", sa.BigInteger, nullable=False),
        sa.Column("updated", sa.BigInteger, nullable=False),
        sa.Column("authors", _TEXT, nullable=False),
        sa.Column("description", _TEXT, nullable=False),
        sa.Column("image", _TEXT, nullable=False),
        sa.Column("language", _TEXT, nullable=False),
        sa.Column("canonical_url", _TEXT, nullable=False),
        sa.Column("noindex", sa.Boolean, nullable=False),
        sa.Column("unlisted", sa.Boolean, nullable=False),
        sa.Column("html", _TEXT, nullable=False),
        sa.Column("excerpt", _TEXT, nullable=False),
        sa.Column("text", _TEXT, nullable=False),
        sa.Column("outline", _TEXT, nullable=False),
        sa.Column("word_count", sa.Integer, nullable=False),
    )
    op.create_table(
        "address",
        sa.Column("address", _TEXT, primary_key=True),
        sa.Column("kind", _TEXT, primary_key=True),
        sa.Column("source", _TEXT, primary_key=True),
        sa.Column("target", _TEXT, primary_key=True),
        sa.Column("ended", _TEXT, nullable=False),
        sa.Column("rank", _TEXT, nullable=False),
    )
    op.create_table(
        "link",
        sa.Column("source", _TEXT, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("fragment", _TEXT, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
    )
    op.create_table(
        "tag",
        sa.Column("source", _TEXT, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("slug", _TEXT, nullable=False),
    )
    op.create_table(
        "problem",
        sa.Column("source", _TEXT, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("stage", _TEXT, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("column", sa.Integer, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("message", _TEXT, nullable=False),
        sa.Column("hint", _TEXT, nullable=False),
        sa.Column("severity", _TEXT, nullable=False),
    )
    op.create_table(
        "file",
        sa.Column("path", _TEXT, primary_key=True),
        sa.Column("blob", _TEXT, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "blob",
        sa.Column("id", _TEXT, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "sync_report",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("report", _TEXT, nullable=False),
    )
    op.create_index("change_path", "change", ["path"])
    op.create_index("change_old_path", "change", ["old_path"])
    op.create_index("document_address", "document", ["address"])
    op.create_index("document_published", "document", ["kind", "published", "path"])
    op.create_index("document_visible_from", "document", ["visible_from"])
    op.create_index("document_visible_until", "document", ["visible_until"])
    op.create_index("document_bundle", "document", ["bundle"])
    op.create_index("address_source", "address", ["source"])
    op.create_index("link_target", "link", ["target"])
    op.create_index("tag_slug", "tag", ["kind", "slug"])
    op.create_index("file_blob", "file", ["blob"])
