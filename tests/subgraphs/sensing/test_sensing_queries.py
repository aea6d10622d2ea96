"""Stations, regions, the catalogue, readings and the live subscription; and bad input."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sensors_bridge.catalogue import KINDS
from sensors_bridge.store import StoreUnavailable
from subgraphs.kit.places import Box, Point
from subgraphs.kit.subgraph import OpenSubgraph
from subgraphs.sensing.domain import SENSING
from subgraphs.sensing.rules.geometry import Outline, RegionMatch, find_region
from tests.subgraphs.sensing.conftest import Sensing

SEOUL_BOX = {"west": 126.7, "south": 37.4, "east": 127.2, "north": 37.7}
CITY_HALL = (37.5663, 126.9779)


async def test_the_catalogue_lists_every_kind_in_both_languages(sqlite_sensing: Sensing) -> None:
    data = await sqlite_sensing.data(
        """{ sensorKinds { code unit minimum maximum cadenceSeconds
             ko: name(lang: KO) en: name(lang: EN) sensorName(lang: EN) } }"""
    )
    assert len(data["sensorKinds"]) == len(KINDS) == 66
    (pm10,) = [kind for kind in data["sensorKinds"] if kind["code"] == "pm10"]
    assert pm10 == {
        "code": "pm10", "unit": "ug/m3", "minimum": 0.0, "maximum": 1000.0, "cadenceSeconds": 10,
        "ko": "미세먼지", "en": "PM10", "sensorName": "Optical particle counter",
    }  # fmt: skip


async def test_stations_are_found_by_name_and_page(sqlite_sensing: Sensing) -> None:
    query = """query($s: String, $after: String) { airStations(search: $s, first: 2, after: $after) {
                 totalCount nodes { id name(lang: KO) province place { id } } pageInfo { hasNextPage endCursor } } }"""
    gangneung = (await sqlite_sensing.data(query, s="gangneung"))["airStations"]
    assert gangneung["totalCount"] == 3
    rest = (await sqlite_sensing.data(query, s="gangneung", after=gangneung["pageInfo"]["endCursor"]))["airStations"]
    assert {node["name"] for node in gangneung["nodes"] + rest["nodes"]} == {"옥천동", "초당동", "주문진읍"}
    assert rest["pageInfo"]["hasNextPage"] is False
    (hangang,) = (await sqlite_sensing.data(query, s="한강대로"))["airStations"]["nodes"]
    assert hangang["place"] is None, "listed, though no source gives its coordinates"


@pytest.mark.parametrize(
    ("place", "region", "match"),
    [
        ("37.76450,128.89930", "42150", "NEAREST"),  # Gangneung station
        ("37.55470,126.97070", "11140", "NEAREST"),  # Seoul station, Jung-gu
        ("33.00000,124.50000", None, None),  # at sea
    ],
)
async def test_a_place_is_in_a_region(
    sqlite_sensing: Sensing, place: str, region: str | None, match: str | None
) -> None:
    data = await sqlite_sensing.data(
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Place { region { code } regionMatch } } }",
        r=[{"__typename": "Place", "id": place}],
    )
    assert data["_entities"] == [{"region": region and {"code": region}, "regionMatch": match}]


def test_inside_an_outline_wins_over_a_nearer_middle() -> None:
    wide = Outline.of([((0.0, 0.0), (10.0, 0.0), (10.0, 1.0), (0.0, 1.0))])
    assert wide.box == Box(0.0, 0.0, 10.0, 1.0)
    middles = [("wide", Point(0.5, 5.0)), ("narrow", Point(0.5, 9.95))]
    assert find_region(Point(0.5, 9.9), [("wide", wide)], middles) == ("wide", RegionMatch.INSIDE)
    assert find_region(Point(0.5, 10.1), [("wide", wide)], middles) == ("narrow", RegionMatch.NEAREST)
    assert find_region(Point(0.5, 30.0), [("wide", wide)], middles) is None
    with_bay = Outline.of([((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 1.0), (0.0, 4.0))])
    assert with_bay.contains(Point(3.0, 3.5)) and not with_bay.contains(Point(3.0, 2.0))


async def test_the_latest_readings_of_a_box_come_newest_first(sensing: Sensing) -> None:
    await sensing.store.write(
        [
            sensing.reading("pm10", 40.0, CITY_HALL, minutes_ago=5),
            sensing.reading("pm10", 41.0, CITY_HALL, minutes_ago=4),
            sensing.reading("laeq", 61.0, CITY_HALL, minutes_ago=3),
            sensing.reading("pm10", 50.0, CITY_HALL, minutes_ago=1, device="taxi-2"),
            sensing.reading("pm10", 99.0, (35.18, 129.07), minutes_ago=1, device="taxi-busan"),
        ]
    )
    query = """query($box: BoundingBoxInput!, $kinds: [String!]) { latestReadings(bbox: $box, kinds: $kinds) {
                 device kind value unit at place { id } } }"""
    pm10 = (await sensing.data(query, box=SEOUL_BOX, kinds=["pm10"]))["latestReadings"]
    assert [(reading["device"], reading["value"]) for reading in pm10] == [("taxi-2", 50.0), ("taxi-1", 41.0)]
    assert pm10[0] == {
        "device": "taxi-2", "kind": "pm10", "value": 50.0, "unit": "ug/m3",
        "at": "2026-11-23T15:29:00+09:00", "place": {"id": "37.56630,126.97790"},
    }  # fmt: skip
    assert len((await sensing.data(query, box=SEOUL_BOX))["latestReadings"]) == 3


async def test_history_pages_in_time_order(sensing: Sensing) -> None:
    readings = [sensing.reading("pm10", float(minute), CITY_HALL, minutes_ago=minute) for minute in range(1, 6)]
    await sensing.store.write(readings)
    query = """query($where: BoundingBoxInput, $device: String, $after: String) {
      readingHistory(kind: "pm10", start: "2026-11-23T15:00:00+09:00", end: "2026-11-23T15:29:00+09:00", bbox: $where,
        device: $device, first: 2, after: $after) { nodes { value } pageInfo { hasNextPage endCursor } } }"""
    for where in ({"where": SEOUL_BOX}, {"device": "taxi-1"}):
        seen: list[float] = []
        after, more = None, True
        while more:
            page = (await sensing.data(query, after=after, **where))["readingHistory"]
            seen += [node["value"] for node in page["nodes"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert seen == [5.0, 4.0, 3.0, 2.0]


async def subscribed(sensing: Sensing) -> None:
    """Let the subscription reach the fan-out; it needs a few turns of the event loop and no more."""
    for _ in range(1000):
        if sensing.fanout.subscribers:
            return
        await asyncio.sleep(0)
    raise AssertionError("nobody subscribed")


LIVE = """subscription($kinds: [String!], $box: BoundingBoxInput) { readings(kinds: $kinds, bbox: $box) {
            dropped items { device kind value unit at lat lon place { id } } } }"""


async def test_the_subscription_delivers_what_is_published_in_the_box_and_of_the_kinds(sqlite_sensing: Sensing) -> None:
    sensing = sqlite_sensing
    stream = sensing.subgraph.subscribe(LIVE, {"kinds": ["pm10"], "box": SEOUL_BOX})
    following = asyncio.ensure_future(anext(stream))
    await subscribed(sqlite_sensing)
    sensing.fanout.publish(
        [
            sensing.reading("pm10", 40.0, CITY_HALL),
            sensing.reading("laeq", 60.0, CITY_HALL),
            sensing.reading("pm10", 41.0, (35.18, 129.07)),
        ]
    )
    event = await asyncio.wait_for(following, 5)
    assert event == {
        "data": {
            "readings": {
                "dropped": 0,
                "items": [
                    {
                        "device": "taxi-1", "kind": "pm10", "value": 40.0, "unit": "ug/m3", "lat": 37.5663,
                        "lon": 126.9779, "at": "2026-11-23T15:29:00+09:00", "place": {"id": "37.56630,126.97790"},
                    }
                ],
            }
        }
    }  # fmt: skip
    await stream.aclose()
    assert sensing.fanout.subscribers == 0, "a subscriber that leaves is forgotten"


async def test_the_subscription_ends_with_the_fan_out(sqlite_sensing: Sensing) -> None:
    stream = sqlite_sensing.subgraph.subscribe(LIVE, {})
    following = asyncio.ensure_future(anext(stream, "the end"))
    await subscribed(sqlite_sensing)
    sqlite_sensing.fanout.close()
    assert await asyncio.wait_for(following, 5) == "the end"


def box(**corners: float) -> dict[str, float]:
    return {**SEOUL_BOX, **corners}


BAD_AREAS_AND_KINDS: list[tuple[dict[str, Any], str]] = [
    ({"box": box(west=127.5)}, "BAD_BBOX"),
    ({"box": box(north=30.0)}, "BAD_BBOX"),
    ({"box": box(east=200.0)}, "BAD_BBOX"),
    ({"box": box(south=-91.0)}, "BAD_BBOX"),
    ({"box": {"west": 124, "south": 33, "east": 131, "north": 39}}, "AREA_TOO_LARGE"),
    ({"box": SEOUL_BOX, "kinds": ["pm10", "happiness"]}, "UNKNOWN_KIND"),
    ({"box": SEOUL_BOX, "kinds": ["x" * 10_000]}, "UNKNOWN_KIND"),
    ({"box": SEOUL_BOX, "kinds": []}, "NO_KINDS"),
]


@pytest.mark.parametrize(("variables", "code"), BAD_AREAS_AND_KINDS)
async def test_a_subscription_to_a_bad_area_or_kind_is_refused_with_a_code(
    sqlite_sensing: Sensing, variables: dict[str, Any], code: str
) -> None:
    events = [event async for event in sqlite_sensing.subgraph.subscribe(LIVE, variables)]
    assert [event["errors"][0]["extensions"]["code"] for event in events] == [code]
    assert len(str(events)) < 1000


@pytest.mark.parametrize(("variables", "code"), BAD_AREAS_AND_KINDS)
async def test_a_query_of_a_bad_area_or_kind_is_refused_with_the_same_code(
    sqlite_sensing: Sensing, variables: dict[str, Any], code: str
) -> None:
    query = "query($box: BoundingBoxInput!, $kinds: [String!]) { latestReadings(bbox: $box, kinds: $kinds) { value } }"
    answer = await sqlite_sensing.ask(query, **variables)
    assert answer["errors"][0]["extensions"]["code"] == code
    assert answer["data"] == {"latestReadings": None}


HISTORY = 'readingHistory(kind: "pm10", start: "2026-11-23T00:00:00Z", end: "2026-11-24T00:00:00Z"'


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"{{ {HISTORY}) {{ nodes {{ value }} }} }}", "BOX_OR_DEVICE"),
        (f'{{ {HISTORY}, device: "taxi 1") {{ nodes {{ value }} }} }}', "BAD_DEVICE"),
        (f'{{ {HISTORY}, device: "taxi\\u0000") {{ nodes {{ value }} }} }}', "BAD_DEVICE"),
        (f'{{ {HISTORY}, device: "taxi-1", after: "AAAA") {{ nodes {{ value }} }} }}', "BAD_CURSOR"),
        (f'{{ {HISTORY}, device: "taxi-1", first: 5000) {{ nodes {{ value }} }} }}', "PAGE_SIZE_OUT_OF_RANGE"),
        (
            '{ readingHistory(kind: "x", start: "2026-11-23T00:00:00Z", end: "2026-11-24T00:00:00Z", device: "a") '
            "{ nodes { value } } }",
            "UNKNOWN_KIND",
        ),
        (
            '{ readingHistory(kind: "pm10", start: "2026-11-24T00:00:00Z", end: "2026-11-23T00:00:00Z", device: "a") '
            "{ nodes { value } } }",
            "PERIOD_OUT_OF_RANGE",
        ),
        (
            '{ readingHistory(kind: "pm10", start: "0001-01-01T00:00:00+09:00", end: "9999-12-31T23:59:59Z", '
            'device: "a") { nodes { value } } }',
            "PERIOD_OUT_OF_RANGE",
        ),
        (
            '{ airStation(id: "seoul-jung-gu") { days(start: "2026-01-02", end: "2026-01-01") { totalCount } } }',
            "PERIOD_OUT_OF_RANGE",
        ),
        (
            "{ latestReadings(bbox: {west: 126, south: 37, east: 127, north: 38}, first: 0) { value } }",
            "PAGE_SIZE_OUT_OF_RANGE",
        ),
        ('{ airStations(search: "%s") { totalCount } }' % ("가" * 51), "SEARCH_TOO_LONG"),
        ('{ regions(search: "%s") { totalCount } }' % ("가" * 51), "SEARCH_TOO_LONG"),
    ],
)
async def test_bad_input_has_a_code(sqlite_sensing: Sensing, query: str, code: str) -> None:
    answer = await sqlite_sensing.ask(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


ALL_LATEST = "{ latestReadings(bbox: {west: 126, south: 37, east: 127, north: 38}) { value } }"


async def test_a_store_that_is_down_is_told_as_such(sqlite_sensing: Sensing, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_arguments: Any) -> Any:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(sqlite_sensing.store, "latest", down)
    answer = await sqlite_sensing.ask(
        "{ latestReadings(bbox: {west: 126, south: 37, east: 127, north: 38}) { value } }"
    )
    assert answer["errors"][0]["extensions"]["code"] == "READINGS_UNAVAILABLE"


async def test_served_alone_the_subgraph_answers_without_the_bridge(sqlite_sensing: Sensing) -> None:
    alone = OpenSubgraph(SENSING, sqlite_sensing.subgraph.database, sqlite_sensing.now, {})
    alone.model = sqlite_sensing.subgraph.model
    asked = await alone.execute(ALL_LATEST)
    assert asked["errors"][0]["extensions"]["code"] == "READINGS_UNAVAILABLE"
    events = [event async for event in alone.subscribe(LIVE, {})]
    assert [event["errors"][0]["extensions"]["code"] for event in events] == ["LIVE_UNAVAILABLE"]
    here = await alone.execute(
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on Place { air { pm10 { value } } } } }",
        {"r": [{"__typename": "Place", "id": "37.55470,126.97070"}]},
    )
    assert here["data"]["_entities"][0]["air"]["pm10"]["value"] > 0
