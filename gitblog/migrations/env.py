"""Runs the revisions on the connection that `gitblog.index.schema` hands over."""

from alembic import context

options = context.config.attributes
context.configure(
    connection=options["connection"],
    target_metadata=options["metadata"],
    version_table_schema=options["schema"],
    compare_type=True,
    # Alembic's own table stands among ours, and is in nobody's metadata; nor is the database's own full-text index.
    include_name=lambda name, kind, parents: (
        kind != "table" or not str(name).startswith(("alembic_version", "search_index"))
    ),
)
with context.begin_transaction():
    context.run_migrations()
