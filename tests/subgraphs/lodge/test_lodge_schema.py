"""What the lodge subgraph answers: entities, distance, free rooms, and bad input."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from subgraphs.lodge.domain import LODGE
from tests.subgraphs.lodge.conftest import KIM, Lodges, kst

GANGNEUNG = "37.76450,128.89930"
SEOUL = "37.55470,126.97070"
NIGHT = "2026-12-02"

NEARBY = """query($places: [_Any!]!, $night: Date!, $km: Float!) { _entities(representations: $places) { ... on Place {
  id lodges(withinKm: $km, first: 5) { totalCount nodes { distanceKm lodge { id name(lang: KO)
    freeRooms(night: $night, first: 3) { state totalCount nodes { id name kind capacity priceKrw } }
    place { id } } } } } } }"""


def places(*ids: str) -> list[dict[str, str]]:
    return [{"__typename": "Place", "id": place_id} for place_id in ids]


async def test_forests_around_a_station_come_nearest_first_with_their_free_rooms(lodges: Lodges) -> None:
    data = await lodges.data(NEARBY, places=places(GANGNEUNG), night=NIGHT, km=40.0)
    nearby = data["_entities"][0]["lodges"]
    assert [(node["lodge"]["id"], node["lodge"]["name"]) for node in nearby["nodes"]] == [
        ("0111", "대관령자연휴양림"),
        ("0243", "두타산자연휴양림"),
        ("0112", "미천골자연휴양림"),
    ]
    assert nearby["totalCount"] == 3
    nearest = nearby["nodes"][0]
    assert nearest["distanceKm"] == pytest.approx(11.5, abs=0.1)
    assert nearest["lodge"]["place"] == {"id": "37.71038,128.78728"}
    assert nearest["lodge"]["freeRooms"]["totalCount"] == 16
    assert len(nearest["lodge"]["freeRooms"]["nodes"]) == 3
    assert nearest["lodge"]["freeRooms"]["nodes"][0]["priceKrw"] == 45_000


async def test_a_batch_of_places_asks_the_database_once(lodges: Lodges) -> None:
    statements: list[str] = []
    engine = lodges.subgraph.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    await lodges.data(NEARBY, places=places(GANGNEUNG, SEOUL, "36.35040,127.38450"), night=NIGHT, km=120.0)
    assert len([statement for statement in statements if "lodge_room_night" in statement]) == 1
    assert len(statements) == 1


async def test_references_are_resolved_in_order_and_unknown_ones_are_null(sqlite_lodges: Lodges) -> None:
    representations = [
        {"__typename": "Lodge", "id": "0111"},
        {"__typename": "Lodge", "id": "nowhere"},
        {"__typename": "Place", "id": "garbage"},
        {"__typename": "Room", "id": "0111-8cc64cbc6fec"},
        {"__typename": "Place", "id": GANGNEUNG},
    ]
    data = await sqlite_lodges.data(
        """query($r: [_Any!]!) { _entities(representations: $r) { __typename
             ... on Lodge { name(lang: EN) } ... on Room { name lodge { id } } } }""",
        r=representations,
    )
    assert data["_entities"] == [
        {"__typename": "Lodge", "name": "Daegwallyeong Recreation Forest"},
        None,
        None,
        {"__typename": "Room", "name": "동고비", "lodge": {"id": "0111"}},
        {"__typename": "Place"},
    ]


@pytest.mark.parametrize(
    ("night", "nights", "state", "opens_at"),
    [
        ("2026-12-02", 1, "OPEN", None),
        ("2026-12-01", 1, "CLOSED_DAY", None),
        ("2026-11-30", 2, "CLOSED_DAY", None),
        ("2027-01-08", 1, "NOT_OPEN_YET", "2026-12-15T09:00:00+09:00"),
        ("2027-01-04", 1, "NOT_OPEN_YET", "2026-11-25T09:00:00+09:00"),
        ("2026-11-22", 1, "PAST", None),
    ],
)
async def test_free_rooms_say_why_there_are_none(
    sqlite_lodges: Lodges, night: str, nights: int, state: str, opens_at: str | None
) -> None:
    rooms = await sqlite_lodges.free("0111", night, nights)
    assert (rooms["state"], rooms["opensAt"]) == (state, opens_at)
    assert (rooms["totalCount"] > 0) is (state == "OPEN")
    assert bool(rooms["nodes"]) is (state == "OPEN")


async def test_free_rooms_page_without_gaps_and_respect_the_number_of_guests(sqlite_lodges: Lodges) -> None:
    query = """query($after: String) { lodge(id: "0111") { freeRooms(night: "2026-12-02", first: 5, after: $after) {
                 nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after, more = None, True
    while more:
        page = (await sqlite_lodges.data(query, after=after))["lodge"]["freeRooms"]
        seen += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    everything = await sqlite_lodges.free("0111", NIGHT)
    assert seen == [node["id"] for node in everything["nodes"]]

    for_eight = await sqlite_lodges.free("0111", NIGHT, guests=8)
    assert 0 < for_eight["totalCount"] < everything["totalCount"]
    assert all(node["capacity"] >= 8 for node in for_eight["nodes"])


async def test_weekend_nights_cost_the_weekend_price(sqlite_lodges: Lodges) -> None:
    weekday = {node["id"]: node["priceKrw"] for node in (await sqlite_lodges.free("0111", "2026-12-03"))["nodes"]}
    weekend = {node["id"]: node["priceKrw"] for node in (await sqlite_lodges.free("0111", "2026-12-04"))["nodes"]}
    both = {node["id"]: node["priceKrw"] for node in (await sqlite_lodges.free("0111", "2026-12-03", 2))["nodes"]}
    assert (weekday["0111-8cc64cbc6fec"], weekend["0111-8cc64cbc6fec"]) == (45_000, 82_000)
    assert both == {room: weekday[room] + weekend[room] for room in weekday}


async def test_a_night_tells_its_lottery(sqlite_lodges: Lodges) -> None:
    query = """{ lodge(id: "0111") { night(night: "2027-01-02") {
      state opensAt isWeekend rate
      lottery { applicationsFrom applicationsUntil drawnAt winnersPayUntil remainderOpens } }
      far: night(night: "9999-12-31") { state opensAt } old: night(night: "0001-01-01") { state isWeekend } } }"""
    data = (await sqlite_lodges.data(query))["lodge"]
    assert data["night"] == {
        "state": "NOT_OPEN_YET",
        "opensAt": "2026-12-15T09:00:00+09:00",
        "isWeekend": True,
        "rate": "OFF_PEAK_WEEKEND",
        "lottery": {
            "applicationsFrom": "2026-12-04T09:00:00+09:00",
            "applicationsUntil": "2026-12-09T18:00:00+09:00",
            "drawnAt": "2026-12-10T16:00:00+09:00",
            "winnersPayUntil": "2026-12-14T18:00:00+09:00",
            "remainderOpens": "2026-12-15T09:00:00+09:00",
        },
    }
    assert data["far"] == {"state": "NOT_OPEN_YET", "opensAt": None}
    assert data["old"] == {"state": "PAST", "isWeekend": False}


async def test_a_municipal_forest_opens_whole_months_and_one_without_coordinates_is_still_listed(
    sqlite_lodges: Lodges,
) -> None:
    query = """query($id: ID!) { lodge(id: $id) { name(lang: KO) operator place { id } closedWeekdays
                 openRule { textKo understood weeksAhead dayOfMonth hour weekendLottery } feePolicy(lang: EN) } }"""
    imhae = (await sqlite_lodges.data(query, id="ID02030100"))["lodge"]
    assert imhae == {
        "name": "임해자연휴양림",
        "operator": "PUBLIC",
        "place": None,
        "closedWeekdays": [],
        "openRule": {
            "textKo": "매월 1일 09시 오픈",
            "understood": True,
            "weeksAhead": None,
            "dayOfMonth": 1,
            "hour": 9,
            "weekendLottery": False,
        },
        "feePolicy": "Consumer dispute resolution standard for lodgings",
    }
    assert (await sqlite_lodges.free("ID02030100", "2026-12-05"))["state"] == "OPEN"
    sqlite_lodges.moment = kst("2026-10-31T23:00")
    not_yet = await sqlite_lodges.free("ID02030100", "2026-12-05")
    assert (not_yet["state"], not_yet["opensAt"]) == ("NOT_OPEN_YET", "2026-11-01T09:00:00+09:00")


async def test_forests_are_found_by_region_and_text(sqlite_lodges: Lodges) -> None:
    query = "query($r: String, $s: String) { lodges(region: $r, search: $s, first: 50) { totalCount nodes { id } } }"
    everything = (await sqlite_lodges.data(query))["lodges"]
    assert everything["totalCount"] == 18
    gangwon = (await sqlite_lodges.data(query, r="강원"))["lodges"]
    assert {"0111", "0112", "0243", "ID02030100"} <= {node["id"] for node in gangwon["nodes"]}
    for text in ("대관령", "daegwallyeong", "대관령 자연 휴양림"):
        assert (await sqlite_lodges.data(query, s=text))["lodges"]["nodes"] == [{"id": "0111"}]
    assert (await sqlite_lodges.data(query, s="없는 숲"))["lodges"]["nodes"] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ lodges(region: "화성") { totalCount } }', "UNKNOWN_REGION"),
        ('{ lodges(search: "%s") { totalCount } }' % ("가" * 51), "SEARCH_TOO_LONG"),
        ("{ lodges(first: 0) { totalCount } }", "PAGE_SIZE_OUT_OF_RANGE"),
        ('{ lodges(after: "!!") { totalCount } }', "BAD_CURSOR"),
        ('{ lodge(id: "0111") { rooms(after: "WyJyb29tIiwieCJd") { totalCount } } }', "BAD_CURSOR"),
        ('{ lodge(id: "0111") { freeRooms(night: "2026-12-02", nights: 4) { state } } }', "NIGHTS_OUT_OF_RANGE"),
        ('{ lodge(id: "0111") { freeRooms(night: "2026-12-02", guests: 0) { state } } }', "GUESTS_OUT_OF_RANGE"),
        ('{ lodge(id: "0111") { freeRooms(night: "내일") { state } } }', "GRAPHQL_VALIDATION_FAILED"),
        ('{ lodge(id: "0111") { freeRooms(night: "2026-02-30") { state } } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ myStays(first: 101) { totalCount } }", "PAGE_SIZE_OUT_OF_RANGE"),
        ('{ myStays(after: "WyJzdGF5IiwxZTMwLCJ4Il0") { totalCount } }', "BAD_CURSOR"),
    ],
)
async def test_bad_input_has_a_code(sqlite_lodges: Lodges, query: str, code: str) -> None:
    answer = await sqlite_lodges.ask(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


@pytest.mark.parametrize("km", [0, -1, 201, 1e300])
async def test_a_radius_out_of_range_is_refused_and_the_place_still_answered(sqlite_lodges: Lodges, km: float) -> None:
    answer: dict[str, Any] = await sqlite_lodges.ask(NEARBY, KIM, places=places(GANGNEUNG), night=NIGHT, km=km)
    assert answer["errors"][0]["extensions"]["code"] == "RADIUS_OUT_OF_RANGE"
    assert answer["data"]["_entities"] == [{"id": GANGNEUNG, "lodges": None}]


async def test_seeding_again_changes_nothing(lodges: Lodges) -> None:
    before = lodges.subgraph.model
    await LODGE.seed(lodges.subgraph.database, lodges.now)
    await lodges.subgraph.reload()
    assert lodges.subgraph.model.lodges.keys() == before.lodges.keys()
    assert lodges.subgraph.model.rooms == before.rooms
