"""The product's own facts: the CSV files under ``facts/``, each row with its source."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.database import Database
from subgraphs.kit.importing import read_csv
from subgraphs.kit.time import Clock
from subgraphs.rail.models import (
    BrandRow,
    FareRow,
    OperatorRow,
    RouteRow,
    RouteStopRow,
    StationRow,
    TrainRow,
)

FACTS = Path(__file__).parent / "facts"

_TABLES: tuple[tuple[str, type[SQLModel]], ...] = (
    ("stations.csv", StationRow),
    ("operators.csv", OperatorRow),
    ("brands.csv", BrandRow),
    ("routes.csv", RouteRow),
    ("route_stops.csv", RouteStopRow),
    ("trains.csv", TrainRow),
    ("fares.csv", FareRow),
)


async def seed(database: Database, _clock: Clock) -> None:
    """Store the facts that are not there yet; rows that are stay as they are."""
    positions = {
        (row["route_id"], row["station_id"]): int(row["position"]) for _, row in read_csv(FACTS / "route_stops.csv")
    }
    async with database.write() as session:
        for file, table in _TABLES:
            rows = [_typed(table, row, positions) for _, row in read_csv(FACTS / file)]
            await insert_missing(session, table, rows)


async def insert_missing(session: AsyncSession, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert rows whose primary key is not taken."""
    if rows:
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        await session.execute(insert(table).on_conflict_do_nothing(), rows)


def minute_of(clock_time: str) -> int:
    """Minutes after midnight of ``HH:MM``. Raises ValueError."""
    hours, minutes = clock_time.split(":")
    if not (len(hours) == len(minutes) == 2 and 0 <= int(hours) < 24 and 0 <= int(minutes) < 60):
        raise ValueError(f"a time of day is HH:MM, got {clock_time!r}")
    return int(hours) * 60 + int(minutes)


def train_minutes(departs: str, arrives: str) -> tuple[int, int]:
    """Departure and arrival in minutes; an arrival not after departure is on the next day. Raises ValueError."""
    start, end = minute_of(departs), minute_of(arrives)
    return start, end if end > start else end + 24 * 60


def _typed(table: type[SQLModel], row: dict[str, str], positions: dict[tuple[str, str], int]) -> dict[str, Any]:
    if table is TrainRow:
        return _train(row, positions)
    values: dict[str, Any] = {name: value or None for name, value in row.items()}
    for name in ("lat", "lon", "km"):
        if name in values:
            values[name] = float(row[name])
    for name in values:
        if name.endswith(("_krw", "_minutes", "_percent", "_passengers")) or name == "position":
            values[name] = int(row[name]) if row[name] else None
    if "is_ktx" in values:
        values["is_ktx"] = row["is_ktx"] == "1"
    if "valid_from" in values:
        values["valid_from"] = date.fromisoformat(row["valid_from"])
    return values


def _train(row: dict[str, str], positions: dict[tuple[str, str], int]) -> dict[str, Any]:
    departs, arrives = train_minutes(row["departs"], row["arrives"])
    route = row["route_id"]
    return {
        "number": row["number"],
        "route_id": route,
        "reverse": positions[route, row["from_station_id"]] > positions[route, row["to_station_id"]],
        "from_station_id": row["from_station_id"],
        "to_station_id": row["to_station_id"],
        "departs_minute": departs,
        "arrives_minute": arrives,
        "rolling_stock": row["rolling_stock"],
        "source": row["source"],
    }
