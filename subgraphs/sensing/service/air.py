"""The air at places: one question to the readings' store and one SQL statement a batch, however many places."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, bindparam, func, select
from sqlmodel import col

from sensors_bridge.areas import metres_between
from sensors_bridge.readings import Reading, origin_of
from sensors_bridge.store import ReadingStore, StoreUnavailable
from subgraphs.kit.context import Context
from subgraphs.kit.places import Point
from subgraphs.kit.time import to_ms
from subgraphs.sensing.models import HourlyRow
from subgraphs.sensing.read_model import SensingModel, Station
from subgraphs.sensing.rules.cai import Cai, Grade, cai_of, forecast_average, grade_of
from subgraphs.sensing.rules.pollutants import Pollutant
from subgraphs.sensing.service.stations import HOUR_MS

log = logging.getLogger("subgraphs.sensing")

ROOF_LIGHT_WITHIN_M = 1000.0
ROOF_LIGHT_FRESH = timedelta(minutes=60)
STATION_FRESH = timedelta(hours=3)
"""Stations publish hourly; an older row is answered, but told to be stale."""
_STATIONS_TRIED = 4
_COLUMNS = tuple(HourlyRow.__table__.columns)  # type: ignore[attr-defined]
_KINDS = frozenset(pollutant.value for pollutant in Pollutant)


class Origin(Enum):
    """Where a value comes from."""

    STATION = "STATION"
    ROOF_LIGHT = "ROOF_LIGHT"
    SIMULATED = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Measured:
    """One pollutant at a place. ``station`` is None for a roof light."""

    pollutant: Pollutant
    value: float
    grade: Grade
    at_ms: int
    origin: Origin
    distance_km: float
    station: Station | None
    stale: bool


@dataclass(frozen=True, slots=True)
class StationCai:
    """The index at the nearest station that can tell it."""

    cai: Cai
    station: Station
    at_ms: int
    origin: Origin
    distance_km: float


Air = Mapping[Pollutant, Measured]
"""What is known of each pollutant at a place."""


def sensing_model(context: Context) -> SensingModel:
    """The read model of this request."""
    model: SensingModel = context.model
    return model


async def load_air(context: Context, points: Sequence[Point]) -> list[Air]:
    """The air at each point: the nearest fresh roof light within 1 km, else the nearest station within 40 km."""
    now = to_ms(context.clock())
    near = _stations_near(context, points)
    roof_lights = await _roof_lights(context, points, now)
    hours = await _recent_hours(context, near, hours=1)
    return [
        _air(point, readings, _with_hours(stations, hours), now)
        for point, readings, stations in zip(points, roof_lights, near, strict=True)
    ]


async def load_cai(context: Context, points: Sequence[Point]) -> list[StationCai | None]:
    """The index at each point: that of the nearest station with fresh rows and enough of the last 12 hours."""
    near = _stations_near(context, points)
    hours = await _recent_hours(context, near, hours=12)
    oldest_fresh = to_ms(context.clock() - STATION_FRESH)
    return [_nearest_cai(_with_hours(stations, hours), oldest_fresh) for stations in near]


_Near = list[tuple[float, Station]]
_StationHours = tuple[float, Station, list[Row[Any]]]


def _stations_near(context: Context, points: Sequence[Point]) -> list[_Near]:
    return [sensing_model(context).stations_near(point, _STATIONS_TRIED) for point in points]


def _with_hours(stations: _Near, hours: Mapping[str, list[Row[Any]]]) -> list[_StationHours]:
    """Stations that have rows, the nearest first."""
    return [(km, station, hours[station.id]) for km, station in stations if station.id in hours]


async def _roof_lights(context: Context, points: Sequence[Point], now: int) -> list[list[Reading]]:
    store: ReadingStore | None = context.services.get("readings")
    if store is None:
        return [[] for _ in points]
    where = [(point.lat, point.lon) for point in points]
    try:
        return await store.latest_near(where, _KINDS, ROOF_LIGHT_WITHIN_M, now - _ms(ROOF_LIGHT_FRESH))
    except StoreUnavailable:
        # Stations answer alone: air of an hour ago is better than none.
        log.warning("the store of readings is unavailable; the air comes from stations only")
        return [[] for _ in points]


async def _recent_hours(context: Context, near: Sequence[_Near], *, hours: int) -> dict[str, list[Row[Any]]]:
    """Rows of the last hours up to each station's latest row, oldest first: one statement."""
    station_ids = {station.id for stations in near for _, station in stations}
    if not station_ids:
        return {}
    rows: dict[str, list[Row[Any]]] = {}
    async with context.database.read_connection() as connection:
        found = await connection.execute(_RECENT_HOURS, {"stations": list(station_ids), "span": hours * HOUR_MS})
        for row in found.all():
            rows.setdefault(row.station_id, []).append(row)
    return rows


def _recent_hours_statement() -> Select[Any]:
    latest = (
        select(col(HourlyRow.station_id).label("station_id"), func.max(col(HourlyRow.at_ms)).label("at_ms"))
        .where(col(HourlyRow.station_id).in_(bindparam("stations", expanding=True)))
        .group_by(col(HourlyRow.station_id))
        .subquery()
    )
    same_station = col(HourlyRow.station_id) == latest.c.station_id
    recent = col(HourlyRow.at_ms) > latest.c.at_ms - bindparam("span", type_=BigInteger())
    return (
        select(*_COLUMNS)
        .join(latest, and_(same_station, recent))
        .order_by(col(HourlyRow.station_id), col(HourlyRow.at_ms))
    )


_RECENT_HOURS = _recent_hours_statement()
"""Made once: to make it costs more than to run it."""


def _air(point: Point, readings: Sequence[Reading], stations: Sequence[_StationHours], now: int) -> Air:
    oldest_fresh = now - _ms(STATION_FRESH)
    fresh_first = sorted(stations, key=lambda found: found[2][-1].at_ms < oldest_fresh)
    measured: dict[Pollutant, Measured] = {}
    for pollutant in Pollutant:
        reading = next((reading for reading in readings if reading.kind == pollutant.value), None)
        if reading is not None:
            km = metres_between(point.lat, point.lon, reading.lat, reading.lon) / 1000
            # The replay's vehicles look like taxis on the map; their values are nobody's measurement.
            origin = Origin.ROOF_LIGHT if origin_of(reading.device) == "device" else Origin.SIMULATED
            measured[pollutant] = _graded(pollutant, reading.value, reading.at, origin, km, None, stale=False)
            continue
        for km, station, hours in fresh_first:
            latest = hours[-1]
            value = value_of(latest, pollutant)
            if value is not None:
                stale = latest.at_ms < oldest_fresh
                origin = Origin(latest.origin)
                measured[pollutant] = _graded(pollutant, value, latest.at_ms, origin, km, station, stale=stale)
                break
    return measured


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _graded(
    pollutant: Pollutant, value: float, at_ms: int, origin: Origin, km: float, station: Station | None, *, stale: bool
) -> Measured:
    return Measured(pollutant, value, grade_of(pollutant, value), at_ms, origin, km, station, stale)


def _nearest_cai(stations: Sequence[_StationHours], oldest_fresh: int) -> StationCai | None:
    for km, station, hours in stations:
        cai = cai_of_hours(hours) if hours[-1].at_ms >= oldest_fresh else None
        if cai is not None:
            return StationCai(cai, station, hours[-1].at_ms, Origin(hours[-1].origin), km)
    return None


def cai_of_hours(hours: Sequence[Any]) -> Cai | None:
    """The CAI of a station's latest hour from its last hours, oldest first."""
    latest = hours[-1]
    by_hour = {(latest.at_ms - row.at_ms) // HOUR_MS: row for row in hours}
    concentrations: dict[Pollutant, float] = {}
    for pollutant in Pollutant:
        value = value_of(latest, pollutant)
        if pollutant in (Pollutant.PM10, Pollutant.PM25):
            last_12 = [value_of(by_hour[ago], pollutant) if ago in by_hour else None for ago in range(11, -1, -1)]
            value = forecast_average(pollutant, last_12)
        if value is not None:
            concentrations[pollutant] = value
    return cai_of(concentrations)


def value_of(row: Any, pollutant: Pollutant) -> float | None:
    """The column of a pollutant in an hourly or daily row."""
    value: float | None = getattr(row, pollutant.value)
    return value
