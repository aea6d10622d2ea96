"""Apps may have keys; what was proved with a signature is remembered while it could be shown again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("auth_client", sa.Column("jwks", sa.JSON(), nullable=True))
    op.create_table(
        "auth_used_proof",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_auth_used_proof_expires_at"), "auth_used_proof", ["expires_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_auth_used_proof_expires_at"), table_name="auth_used_proof")
    op.drop_table("auth_used_proof")
    op.drop_column("auth_client", "jwks")
