"""The Alembic environment of every domain; ``kit.migrations`` passes connection, models and version table."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    version_table=attributes["version_table"],
    include_name=attributes["include_name"],
    compare_type=True,
    compare_server_default=True,
    render_as_batch=False,
)
with context.begin_transaction():
    context.run_migrations()
