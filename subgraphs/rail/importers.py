"""Loading publishers' files: stations, runs of a day, distances. Formats as in the files' own header lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.database import Database
from subgraphs.kit.importing import Importer, ImportSummary, Progress, read_csv
from subgraphs.rail.models import DistanceRow, RouteStopRow, StationRow, TrainRow
from subgraphs.rail.seed import train_minutes

STATIONS, TIMETABLE = "rail_stations.csv", "ktx_timetable_sample_20260812.csv"
HIGH_SPEED_KM, CONVENTIONAL_KM = "rail_hsl_km.csv", "rail_distances_conventional.csv"
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row is left out."""

    code: str
    ko: str
    en: str


class StationNames:
    """Finds a station by the name a publisher writes: exact without spaces, else its part before the bracket if unique.

    김천(구미) is a station beside 김천, and there are two 판교, so a bare name is not always enough.
    """

    def __init__(self, stations: Iterable[tuple[str, str]]) -> None:
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._bare: dict[str, list[str]] = defaultdict(list)
        for station_id, name in stations:
            self._exact[_plain(name)].append(station_id)
            self._bare[_plain(name).partition("(")[0]].append(station_id)

    def find(self, name: str) -> str | Refused:
        """The id of the station, or why there is none."""
        plain = _plain(name)
        found = self._exact.get(plain) or self._bare.get(plain.partition("(")[0], [])
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(sorted(found))
            return Refused(
                "AMBIGUOUS_STATION", f"역 이름 {name}이(가) 여러 역을 뜻합니다: {listed}", f"{name} may be {listed}"
            )
        return Refused("UNKNOWN_STATION", f"알 수 없는 역: {name}", f"no station {name}")


def _plain(name: str) -> str:
    return "".join(name.split())


async def import_stations(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Stations by slug; a station already known gets new coordinates and codes and keeps its names."""
    summary = ImportSummary("stations")
    rows: dict[str, dict[str, Any]] = {}
    for line, row in read_csv(folder / STATIONS):
        summary.read += 1
        station = _station(row)
        if isinstance(station, Refused):
            summary.reject(STATIONS, line, station.code, ko=station.ko, en=station.en)
        elif station["id"] in rows:
            summary.reject(
                STATIONS, line, "DUPLICATE_ID", ko=f"중복된 id: {station['id']}", en=f"id {station['id']} twice"
            )
        else:
            rows[station["id"]] = station
    update = ("lat", "lon", "korail_code", "tago_node_id")
    summary.stored = await _store(database, StationRow, list(rows.values()), update, progress)
    return summary


def _station(row: Mapping[str, str]) -> dict[str, Any] | Refused:
    if not row.get("slug") or not row.get("name_ko") or not row.get("name_en"):
        return Refused("MISSING_NAME", "이름이나 id가 없습니다", "a name or the slug is missing")
    try:
        lat, lon = float(row["lat"]), float(row["lon"])
    except (KeyError, ValueError):
        return Refused("BAD_COORDINATES", "좌표가 숫자가 아닙니다", "the coordinates are not numbers")
    if not (32 < lat < 39.5 and 124 < lon < 132):
        return Refused("OUTSIDE_KOREA", f"좌표가 한국 밖입니다: {lat}, {lon}", f"{lat}, {lon} is not in Korea")
    return {
        "id": row["slug"],
        "name_ko": row["name_ko"],
        "name_en": row["name_en"],
        "lat": lat,
        "lon": lon,
        "korail_code": row.get("korail_srt_code4") or None,
        "tago_node_id": row.get("tago_node_id") or None,
        "is_ktx": row.get("is_ktx") == "1" or row.get("is_srt") == "1",
        "source": f"import of {STATIONS}",
    }


async def import_timetable(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Runs of a day, taken as daily trains; a run needs a known route that has both its ends in that order."""
    summary = ImportSummary("timetable")
    async with database.read() as session:
        names = await _station_names(session)
        stops = (await session.execute(select(RouteStopRow))).scalars().all()
        known = await session.execute(select(col(TrainRow.number), col(TrainRow.rolling_stock)))
        stock_of_train = {row.number: row.rolling_stock for row in known}
        stock_rows = await session.execute(select(col(TrainRow.route_id), col(TrainRow.rolling_stock)))
        stock_of_route = {row.route_id: row.rolling_stock for row in stock_rows}
    routes: dict[str, dict[str, int]] = defaultdict(dict)
    for stop in stops:
        routes[stop.route_id][stop.station_id] = stop.position
    rows: dict[str, dict[str, Any]] = {}
    for line, row in read_csv(folder / TIMETABLE):
        summary.read += 1
        train = _train(row, names, routes)
        if isinstance(train, Refused):
            summary.reject(TIMETABLE, line, train.code, ko=train.ko, en=train.en)
            continue
        number = train["number"]
        train["rolling_stock"] = stock_of_train.get(number) or stock_of_route.get(train["route_id"], "KTX-산천")
        rows[number] = train
    update = ("departs_minute", "arrives_minute")
    summary.stored = await _store(database, TrainRow, list(rows.values()), update, progress)
    return summary


def _train(
    row: Mapping[str, str], names: StationNames, routes: Mapping[str, Mapping[str, int]]
) -> dict[str, Any] | Refused:
    number = row.get("train_no", "")
    if not (number.isascii() and number.isalnum() and len(number) <= 16):
        return Refused("BAD_TRAIN_NUMBER", f"열차 번호가 올바르지 않습니다: {number!r}", f"no train number: {number!r}")
    start, end = names.find(row.get("from", "")), names.find(row.get("to", ""))
    for station in (start, end):
        if isinstance(station, Refused):
            return station
    try:
        departs, arrives = train_minutes(row["depart"], row["arrive"])
    except (KeyError, ValueError):
        return Refused("BAD_TIME", "시각이 HH:MM 형식이 아닙니다", "a time is not HH:MM")
    assert isinstance(start, str) and isinstance(end, str)
    route_id = next((name for name, stops in routes.items() if start in stops and end in stops), None)
    if route_id is None or start == end:
        return Refused("NO_ROUTE", f"{start} - {end} 노선을 모릅니다", f"no known route from {start} to {end}")
    return {
        "number": number,
        "route_id": route_id,
        "reverse": routes[route_id][start] > routes[route_id][end],
        "from_station_id": start,
        "to_station_id": end,
        "departs_minute": departs,
        "arrives_minute": arrives,
        "source": f"import of {TIMETABLE}",
    }


async def import_distances(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Official distances: every pair of a high-speed line's table, and the conventional pairs as printed."""
    summary = ImportSummary("distances")
    async with database.read() as session:
        names = await _station_names(session)
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    refused: set[tuple[str, int]] = set()

    def reject(file: str, line: int, reason: Refused) -> None:
        if (file, line) not in refused:
            refused.add((file, line))
            summary.reject(file, line, reason.code, ko=reason.ko, en=reason.en)

    def add(file: str, line: int, one: str, other: str, kind: str, km: float) -> None:
        ends = [names.find(one), names.find(other)]
        for end in ends:
            if isinstance(end, Refused):
                reject(file, line, end)
                return
        first, second = sorted(str(end) for end in ends)
        source = f"import of {file}"
        rows[first, second, kind] = {"station_a": first, "station_b": second, "kind": kind, "km": km, "source": source}

    earlier: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for line, row in read_csv(folder / HIGH_SPEED_KM):
        summary.read += 1
        km = _km(row.get("km_from_origin", ""))
        if isinstance(km, Refused):
            reject(HIGH_SPEED_KM, line, km)
            continue
        for station, at in earlier[row["line"]]:
            add(HIGH_SPEED_KM, line, station, row["station_ko"], "HIGH_SPEED", round(abs(km - at), 1))
        earlier[row["line"]].append((row["station_ko"], km))
    for line, row in read_csv(folder / CONVENTIONAL_KM):
        summary.read += 1
        km = _km(row.get("km_passenger_shortest", ""))
        if isinstance(km, Refused):
            reject(CONVENTIONAL_KM, line, km)
            continue
        add(CONVENTIONAL_KM, line, row["a"], row["b"], "CONVENTIONAL", km)
    await _store(database, DistanceRow, list(rows.values()), ("km", "source"), progress)
    # One row of a line's table makes a pair with every earlier station, so rows are counted, not pairs.
    summary.stored = summary.read - len(refused)
    return summary


def _km(text: str) -> float | Refused:
    try:
        km = float(text)
    except ValueError:
        km = -1.0
    if not 0 <= km < 2000:
        return Refused("BAD_DISTANCE", f"거리가 올바르지 않습니다: {text!r}", f"no distance in km: {text!r}")
    return km


async def _station_names(session: AsyncSession) -> StationNames:
    rows = (await session.execute(select(col(StationRow.id), col(StationRow.name_ko)))).all()
    return StationNames((station_id, name) for station_id, name in rows)


async def _store(
    database: Database, table: type[SQLModel], rows: list[dict[str, Any]], update: tuple[str, ...], progress: Progress
) -> int:
    """Insert or update by primary key, a batch a transaction."""
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        async with database.write() as session:
            postgres = session.get_bind().dialect.name == "postgresql"
            statement = (postgresql if postgres else sqlite).insert(table)
            keys = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
            changed = {name: statement.excluded[name] for name in update}
            await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), batch)
        progress(start + len(batch), len(rows))
    return len(rows)


IMPORTERS = (
    Importer("stations", (STATIONS,), import_stations),
    Importer("timetable", (TIMETABLE,), import_timetable),
    Importer("distances", (HIGH_SPEED_KM, CONVENTIONAL_KM), import_distances),
)
"""In the order they build on each other."""
