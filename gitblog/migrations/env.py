"""Runs the revisions on the connection that `gitblog.index.schema` hands over."""

from alembic import context

options = context.config.attributes
context.configure(
    connection=options["connection"],
    target_metadata=options["metadata"],
    version_table_schema=options["schema"],
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
