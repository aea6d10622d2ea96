"""Searching trains and stations: answers, paging, brands over time, and every kind of bad argument."""

from __future__ import annotations

from typing import Any

import pytest

from subgraphs.kit import Identity
from tests.subgraphs.rail.conftest import CITIZEN, Rail

TRAINS = """query Trains($from: ID!, $to: ID!, $date: Date!, $first: Int! = 20, $after: String, $brand: String) {
  trains(from: $from, to: $to, date: $date, first: $first, after: $after, brand: $brand) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id train { number brand operator rollingStock } departsAt arrivesAt
      origin { station { id } timeSource } destination { station { id name(lang: KO) place { id lat lon } } }
      seats { class available total state } fares(passengers: [ADULT]) { class amountKrw } } } }"""


async def search(rail: Rail, **variables: Any) -> Any:
    answer = await rail.ask(TRAINS, **{"from": "seoul", "to": "gangneung", "date": "2026-11-26", **variables})
    return answer["data"]["trains"] if "errors" not in answer else answer["errors"][0]


async def test_real_runs_with_seats_and_fares(rail: Rail) -> None:
    found = await search(rail)
    assert [node["id"] for node in found["nodes"]] == [
        f"{number}.2026-11-26.seoul.gangneung" for number in ("00801", "00803", "00807", "00809")
    ]
    first = found["nodes"][0]
    assert (first["departsAt"], first["arrivesAt"]) == ("2026-11-26T05:06:00+09:00", "2026-11-26T07:03:00+09:00")
    assert first["train"] == {
        "number": "00801",
        "brand": "KTX",
        "operator": "Korea Railroad Corporation",
        "rollingStock": "KTX-이음",
    }
    assert first["seats"] == [
        {"class": "STANDARD", "available": 335, "total": 335, "state": "AVAILABLE"},
        {"class": "FIRST", "available": 46, "total": 46, "state": "AVAILABLE"},
    ]
    assert first["destination"]["station"] == {
        "id": "gangneung",
        "name": "강릉",
        "place": {"id": "37.76444,128.89931", "lat": 37.764443, "lon": 128.899308},
    }


async def test_pages_join_without_gap_or_overlap(sqlite_rail: Rail) -> None:
    whole = [node["id"] for node in (await search(sqlite_rail))["nodes"]]
    pieces: list[str] = []
    after = None
    while True:
        page = await search(sqlite_rail, first=3, after=after)
        assert page["totalCount"] == len(whole)
        pieces += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert pieces == whole


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"from": "atlantis"}, "UNKNOWN_STATION"),
        ({"to": ""}, "UNKNOWN_STATION"),
        ({"to": "seoul"}, "SAME_STATION"),
        ({"from": "0115"}, "SAME_STATION"),
        ({"date": "2026-11-23"}, "DATE_IN_PAST"),
        ({"date": "2026-12-25"}, "BEYOND_BOOKING_HORIZON"),
        ({"first": 0}, "PAGE_SIZE_OUT_OF_RANGE"),
        ({"first": -3}, "PAGE_SIZE_OUT_OF_RANGE"),
        ({"first": 51}, "PAGE_SIZE_OUT_OF_RANGE"),
        ({"after": "bm9uc2Vuc2U"}, "BAD_CURSOR"),
        ({"after": "☃"}, "BAD_CURSOR"),
        ({"after": "x" * 5000}, "BAD_CURSOR"),
        ({"brand": "TGV"}, "UNKNOWN_BRAND"),
        ({"date": "20261126"}, "BAD_USER_INPUT"),
        ({"date": "2026-02-30"}, "BAD_USER_INPUT"),
        ({"first": "three"}, "BAD_USER_INPUT"),
        ({"from": None}, "BAD_USER_INPUT"),
    ],
)
async def test_bad_arguments(sqlite_rail: Rail, variables: dict[str, Any], code: str) -> None:
    error = await search(sqlite_rail, **variables)
    assert error["extensions"]["code"] == code
    if code != "BAD_USER_INPUT":
        assert error["path"] == ["trains"]


async def test_a_cursor_of_another_connection_is_refused(sqlite_rail: Rail) -> None:
    stations = await sqlite_rail.ask("{ stations(first: 1) { pageInfo { endCursor } } }")
    cursor = stations["data"]["stations"]["pageInfo"]["endCursor"]
    assert (await search(sqlite_rail, after=cursor))["extensions"]["code"] == "BAD_CURSOR"


async def test_errors_speak_the_callers_language(sqlite_rail: Rail) -> None:
    variables = {"from": "atlantis", "to": "seoul", "date": "2026-11-26"}
    korean = await sqlite_rail.ask(TRAINS, Identity("c", "a", CITIZEN.scopes, "ko"), **variables)
    english = await sqlite_rail.ask(TRAINS, Identity("c", "a", CITIZEN.scopes, "en"), **variables)
    assert korean["errors"][0]["message"] == "알 수 없는 역입니다: atlantis"
    assert english["errors"][0]["message"] == "There is no station atlantis."
    assert korean["errors"][0]["extensions"] == english["errors"][0]["extensions"]


async def test_trains_that_have_left_are_not_shown(sqlite_rail: Rail) -> None:
    sqlite_rail.set_time("2026-11-26T05:40")
    assert [node["train"]["number"] for node in (await search(sqlite_rail))["nodes"]] == ["00807", "00809"]


async def test_the_suseo_line_was_srt_until_august_and_is_still_found_by_that_name(sqlite_rail: Rail) -> None:
    suseo = {"from": "suseo", "to": "busan"}
    today = await search(sqlite_rail, **suseo, brand="SRT")
    assert [(node["train"]["brand"], node["train"]["operator"]) for node in today["nodes"]] == [
        ("KTX", "Korea Railroad Corporation")
    ]
    assert (await search(sqlite_rail, brand="SRT"))["totalCount"] == 0, "Gangneung trains never were SRT"
    sqlite_rail.set_time("2026-08-30T12:00")
    before = await search(sqlite_rail, **suseo, date="2026-08-31")
    after = await search(sqlite_rail, **suseo, date="2026-09-01")
    assert [before["nodes"][0]["train"]["brand"], after["nodes"][0]["train"]["brand"]] == ["SRT", "KTX"]
    assert before["nodes"][0]["train"]["operator"] == "SR Corporation"


async def test_published_fare_and_seat_map_of_seoul_busan(sqlite_rail: Rail) -> None:
    found = await search(sqlite_rail, to="busan")
    fares = {fare["class"]: fare["amountKrw"] for fare in found["nodes"][0]["fares"]}
    assert fares == {"STANDARD": 59_800, "FIRST": 83_700}
    assert sum(seats["total"] for seats in found["nodes"][0]["seats"]) == 955


async def test_times_between_the_published_ones_say_so_and_grow(sqlite_rail: Rail) -> None:
    query = "query($id: ID!) { trainRun(id: $id) { stops { station { id } arrivesAt departsAt timeSource } } }"
    stops = (await sqlite_rail.ask(query, id="00801.2026-11-26.seoul.gangneung"))["data"]["trainRun"]["stops"]
    assert [stop["timeSource"] for stop in stops] == ["PUBLISHED", *["INTERPOLATED"] * 8, "PUBLISHED"]
    times = [stop["departsAt"] for stop in stops]
    assert times == sorted(set(times))


async def test_stations_are_searched_in_both_languages(sqlite_rail: Rail) -> None:
    query = "query($text: String!) { stations(search: $text) { totalCount nodes { id } } }"

    async def ids(text: str) -> list[str]:
        return [node["id"] for node in (await sqlite_rail.ask(query, text=text))["data"]["stations"]["nodes"]]

    assert await ids("강릉") == await ids("gangNEUNG") == ["gangneung"]
    assert await ids("대구") == ["dongdaegu"]
    assert await ids("no such") == []


async def test_availability_of_a_page_is_one_query(rail: Rail, count_statements: Any) -> None:
    with count_statements(rail.subgraph.database) as statements:
        found = await search(rail, to="busan")
    assert len(found["nodes"]) > 5
    assert len(statements) == 1
