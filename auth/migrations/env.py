"""Alembic's entry: runs on the connection `auth.migrations.migrate` hands over."""

from alembic import context

from auth.migrations import VERSION_TABLE
from auth.models import AuthTable

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=AuthTable.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
