"""Run by Alembic: the connection is handed in by `checker.review.database`."""

from alembic import context

from checker.review.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
