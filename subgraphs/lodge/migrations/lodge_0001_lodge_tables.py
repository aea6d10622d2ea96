"""Lodge tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "lodge_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "lodge_idempotency",
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "client_id", "key"),
    )
    op.create_index(op.f("ix_lodge_idempotency_created_ms"), "lodge_idempotency", ["created_ms"], unique=False)
    op.create_table(
        "lodge_lodge",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name_ko", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=True),
        sa.Column("name_en_official", sa.Boolean(), nullable=False),
        sa.Column("operator", sa.String(length=20), nullable=False),
        sa.Column("region_ko", sa.String(length=40), nullable=False),
        sa.Column("district_ko", sa.String(length=40), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("address_ko", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("open_rule_ko", sa.String(length=100), nullable=False),
        sa.Column("weekend_lottery", sa.Boolean(), nullable=False),
        sa.Column("runs_own_lottery", sa.Boolean(), nullable=False),
        sa.Column("closed_weekdays", sa.String(length=7), nullable=False),
        sa.Column("closed_source", sa.String(length=20), nullable=False),
        sa.Column("fee_policy", sa.String(length=20), nullable=False),
        sa.Column("check_in_hour", sa.Integer(), nullable=False),
        sa.Column("check_out_hour", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lodge_lodge_region_ko"), "lodge_lodge", ["region_ko"], unique=False)
    op.create_table(
        "lodge_room",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("lodge_id", sa.String(length=40), nullable=False),
        sa.Column("name_ko", sa.String(length=100), nullable=False),
        sa.Column("category_ko", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("area_m2", sa.Float(), nullable=True),
        sa.Column("off_weekday_krw", sa.Integer(), nullable=True),
        sa.Column("off_weekend_krw", sa.Integer(), nullable=True),
        sa.Column("peak_weekday_krw", sa.Integer(), nullable=True),
        sa.Column("peak_weekend_krw", sa.Integer(), nullable=True),
        sa.Column("price_source", sa.String(length=20), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lodge_id"],
            ["lodge_lodge.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lodge_room_lodge_id"), "lodge_room", ["lodge_id"], unique=False)
    op.create_table(
        "lodge_vacancy",
        sa.Column("lodge_id", sa.String(length=40), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("observed_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vacant_lodging", sa.Integer(), nullable=False),
        sa.Column("vacant_camping", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lodge_id"],
            ["lodge_lodge.id"],
        ),
        sa.PrimaryKeyConstraint("lodge_id", "night", "observed_ms"),
    )
    op.create_table(
        "lodge_stay",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=60), nullable=False),
        sa.Column("lodge_id", sa.String(length=40), nullable=False),
        sa.Column("first_night", sa.Date(), nullable=False),
        sa.Column("nights", sa.Integer(), nullable=False),
        sa.Column("guests", sa.Integer(), nullable=False),
        sa.Column("amount_krw", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("held_ms", sa.BigInteger(), nullable=False),
        sa.Column("pay_by_ms", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_ms", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_ms", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.String(length=100), nullable=True),
        sa.Column("fee_krw", sa.Integer(), nullable=True),
        sa.Column("refund_krw", sa.Integer(), nullable=True),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["lodge_room.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_lodge_stay_due", "lodge_stay", ["state", "pay_by_ms"], unique=False)
    op.create_index("ix_lodge_stay_owner", "lodge_stay", ["subject", "client_id", "held_ms"], unique=False)
    op.create_index("ix_lodge_stay_unsettled", "lodge_stay", ["unsettled"], unique=False)
    op.create_table(
        "lodge_room_night",
        sa.Column("room_id", sa.String(length=60), nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("lodge_id", sa.String(length=40), nullable=False),
        sa.Column("stay_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"],
            ["lodge_room.id"],
        ),
        sa.ForeignKeyConstraint(
            ["stay_id"],
            ["lodge_stay.id"],
        ),
        sa.PrimaryKeyConstraint("room_id", "night"),
        sa.UniqueConstraint("subject", "night", "slot", name="uq_lodge_room_night_slot"),
    )
    op.create_index(op.f("ix_lodge_room_night_held_until_ms"), "lodge_room_night", ["held_until_ms"], unique=False)
    op.create_index("ix_lodge_room_night_lodge", "lodge_room_night", ["lodge_id", "night"], unique=False)
    op.create_index(op.f("ix_lodge_room_night_stay_id"), "lodge_room_night", ["stay_id"], unique=False)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(op.f("ix_lodge_room_night_stay_id"), table_name="lodge_room_night")
    op.drop_index("ix_lodge_room_night_lodge", table_name="lodge_room_night")
    op.drop_index(op.f("ix_lodge_room_night_held_until_ms"), table_name="lodge_room_night")
    op.drop_table("lodge_room_night")
    op.drop_index("ix_lodge_stay_unsettled", table_name="lodge_stay")
    op.drop_index("ix_lodge_stay_owner", table_name="lodge_stay")
    op.drop_index("ix_lodge_stay_due", table_name="lodge_stay")
    op.drop_table("lodge_stay")
    op.drop_table("lodge_vacancy")
    op.drop_index(op.f("ix_lodge_room_lodge_id"), table_name="lodge_room")
    op.drop_table("lodge_room")
    op.drop_index(op.f("ix_lodge_lodge_region_ko"), table_name="lodge_lodge")
    op.drop_table("lodge_lodge")
    op.drop_index(op.f("ix_lodge_idempotency_created_ms"), table_name="lodge_idempotency")
    op.drop_table("lodge_idempotency")
