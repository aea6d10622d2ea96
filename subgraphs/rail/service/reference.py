"""Reading the reference tables into the read model."""

from __future__ import annotations

from typing import TypeVar

from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.database import Database
from subgraphs.kit.places import Point
from subgraphs.rail.models import BrandRow, FareRow, OperatorRow, RouteRow, RouteStopRow, StationRow, TrainRow
from subgraphs.rail.rules.seats import SEAT_MAPS
from subgraphs.rail.rules.window import SalesPolicy
from subgraphs.rail.timetable import Branding, Operator, Station, Timetable, Train, stops_between

Row = TypeVar("Row", bound=SQLModel)


async def load_timetable(database: Database) -> Timetable:
    """The timetable as stored now."""
    async with database.read() as session:
        stations = {row.id: _station(row) for row in await _all(session, StationRow)}
        operators = {row.id: _operator(row) for row in await _all(session, OperatorRow)}
        brand_rows = await _all(session, BrandRow)
        routes = {row.id: row for row in await _all(session, RouteRow)}
        stop_rows = await _all(session, RouteStopRow)
        train_rows = await _all(session, TrainRow)
        fare_rows = await _all(session, FareRow)
    brandings: dict[str, list[Branding]] = {}
    for brand in sorted(brand_rows, key=lambda row: row.valid_from):
        branding = Branding(brand.valid_from, brand.brand, operators[brand.operator_id])
        brandings.setdefault(brand.corridor, []).append(branding)
    ways: dict[str, list[tuple[Station, float]]] = {}
    for stop in sorted(stop_rows, key=lambda row: row.position):
        ways.setdefault(stop.route_id, []).append((stations[stop.station_id], stop.km))
    trains = {
        row.number: Train(
            number=row.number,
            stops=stops_between(part_of_way(ways[row.route_id], row), row.departs_minute, row.arrives_minute),
            seat_map=SEAT_MAPS[row.rolling_stock],
            brandings=tuple(brandings[routes[row.route_id].corridor]),
            corridor=routes[row.route_id].corridor,
            discount_percent=routes[row.route_id].discount_percent,
        )
        for row in train_rows
    }
    fares = {frozenset((row.station_a, row.station_b)): (row.standard_krw, row.first_krw) for row in fare_rows}
    return Timetable(stations, trains, fares, frozenset(row.brand for row in brand_rows))


def part_of_way(way: list[tuple[Station, float]], train: TrainRow) -> list[tuple[Station, float]]:
    """The stretch of a route a train serves, in its direction, with km growing along it."""
    end = way[-1][1]
    directed = [(station, end - km) for station, km in reversed(way)] if train.reverse else way
    ids = [station.id for station, _ in directed]
    return directed[ids.index(train.from_station_id) : ids.index(train.to_station_id) + 1]


async def _all(session: AsyncSession, table: type[Row]) -> list[Row]:
    return list((await session.exec(select(table))).all())


def _station(row: StationRow) -> Station:
    point = Point(row.lat, row.lon)
    return Station(row.id, row.name_ko, row.name_en, point, row.korail_code, row.tago_node_id, row.is_ktx)


def _operator(row: OperatorRow) -> Operator:
    policy = SalesPolicy(row.hold_minutes, row.close_minutes, row.max_passengers)
    return Operator(row.id, row.name_ko, row.name_en, policy)
