"""Loading Seoul's daily means and the outlines of regions."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from subgraphs.kit.importing import ImportSummary, no_progress
from subgraphs.sensing.domain import SENSING
from tests.subgraphs.sensing.conftest import Sensing

DATA = Path(__file__).parents[4] / "shared" / "data"

DAILY = """\
date,station_ko,no2_ppm,o3_ppm,co_ppm,so2_ppm,pm10_ugm3,pm25_ugm3
20251230,중구,0.0275,0.0143,0.65,0.003,24,20
20251231,중구,-,,0.65,0.003,25,21
20251231,한강대로,0.0375,0.0103,0.75,0.004,34,22
20251231,없는곳,0.0275,0.0143,0.65,0.003,24,20
20251232,중구,0.0275,0.0143,0.65,0.003,24,20
20260101,중구,,,,,,
20260102,중구,0.0275,0.0143,0.65,0.003,-3,9999
20251230,중구,0.0275,0.0143,0.65,0.003,24,20
20260103,중구,many,0.0143,0.65,0.003,24,20
"""


def square(west: float, south: float, size: float) -> list[list[list[list[float]]]]:
    east, north = west + size, south + size
    return [[[[west, south], [east, south], [east, north], [west, north], [west, south]]]]


def feature(code: str, name: str, coordinates: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": {"code": code, "sido": "서울특별시", "sigungu": name},
        "geometry": {"type": "MultiPolygon", "coordinates": coordinates},
    }


REGIONS = {
    "type": "FeatureCollection",
    "features": [
        feature("11140", "중구", square(126.96, 37.54, 0.06)),
        feature("11290", "서울시성북구", square(127.0, 37.60, 0.04)),
        feature("not a code", "중구", square(126.96, 37.54, 0.06)),
        feature("11999", "점", [[[[127.0, 37.0]]]]),
        {"type": "Feature"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "seoul_air_daily_2024_25.csv.gz").write_bytes(gzip.compress(DAILY.encode("utf-8-sig")))
    (folder / "kr_sigungu.geojson").write_text(json.dumps(REGIONS, ensure_ascii=False), encoding="utf-8")
    return folder


async def imported(sensing: Sensing, folder: Path) -> list[ImportSummary]:
    summaries = [
        await importer.run(sensing.subgraph.database, folder, no_progress)
        for importer in SENSING.importers
        if importer.finds_input(folder)
    ]
    await sensing.subgraph.reload()
    return summaries


async def test_days_are_stored_and_the_rest_is_told_with_line_and_reason(sensing: Sensing, folder: Path) -> None:
    daily, regions = await imported(sensing, folder)
    assert (daily.read, daily.stored) == (9, 3)
    assert [(rejected.line, rejected.code) for rejected in daily.rejected] == [
        (5, "UNKNOWN_STATION"),
        (6, "BAD_VALUE"),
        (7, "NO_VALUES"),
        (8, "OUT_OF_RANGE"),
        (9, "DUPLICATE_DAY"),
        (10, "BAD_VALUE"),
    ]
    assert (regions.read, regions.stored) == (5, 2)
    assert [(rejected.line, rejected.code) for rejected in regions.rejected] == [
        (3, "BAD_FEATURE"),
        (4, "BAD_FEATURE"),
        (5, "BAD_FEATURE"),
    ]
    again = await imported(sensing, folder)
    assert [summary.stored for summary in again] == [3, 2]


async def test_imported_days_are_history_and_never_the_air_of_now(sensing: Sensing, folder: Path) -> None:
    await imported(sensing, folder)
    data = await sensing.data(
        """{ airStation(id: "seoul-jung-gu") { latest { at source }
             days(start: "2025-12-01", end: "2026-12-31", first: 1) { totalCount
               nodes { day values { pm10 no2 o3 co } } pageInfo { endCursor } } } }"""
    )
    station = data["airStation"]
    assert station["latest"] == {"at": "2026-11-23T15:00:00+09:00", "source": "SIMULATED"}
    assert station["days"]["totalCount"] == 2
    assert station["days"]["nodes"] == [
        {"day": "2025-12-30", "values": {"pm10": 24.0, "no2": 0.0275, "o3": 0.0143, "co": 0.65}}
    ]
    data = await sensing.data(
        """query($after: String!) { airStation(id: "seoul-jung-gu") {
             days(start: "2025-12-01", end: "2026-12-31", after: $after) {
               nodes { day values { pm10 no2 o3 } } } } }""",
        after=station["days"]["pageInfo"]["endCursor"],
    )
    assert data["airStation"]["days"]["nodes"] == [
        {"day": "2025-12-31", "values": {"pm10": 25.0, "no2": None, "o3": None}}
    ]


async def test_with_outlines_a_place_is_inside_its_region(sensing: Sensing, folder: Path) -> None:
    await imported(sensing, folder)
    query = """query($r: [_Any!]!) { _entities(representations: $r) {
                 ... on Place { region { code ko: name(lang: KO) en: name(lang: EN) } regionMatch } } }"""
    inside = [{"__typename": "Place", "id": place} for place in ("37.55470,126.97070", "37.61000,127.01000")]
    data = await sensing.data(query, r=inside)
    assert data["_entities"] == [
        {"region": {"code": "11140", "ko": "중구", "en": "Jung-gu"}, "regionMatch": "INSIDE"},
        {"region": {"code": "11290", "ko": "성북구", "en": "Seongbuk-gu"}, "regionMatch": "INSIDE"},
    ]


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"features": 3}', "[" * 100_000])
async def test_a_file_that_is_no_geojson_is_rejected_whole(sqlite_sensing: Sensing, folder: Path, content: str) -> None:
    (folder / "kr_sigungu.geojson").write_text(content)
    _, regions = await imported(sqlite_sensing, folder)
    assert (regions.stored, [rejected.code for rejected in regions.rejected]) == (0, ["BAD_FILE"])
    assert len(sqlite_sensing.subgraph.model.regions) == 253, "what was there stays"


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside the repository")
async def test_the_publishers_real_files_load_whole(sqlite_sensing: Sensing) -> None:
    daily, regions = await imported(sqlite_sensing, DATA)
    assert (daily.read, daily.stored, daily.rejected_count) == (36_550, 36_481, 69)
    assert {rejected.code for rejected in daily.rejected} == {"NO_VALUES"}
    assert (regions.read, regions.stored, regions.rejected_count) == (253, 253, 0)
    model = sqlite_sensing.subgraph.model
    inside = {
        station.name_ko: found[0].name_ko
        for station in model.stations.values()
        if station.point is not None and station.sido_ko == "서울"
        for found in [model.region_at(station.point)]
        if found is not None
    }
    right = sum(station == region for station, region in inside.items())
    assert right >= 22, "nearly every district's station stands in the district it is named after"
