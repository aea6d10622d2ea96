"""The log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "imports_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "imports_log",
        sa.Column("domain", sa.String(length=40), nullable=False),
        sa.Column("importer", sa.String(length=80), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_stored", sa.BigInteger(), nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain", "importer"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("imports_log")
