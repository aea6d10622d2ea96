"""Device authorizations (RFC 8628)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "auth_device_code",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_code", sa.String(length=8), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=400), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["auth_grant.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("user_code"),
    )
    op.create_index(op.f("ix_auth_device_code_expires_at"), "auth_device_code", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_auth_device_code_expires_at"), table_name="auth_device_code")
    op.drop_table("auth_device_code")
