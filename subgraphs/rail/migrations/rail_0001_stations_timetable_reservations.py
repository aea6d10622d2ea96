"""Stations, timetable, reservations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "rail_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "rail_brand",
        sa.Column("corridor", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("brand", sa.String(length=16), nullable=False),
        sa.Column("operator_id", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("corridor", "valid_from"),
    )
    op.create_table(
        "rail_idempotency",
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "client_id", "key"),
    )
    op.create_index(op.f("ix_rail_idempotency_created_ms"), "rail_idempotency", ["created_ms"], unique=False)
    op.create_table(
        "rail_operator",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name_ko", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=64), nullable=False),
        sa.Column("hold_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("close_minutes", sa.SmallInteger(), nullable=False),
        sa.Column("max_passengers", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rail_reservation",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("train_number", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("origin_id", sa.String(length=64), nullable=False),
        sa.Column("destination_id", sa.String(length=64), nullable=False),
        sa.Column("departs_ms", sa.BigInteger(), nullable=False),
        sa.Column("arrives_ms", sa.BigInteger(), nullable=False),
        sa.Column("seat_class", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("pay_by_ms", sa.BigInteger(), nullable=False),
        sa.Column("total_krw", sa.BigInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("ticketed_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.String(length=40), nullable=True),
        sa.Column("fee_krw", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rail_reservation_settled"), "rail_reservation", ["settled"], unique=False)
    op.create_index("rail_reservation_open", "rail_reservation", ["state", "pay_by_ms"], unique=False)
    op.create_index(
        "rail_reservation_owner", "rail_reservation", ["subject", "client_id", "created_ms", "id"], unique=False
    )
    op.create_table(
        "rail_route",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name_ko", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=64), nullable=False),
        sa.Column("corridor", sa.String(length=16), nullable=False),
        sa.Column("discount_percent", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rail_station",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name_ko", sa.String(length=64), nullable=False),
        sa.Column("name_en", sa.String(length=64), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("korail_code", sa.String(length=8), nullable=True),
        sa.Column("tago_node_id", sa.String(length=16), nullable=True),
        sa.Column("is_ktx", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rail_station_korail_code"), "rail_station", ["korail_code"], unique=False)
    op.create_table(
        "rail_distance",
        sa.Column("station_a", sa.String(length=64), nullable=False),
        sa.Column("station_b", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_a"],
            ["rail_station.id"],
        ),
        sa.ForeignKeyConstraint(
            ["station_b"],
            ["rail_station.id"],
        ),
        sa.PrimaryKeyConstraint("station_a", "station_b", "kind"),
    )
    op.create_table(
        "rail_fare",
        sa.Column("station_a", sa.String(length=64), nullable=False),
        sa.Column("station_b", sa.String(length=64), nullable=False),
        sa.Column("standard_krw", sa.BigInteger(), nullable=False),
        sa.Column("first_krw", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["station_a"],
            ["rail_station.id"],
        ),
        sa.ForeignKeyConstraint(
            ["station_b"],
            ["rail_station.id"],
        ),
        sa.PrimaryKeyConstraint("station_a", "station_b"),
    )
    op.create_table(
        "rail_route_stop",
        sa.Column("route_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("station_id", sa.String(length=64), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["rail_route.id"],
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["rail_station.id"],
        ),
        sa.PrimaryKeyConstraint("route_id", "position"),
    )
    op.create_index(op.f("ix_rail_route_stop_station_id"), "rail_route_stop", ["station_id"], unique=False)
    op.create_table(
        "rail_seat_leg",
        sa.Column("train_number", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("car", sa.SmallInteger(), nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=False),
        sa.Column("leg", sa.SmallInteger(), nullable=False),
        sa.Column("reservation_id", sa.String(length=40), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["rail_reservation.id"],
        ),
        sa.PrimaryKeyConstraint("train_number", "day", "car", "seat", "leg"),
        sqlite_with_rowid=False,
    )
    op.create_index("rail_seat_leg_reservation", "rail_seat_leg", ["reservation_id"], unique=False)
    op.create_table(
        "rail_ticket",
        sa.Column("reservation_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("passenger", sa.String(length=24), nullable=False),
        sa.Column("car", sa.SmallInteger(), nullable=True),
        sa.Column("seat", sa.SmallInteger(), nullable=True),
        sa.Column("fare_krw", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["rail_reservation.id"],
        ),
        sa.PrimaryKeyConstraint("reservation_id", "position"),
    )
    op.create_table(
        "rail_train",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("route_id", sa.String(length=64), nullable=False),
        sa.Column("reverse", sa.Boolean(), nullable=False),
        sa.Column("from_station_id", sa.String(length=64), nullable=False),
        sa.Column("to_station_id", sa.String(length=64), nullable=False),
        sa.Column("departs_minute", sa.SmallInteger(), nullable=False),
        sa.Column("arrives_minute", sa.SmallInteger(), nullable=False),
        sa.Column("rolling_stock", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["from_station_id"],
            ["rail_station.id"],
        ),
        sa.ForeignKeyConstraint(
            ["route_id"],
            ["rail_route.id"],
        ),
        sa.ForeignKeyConstraint(
            ["to_station_id"],
            ["rail_station.id"],
        ),
        sa.PrimaryKeyConstraint("number"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("rail_train")
    op.drop_table("rail_ticket")
    op.drop_index("rail_seat_leg_reservation", table_name="rail_seat_leg")
    op.drop_table("rail_seat_leg")
    op.drop_index(op.f("ix_rail_route_stop_station_id"), table_name="rail_route_stop")
    op.drop_table("rail_route_stop")
    op.drop_table("rail_fare")
    op.drop_table("rail_distance")
    op.drop_index(op.f("ix_rail_station_korail_code"), table_name="rail_station")
    op.drop_table("rail_station")
    op.drop_table("rail_route")
    op.drop_index("rail_reservation_owner", table_name="rail_reservation")
    op.drop_index("rail_reservation_open", table_name="rail_reservation")
    op.drop_index(op.f("ix_rail_reservation_settled"), table_name="rail_reservation")
    op.drop_table("rail_reservation")
    op.drop_table("rail_operator")
    op.drop_index(op.f("ix_rail_idempotency_created_ms"), table_name="rail_idempotency")
    op.drop_table("rail_idempotency")
    op.drop_table("rail_brand")
