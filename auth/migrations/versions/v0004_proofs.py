"""Codes and refresh tokens may be bound to a key (RFC 9449); keys that processes share."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("auth_code", sa.Column("jkt", sa.String(length=43), nullable=True))
    op.add_column("auth_refresh_token", sa.Column("jkt", sa.String(length=43), nullable=True))
    op.create_table(
        "auth_shared_key",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("hex", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("auth_shared_key")
    op.drop_column("auth_refresh_token", "jkt")
    op.drop_column("auth_code", "jkt")
