"""The product's own facts: a few real recreation forests and some of their rooms, each with its source.

``facts/lodges.csv`` names the source of each row; ``facts/rooms.csv`` has prices PUBLISHED by the Forest Service
(facility file of 2022-09-06) or SEEN on foresttrip.go.kr in August 2026 as the lowest and highest price of a night.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subgraphs.kit.bulk import store_rows
from subgraphs.kit.database import Database
from subgraphs.kit.importing import read_csv
from subgraphs.kit.time import Clock
from subgraphs.lodge.models import LodgeRow, RoomRow
from subgraphs.lodge.room_kinds import room_id

_FACTS = Path(__file__).parent / "facts"


async def seed(database: Database, _clock: Clock) -> None:
    """Store the facts that are not there yet; rows an import has replaced stay as they are."""
    lodges = [_lodge(row) for _, row in read_csv(_FACTS / "lodges.csv")]
    rooms = [_room(row) for _, row in read_csv(_FACTS / "rooms.csv")]
    async with database.write() as session:
        await store_rows(session, LodgeRow, lodges, replace=False)
        await store_rows(session, RoomRow, rooms, replace=False)


def _lodge(row: dict[str, str]) -> dict[str, Any]:
    return {
        **{name: value or None for name, value in row.items()},
        "name_en_official": False,
        "lat": float(row["lat"]) if row["lat"] else None,
        "lon": float(row["lon"]) if row["lon"] else None,
        "capacity": _number(row["capacity"]),
        "open_rule_ko": row["open_rule_ko"],
        "weekend_lottery": row["operator"] == "NATIONAL",
        "runs_own_lottery": row["runs_own_lottery"] == "1",
        "closed_weekdays": row["closed_weekdays"],
        "check_in_hour": int(row["check_in_hour"]),
        "check_out_hour": int(row["check_out_hour"]),
    }


def _room(row: dict[str, str]) -> dict[str, Any]:
    return {
        **row,
        "id": room_id(row["lodge_id"], row["category_ko"], row["name_ko"]),
        "capacity": _number(row["capacity"]),
        "area_m2": float(row["area_m2"]) if row["area_m2"] else None,
        **{name: _number(row[name]) for name in row if name.endswith("_krw")},
        "internal": False,
    }


def _number(text: str) -> int | None:
    return int(text) if text else None
