"""Pushed authorization requests (RFC 9126)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_pushed_request",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("pushed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_auth_pushed_request_expires_at"), "auth_pushed_request", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_auth_pushed_request_expires_at"), table_name="auth_pushed_request")
    op.drop_table("auth_pushed_request")
