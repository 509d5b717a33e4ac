"""Runs the revisions on the connection that `gitblog.index.schema` hands over."""

from alembic import context

options = context.config.attributes
context.configure(
    connection=options["connection"],
    target_metadata=options["metadata"],
    version_table_schema=options["schema"],
    compare_type=True,
    # Alembic's own table stands among ours, and is in nobody's metadata.
    include_name=lambda name, kind, parents: not (kind == "table" and name == "alembic_version"),
)
with context.begin_transaction():
    context.run_migrations()
