"""A code remembers the nonce of its request, for the ID token."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("auth_code", sa.Column("nonce", sa.String(length=255), nullable=True))


def downgrade() -> None:
    op.drop_column("auth_code", "nonce")
