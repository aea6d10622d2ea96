"""Importing publishers' files: what is stored, what is refused and why, and that it can be run again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from subgraphs.kit import Database, OpenSubgraph, no_progress
from subgraphs.rail.domain import RAIL
from subgraphs.rail.importers import IMPORTERS, Refused, StationNames
from tests.subgraphs.rail.conftest import Rail

STATIONS, TIMETABLE, DISTANCES = IMPORTERS
SHARED = Path(__file__).parents[4] / "shared" / "data"

STATION_FILE = """name_ko,name_en,slug,lat,lon,tago_node_id,korail_srt_code4,is_ktx,is_srt
강릉,Kangnung,gangneung,37.70,128.80,NAT601936,0115,1,0
김천,Gimcheon,gimcheon,36.12,128.12,NAT012546,0013,0,0
판교,Pangyo,pangyo,36.20,126.70,NAT081388,0259,0,0
판교 (경기),Pangyo (Gyeonggi),pangyo_gyeonggi,37.39,127.11,NAT250007,,1,0
,Nameless,nameless,37.0,127.0,,,0,0
삿포로,Sapporo,sapporo,43.06,141.35,,,0,0
각계,Gakgye,gakgye,north,127.37,,,0,0
김천,Gimcheon again,gimcheon,36.12,128.12,,,0,0
"""
TIMETABLE_FILE = """train_no,from,to,depart,arrive
00801,서울,강릉,05:16,07:13
09901,서울,강릉,23:30,01:20
09902,판 교,강릉,08:00,10:00
09903,서울,아틀란티스,08:00,10:00
09904,서울,강릉,25:00,10:00
!!,서울,강릉,08:00,10:00
09905,목포,강릉,08:00,15:00
"""
HIGH_SPEED_FILE = """line,station_ko,km_from_origin
gyeongbu,서울,0
gyeongbu,광명,22.0
gyeongbu,김천(구미),233.6
gyeongbu,부산,far
"""
CONVENTIONAL_FILE = """a,b,km_passenger_shortest
강릉,서울,351.8
강릉,없는역,1.0
강릉,부산,-3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (
        ("rail_stations.csv", "\ufeff" + STATION_FILE),
        ("ktx_timetable_sample_20260812.csv", TIMETABLE_FILE),
        ("rail_hsl_km.csv", HIGH_SPEED_FILE),
        ("rail_distances_conventional.csv", CONVENTIONAL_FILE),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


async def run(rail: Rail, importer: Any, folder: Path) -> tuple[int, int, list[tuple[int, str]]]:
    summary = await importer.run(rail.subgraph.database, folder, no_progress)
    await rail.subgraph.reload()
    assert all(row.ko and row.en for row in summary.rejected)
    assert summary.read == summary.stored + summary.rejected_count
    return summary.read, summary.stored, [(row.line, row.code) for row in summary.rejected]


async def test_stations(rail: Rail, folder: Path) -> None:
    refused = [(6, "MISSING_NAME"), (7, "OUTSIDE_KOREA"), (8, "BAD_COORDINATES"), (9, "DUPLICATE_ID")]
    for _ in range(2):
        assert await run(rail, STATIONS, folder) == (8, 4, refused)
    gangneung = rail.subgraph.model.stations["gangneung"]
    assert (gangneung.name_en, gangneung.point.lat) == ("Gangneung", 37.70), "names of the seed stay, facts are newer"
    assert rail.subgraph.model.stations["pangyo"].korail_code == "0259"


async def test_timetable(rail: Rail, folder: Path) -> None:
    await run(rail, STATIONS, folder)
    refused = [(4, "NO_ROUTE"), (5, "UNKNOWN_STATION"), (6, "BAD_TIME"), (7, "BAD_TRAIN_NUMBER"), (8, "NO_ROUTE")]
    for _ in range(2):
        assert await run(rail, TIMETABLE, folder) == (7, 2, refused)
    moved, late = rail.subgraph.model.trains["00801"], rail.subgraph.model.trains["09901"]
    assert moved.stops[0].departs_minute == 5 * 60 + 16
    assert late.stops[-1].arrives_minute == 25 * 60 + 20, "it arrives after midnight"


async def test_distances(rail: Rail, folder: Path) -> None:
    read, stored, refused = await run(rail, DISTANCES, folder)
    assert (read, stored) == (7, 4)
    assert sorted(refused) == [(3, "UNKNOWN_STATION"), (4, "BAD_DISTANCE"), (5, "BAD_DISTANCE")]


async def test_after_an_import_the_same_search_answers_on_the_new_data(rail: Rail, folder: Path) -> None:
    await run(rail, TIMETABLE, folder)
    query = '{ trains(from: "seoul", to: "gangneung", date: "2026-11-26") { nodes { id departsAt } } }'
    nodes = (await rail.ask(query))["data"]["trains"]["nodes"]
    assert nodes[0]["departsAt"] == "2026-11-26T05:16:00+09:00"
    assert nodes[-1]["id"] == "09901.2026-11-26.seoul.gangneung"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("김천(구미)", "gimcheon_gumi"),
        ("김천 (구미)", "gimcheon_gumi"),
        ("김천", "gimcheon"),
        ("진부", "jinbu_odaesan"),
        ("판교", "AMBIGUOUS_STATION"),
        ("판교 (서천)", "pangyo_seocheon"),
        ("서울역", "UNKNOWN_STATION"),
        ("", "UNKNOWN_STATION"),
    ],
)
def test_names_that_clash(written: str, found: str) -> None:
    names = StationNames(
        [
            ("gimcheon", "김천"),
            ("gimcheon_gumi", "김천 (구미)"),
            ("jinbu_odaesan", "진부 (오대산)"),
            ("pangyo_gyeonggi", "판교 (경기)"),
            ("pangyo_seocheon", "판교 (서천)"),
        ]
    )
    answer = names.find(written)
    assert (answer.code if isinstance(answer, Refused) else answer) == found


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not part of the repository")
async def test_the_real_files(rail: Rail) -> None:
    assert await run(rail, STATIONS, SHARED) == (268, 268, [])
    assert await run(rail, TIMETABLE, SHARED) == (40, 40, [])
    read, stored, refused = await run(rail, DISTANCES, SHARED)
    assert (read, stored, refused) == (15 + 1326, 15 + 1326, [])


async def test_a_running_hub_answers_on_what_another_process_imported(
    rail: Rail, folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subgraphs.kit.subgraph.WATCH_SECONDS", 0.02)
    rail.subgraph.start_background()
    elsewhere = await OpenSubgraph.open(RAIL, Database(database_url))
    await elsewhere.import_files(STATIONS, folder)
    await elsewhere.aclose()
    async with asyncio.timeout(10):
        while "pangyo" not in rail.subgraph.model.stations:  # noqa: ASYNC110 - the point is that nobody tells it
            await asyncio.sleep(0.01)
    found = await rail.ask('{ stations(search: "Pangyo") { nodes { id } } }')
    assert [node["id"] for node in found["data"]["stations"]["nodes"]] == ["pangyo", "pangyo_gyeonggi"]
