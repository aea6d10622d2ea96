"""The read model: stations and regions in memory, read once and again after an import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import select

from subgraphs.kit.database import Database
from subgraphs.kit.places import Point, box_around, haversine_km
from subgraphs.sensing.models import RegionRow, StationRow
from subgraphs.sensing.rules.geometry import Outline, RegionMatch, find_region

STATION_WITHIN_KM = 40.0


@dataclass(frozen=True, slots=True)
class Station:
    """A fixed station; ``point`` is None where its coordinates are not published."""

    id: str
    name_ko: str
    name_en: str
    sido_ko: str
    point: Point | None
    source: str


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """A city, county or district; ``middle`` is the middle of its largest part."""

    code: str
    sido_ko: str
    name_ko: str
    name_en: str | None
    middle: Point
    outline: Outline | None


@dataclass(frozen=True)
class SensingModel:
    """Stations and regions by their ids, in the order they are listed."""

    stations: Mapping[str, Station]
    regions: Mapping[str, RegionFacts]

    def stations_near(self, point: Point, limit: int) -> list[tuple[float, Station]]:
        """The nearest stations within 40 km as (km, station), the nearest first."""
        box = box_around(point, STATION_WITHIN_KM)
        near = [
            (haversine_km(point, station.point), station)
            for station in self.stations.values()
            if station.point is not None and box.contains(station.point)
        ]
        near.sort(key=lambda found: (found[0], found[1].id))
        return [found for found in near[:limit] if found[0] <= STATION_WITHIN_KM]

    def region_at(self, point: Point) -> tuple[RegionFacts, RegionMatch] | None:
        """The region of a point and how it was found."""
        found = find_region(
            point,
            ((region.code, region.outline) for region in self.regions.values() if region.outline is not None),
            ((region.code, region.middle) for region in self.regions.values()),
        )
        return None if found is None else (self.regions[found[0]], found[1])


async def load_model(database: Database) -> SensingModel:
    """Read the reference tables."""
    async with database.read() as session:
        stations = (await session.exec(select(StationRow).order_by(StationRow.sido_ko, StationRow.name_ko))).all()
        regions = (await session.exec(select(RegionRow).order_by(RegionRow.code))).all()
    return SensingModel(
        stations={row.id: _station(row) for row in stations},
        regions={row.code: _region(row) for row in regions},
    )


def _station(row: StationRow) -> Station:
    point = None if row.lat is None or row.lon is None else Point(row.lat, row.lon)
    return Station(row.id, row.name_ko, row.name_en, row.sido_ko, point, row.source)


def _region(row: RegionRow) -> RegionFacts:
    outline = None
    if row.outline is not None:
        outline = Outline.of([tuple((lon, lat) for lon, lat in ring) for ring in json.loads(row.outline)])
    return RegionFacts(row.code, row.sido_ko, row.name_ko, row.name_en, Point(row.lat, row.lon), outline)
