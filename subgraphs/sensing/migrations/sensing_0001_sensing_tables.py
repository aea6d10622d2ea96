"""Sensing tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sensing_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "sensing_region",
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("sido_ko", sa.String(length=20), nullable=False),
        sa.Column("name_ko", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=True),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_table(
        "sensing_station",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("name_ko", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=60), nullable=False),
        sa.Column("sido_ko", sa.String(length=20), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sido_ko", "name_ko", name="uq_sensing_station_name"),
    )
    op.create_table(
        "sensing_daily",
        sa.Column("station_id", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pm10", sa.Float(), nullable=True),
        sa.Column("pm25", sa.Float(), nullable=True),
        sa.Column("o3", sa.Float(), nullable=True),
        sa.Column("no2", sa.Float(), nullable=True),
        sa.Column("co", sa.Float(), nullable=True),
        sa.Column("so2", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["sensing_station.id"],
        ),
        sa.PrimaryKeyConstraint("station_id", "day"),
    )
    op.create_table(
        "sensing_hourly",
        sa.Column("station_id", sa.String(length=60), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("pm10", sa.Float(), nullable=True),
        sa.Column("pm25", sa.Float(), nullable=True),
        sa.Column("o3", sa.Float(), nullable=True),
        sa.Column("no2", sa.Float(), nullable=True),
        sa.Column("co", sa.Float(), nullable=True),
        sa.Column("so2", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["sensing_station.id"],
        ),
        sa.PrimaryKeyConstraint("station_id", "at_ms"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("sensing_hourly")
    op.drop_table("sensing_daily")
    op.drop_table("sensing_station")
    op.drop_table("sensing_region")
