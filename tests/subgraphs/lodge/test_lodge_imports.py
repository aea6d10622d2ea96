"""Loading foresttrip's files: what is stored, what is left out and why, and what is learnt from snapshots."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest

from subgraphs.kit.importing import ImportSummary, no_progress
from subgraphs.lodge.domain import LODGE
from subgraphs.lodge.importers import closed_weekdays_seen
from tests.subgraphs.lodge.conftest import Lodges

DATA = Path(__file__).parents[4] / "shared" / "data"

FORESTS = "\n".join(
    [
        "instt_id,name_ko,name_en_romanised,operator,region,sigungu,open_rule_ko,open_day_of_month,runs_lottery_public,"
        "lat,lon,coord_source,capacity,address_ko,phone",
        "0111,대관령자연휴양림,Daegwanryeong Recreation Forest,국립,강원,강릉시,6주 전 수요일 09시 오픈,,0,"
        "37.710384,128.787279,survey,,,",
        "0223,백운산자연휴양림,Baegunsan Recreation Forest,국립,강원,원주시,6주 전 수요일 09시 오픈,,0,"
        "35.051643,127.598531,std,395,전라남도 광양시 옥룡면 백계로 337,061-797-2655",
        "ID02030109,항노화힐링랜드,Healing Land,공립,부산/경남,거창군,,,0,,,,,,",
        "ID02030065,의왕바라산자연휴양림,Barasan,공립,서울/인천/경기,의왕시,매월 11일 09시 오픈,11,1,"
        "137.4,127.0,std,100,경기도 의왕시 북골안길 96,031-8086-7482",
        ",이름만,,공립,강원,강릉시,09시 오픈,,0,,,,,,",
        "ID02030900,다른운영,,외국,강원,강릉시,09시 오픈,,0,,,,,,",
    ]
)
FACILITIES = """\
instt_no,forest_ko,product,area_m2,lat,lon,in_use,off_weekday_krw,off_weekend_krw,peak_weekday_krw,peak_weekend_krw,region
223,백운산 자연휴양림,소나무,30,37.265,127.940,1,56000,102000,102000,102000,강원
223,백운산 자연휴양림,철거_소나무,20,37.266,127.941,0,1000,1000,1000,1000,강원
223,백운산 자연휴양림,회의실,90,37.266,127.941,1,150000,150000,150000,150000,강원
"""
ROOMS = """\
instt_id,room_name,category_ko,capacity,area_m2,kind,price_min_krw,price_max_krw
0223,소나무,휴양관,5,30,BLOCK,102000,102000
0223,전나무,휴양관,5,30,BLOCK,56000,56000
0223,잣나무,휴양관,5,45,BLOCK,80000,120000
0223,(예비)주목,휴양관,5,30,BLOCK,56000,102000
0223,가격없음,숲속의집,0,0,DETACHED,0,0
0223,소나무,휴양관,5,30,BLOCK,102000,102000
9999,소나무,휴양관,5,30,BLOCK,102000,102000
0223,거꾸로,휴양관,5,30,BLOCK,200000,100000
0223,깨짐,휴양관,다섯,30,BLOCK,1,2
"""
VACANCY = """\
snapshot_at,stay_date,instt_id,vacant_lodging,vacant_camping
2026-08-06T10:23,20260807,0223,3,1
2026-08-07T08:51,20260807,0223,1,0
2026-08-07T08:51,20260807,9999,1,0
2026-08-07T08:51,20260842,0223,1,0
2026-08-07T08:51,20260807,0111,-1,0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "forests.csv").write_text("\ufeff" + FORESTS, encoding="utf-8")
    for name, text in {
        "forest_facilities_2022": FACILITIES,
        "forest_rooms": ROOMS,
        "forest_vacancy_snapshots": VACANCY,
    }.items():
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return folder


async def imported(lodges: Lodges, folder: Path) -> dict[str, ImportSummary]:
    summaries = {
        importer.name: await importer.run(lodges.subgraph.database, folder, no_progress)
        for importer in LODGE.importers
        if importer.finds_input(folder)
    }
    await lodges.subgraph.reload()
    return summaries


def reasons(summary: ImportSummary) -> list[tuple[int, str]]:
    return [(rejected.line, rejected.code) for rejected in summary.rejected]


async def test_rows_are_stored_and_the_rest_is_told_with_line_and_reason(lodges: Lodges, folder: Path) -> None:
    summaries = await imported(lodges, folder)

    forests = summaries["forests"]
    assert (forests.read, forests.stored, forests.rejected_count) == (6, 4, 2)
    assert reasons(forests) == [(6, "BAD_ID"), (7, "UNKNOWN_OPERATOR")]
    assert [(note.line, note.code) for note in forests.notes] == [
        (3, "ADDRESS_ELSEWHERE"),
        (4, "NO_COORDINATES"),
        (4, "OPEN_RULE_UNREAD"),
        (5, "NO_COORDINATES"),
    ]
    rooms = summaries["rooms"]
    assert (rooms.read, rooms.stored) == (9, 5)
    assert reasons(rooms) == [(7, "DUPLICATE_ROOM"), (8, "UNKNOWN_LODGE"), (9, "BAD_PRICE"), (10, "BAD_ROOM")]
    vacancy = summaries["vacancy snapshots"]
    assert (vacancy.read, vacancy.stored) == (5, 2)
    assert reasons(vacancy) == [(4, "UNKNOWN_LODGE"), (5, "BAD_VALUE"), (6, "OUT_OF_RANGE")]
    for summary in summaries.values():
        assert all(rejected.ko and rejected.en for rejected in summary.rejected)


async def test_a_forest_with_a_namesakes_address_gets_its_own_surveyed_place(lodges: Lodges, folder: Path) -> None:
    await imported(lodges, folder)
    data = await lodges.data('{ lodge(id: "0223") { place { id } address phone capacity closedWeekdays } }')
    assert data["lodge"] == {
        "place": {"id": "37.26600,127.94100"},
        "address": None,
        "phone": None,
        "capacity": None,
        "closedWeekdays": ["TUESDAY"],
    }


async def test_rooms_get_published_prices_where_name_or_size_agree_and_reserve_rooms_stay_hidden(
    lodges: Lodges, folder: Path
) -> None:
    await imported(lodges, folder)
    data = await lodges.data(
        """{ lodge(id: "0223") { rooms { nodes {
             name capacity areaM2 prices { offPeakWeekdayKrw peakWeekendKrw source } } } } }"""
    )
    rooms = {node.pop("name"): node for node in data["lodge"]["rooms"]["nodes"]}
    published = {"offPeakWeekdayKrw": 56_000, "peakWeekendKrw": 102_000, "source": "PUBLISHED"}
    assert rooms == {
        "소나무": {"capacity": 5, "areaM2": 30.0, "prices": published},
        "전나무": {"capacity": 5, "areaM2": 30.0, "prices": published},
        "잣나무": {
            "capacity": 5,
            "areaM2": 45.0,
            "prices": {"offPeakWeekdayKrw": 80_000, "peakWeekendKrw": 120_000, "source": "SEEN"},
        },
        "가격없음": {"capacity": None, "areaM2": None, "prices": None},
    }
    priceless = next(room for room in lodges.subgraph.model.rooms.values() if room.name_ko == "가격없음")
    assert (await lodges.hold(priceless.id, "2026-12-02"))["code"] == "PRICE_UNKNOWN"


async def test_importing_again_changes_nothing_and_keeps_better_names(lodges: Lodges, folder: Path) -> None:
    await imported(lodges, folder)
    rooms, lodges_before = dict(lodges.subgraph.model.rooms), list(lodges.subgraph.model.lodges)
    await imported(lodges, folder)
    assert lodges.subgraph.model.rooms == rooms
    assert list(lodges.subgraph.model.lodges) == lodges_before
    assert lodges.subgraph.model.lodges["0111"].row.name_en == "Daegwallyeong Recreation Forest"


async def test_the_latest_snapshot_answers_what_was_vacant(lodges: Lodges, folder: Path) -> None:
    await imported(lodges, folder)
    data = await lodges.data(
        """{ lodge(id: "0223") { seen: observedVacancy(night: "2026-08-07") { observedAt vacantLodging vacantCamping }
             unseen: observedVacancy(night: "2026-08-08") { vacantLodging } } }"""
    )
    assert data["lodge"] == {
        "seen": {"observedAt": "2026-08-07T08:51:00+09:00", "vacantLodging": 1, "vacantCamping": 0},
        "unseen": None,
    }


def test_a_weekday_never_vacant_while_the_others_are_is_a_closing_day() -> None:
    september = [date(2026, 8, 25) + timedelta(days=offset) for offset in range(35)]
    never_tuesday = [("closed", night) for night in september if night.weekday() != 1]
    always = [("open", night) for night in september]
    too_short = [("short", night) for night in september[:14] if night.weekday() != 1]
    nearly_full = [("full", night) for night in september if night.weekday() == 0]
    in_peak = [("peak", date(2026, 7, 15) + timedelta(days=offset)) for offset in range(40)]
    in_peak = [(lodge, night) for lodge, night in in_peak if night.weekday() != 1]
    seen = closed_weekdays_seen(iter(never_tuesday + always + too_short + nearly_full + in_peak))
    assert seen == {"closed": "1"}


async def test_files_with_other_columns_are_rejected_row_by_row(sqlite_lodges: Lodges, folder: Path) -> None:
    (folder / "forests.csv").write_text("a,b\n1,2\n")
    for name in ("forest_facilities_2022", "forest_rooms", "forest_vacancy_snapshots"):
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n3\n"))
    before = sqlite_lodges.subgraph.model.rooms
    summaries = await imported(sqlite_lodges, folder)
    assert {name: (summary.stored, reasons(summary)) for name, summary in summaries.items()} == {
        "forests": (0, [(2, "BAD_ID")]),
        "rooms": (0, [(2, "UNKNOWN_LODGE"), (3, "UNKNOWN_LODGE")]),
        "vacancy snapshots": (0, [(2, "UNKNOWN_LODGE"), (3, "UNKNOWN_LODGE")]),
    }
    assert sqlite_lodges.subgraph.model.rooms == before


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside the repository")
async def test_the_publishers_real_files_load_whole(sqlite_lodges: Lodges) -> None:
    summaries = await imported(sqlite_lodges, DATA)
    assert {name: (summary.read, summary.stored, summary.rejected_count) for name, summary in summaries.items()} == {
        "forests": (186, 186, 0),
        "rooms": (6816, 6812, 4),
        "vacancy snapshots": (75657, 75657, 0),
    }
    model = sqlite_lodges.subgraph.model
    assert sum(lodge.point is None for lodge in model.lodges.values()) == 21
    observed = [lodge for lodge in model.lodges.values() if lodge.row.closed_source == "OBSERVED"]
    assert len(observed) > 35
    assert sum(lodge.row.closed_weekdays == "1" for lodge in observed) > 30
    rooms = await sqlite_lodges.free("0111", "2026-12-02")
    assert rooms["totalCount"] == len(model.lodges["0111"].rooms) >= 66
