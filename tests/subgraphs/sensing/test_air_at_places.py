"""The air at a place: which source answers, and at what price for the databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, update

from sensors_bridge.store import StoreUnavailable
from subgraphs.kit.context import Context
from subgraphs.sensing.models import HourlyRow
from subgraphs.sensing.service.stations import fill_simulated, keep_simulated
from tests.subgraphs.sensing.conftest import Sensing

GANGNEUNG = "37.76450,128.89930"
SEOUL = "37.55470,126.97070"
AT_SEA = "33.00000,124.50000"
NEAR = (37.7650, 128.9000)  # 83 m from the station of Gangneung

AIR = """query($places: [_Any!]!) { _entities(representations: $places) { ... on Place { id air {
  pm10 { value unit grade gradeName(lang: KO) observedAt source distanceKm stationName(lang: KO) stale }
  pm25 { value source stationName(lang: EN) } o3 { value unit } no2 { value } co { value } so2 { value }
  cai { value grade dominant source stationName(lang: KO) } } } } }"""


def places(*ids: str) -> list[dict[str, str]]:
    return [{"__typename": "Place", "id": place_id} for place_id in ids]


async def air(sensing: Sensing, *ids: str) -> list[Any]:
    data = await sensing.data(AIR, places=places(*ids))
    return [entity and entity["air"] for entity in data["_entities"]]


async def test_without_roof_lights_the_nearest_station_answers_and_says_it_is_simulated(sensing: Sensing) -> None:
    (here,) = await air(sensing, GANGNEUNG)
    assert here["pm10"] == {
        "value": here["pm10"]["value"],
        "unit": "ug/m3",
        "grade": here["pm10"]["grade"],
        "gradeName": {"GOOD": "좋음", "MODERATE": "보통", "UNHEALTHY": "나쁨"}[here["pm10"]["grade"]],
        "observedAt": "2026-11-23T15:00:00+09:00",
        "source": "SIMULATED",
        "distanceKm": pytest.approx(0.58, abs=0.01),
        "stationName": "옥천동",
        "stale": False,
    }
    assert here["o3"]["unit"] == "[ppm]"
    assert all(here[pollutant]["value"] > 0 for pollutant in ("pm25", "o3", "no2", "co", "so2"))
    assert here["cai"]["stationName"] == "옥천동"
    assert here["cai"]["value"] > 0


@pytest.mark.parametrize(
    ("value", "grade"), [(30.4, "GOOD"), (31, "MODERATE"), (91.4, "UNHEALTHY"), (151, "VERY_UNHEALTHY")]
)
async def test_a_fresh_roof_light_nearby_comes_first_and_stations_fill_the_rest(
    sqlite_sensing: Sensing, value: float, grade: str
) -> None:
    await sqlite_sensing.store.write([sqlite_sensing.reading("pm10", value, NEAR, minutes_ago=2)])
    (here,) = await air(sqlite_sensing, GANGNEUNG)
    assert here["pm10"]["value"] == value
    assert here["pm10"]["grade"] == grade
    assert here["pm10"]["observedAt"] == "2026-11-23T15:28:00+09:00"
    assert (here["pm10"]["source"], here["pm10"]["stationName"], here["pm10"]["distanceKm"]) == (
        "ROOF_LIGHT",
        None,
        0.083,
    )
    assert (here["pm25"]["source"], here["pm25"]["stationName"]) == ("SIMULATED", "Okcheon-dong, Gangneung")


@pytest.mark.parametrize(
    ("where", "minutes_ago", "answers"),
    [
        ((37.7650, 128.9000), 59, True),
        ((37.7650, 128.9000), 61, False),
        ((37.7730, 128.8993), 1, True),  # 945 m
        ((37.7736, 128.8993), 1, False),  # 1012 m
    ],
)
async def test_a_roof_light_answers_within_a_kilometre_and_an_hour(
    sensing: Sensing, where: tuple[float, float], minutes_ago: float, answers: bool
) -> None:
    await sensing.store.write([sensing.reading("pm10", 77.0, where, minutes_ago=minutes_ago)])
    (here,) = await air(sensing, GANGNEUNG)
    assert (here["pm10"]["source"] == "ROOF_LIGHT") is answers


async def test_of_several_roof_lights_the_nearest_answers(sqlite_sensing: Sensing) -> None:
    await sqlite_sensing.store.write(
        [
            sqlite_sensing.reading("pm10", 10.0, (37.7680, 128.8993), device="far"),
            sqlite_sensing.reading("pm10", 20.0, (37.7650, 128.8993), device="near", minutes_ago=30),
        ]
    )
    (here,) = await air(sqlite_sensing, GANGNEUNG)
    assert here["pm10"]["value"] == 20.0


async def test_a_batch_of_places_asks_each_store_once(sensing: Sensing, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    engine = sensing.subgraph.database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    asked: list[int] = []
    latest_near = sensing.store.latest_near

    async def counted(points: Sequence[tuple[float, float]], *arguments: Any) -> Any:
        asked.append(len(points))
        return await latest_near(points, *arguments)

    monkeypatch.setattr(sensing.store, "latest_near", counted)
    answers = await air(sensing, GANGNEUNG, SEOUL, "36.35040,127.38450", AT_SEA, GANGNEUNG)
    assert asked == [4], "the same place is asked for once"
    assert len(statements) == 2, "one for the pollutants, one for the index"
    assert answers[0] == answers[4]
    assert answers[1]["pm25"]["stationName"] == "Jung-gu"
    assert answers[3] == dict.fromkeys(("pm10", "pm25", "o3", "no2", "co", "so2", "cai"))


async def test_references_are_resolved_in_order_and_unknown_ones_are_null(sqlite_sensing: Sensing) -> None:
    data = await sqlite_sensing.data(
        """query($r: [_Any!]!) { _entities(representations: $r) {
             ... on Place { id } ... on Region { code name(lang: EN) } } }""",
        r=[
            {"__typename": "Place", "id": "x"},
            {"__typename": "Region", "code": "42150"},
            {"__typename": "Region", "code": "00000"},
            {"__typename": "Place", "id": SEOUL},
        ],
    )
    assert data["_entities"] == [None, {"code": "42150", "name": "Gangneung"}, None, {"id": SEOUL}]


async def test_without_the_readings_store_stations_answer_alone(
    sqlite_sensing: Sensing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_arguments: Any) -> Any:
        raise StoreUnavailable("locked")

    monkeypatch.setattr(sqlite_sensing.store, "latest_near", down)
    (here,) = await air(sqlite_sensing, GANGNEUNG)
    assert here["pm10"]["source"] == "SIMULATED"


async def test_old_station_rows_are_told_to_be_stale_and_give_no_index(sensing: Sensing) -> None:
    sensing.moment += timedelta(hours=3)
    assert (await air(sensing, GANGNEUNG))[0]["pm10"]["stale"] is True
    assert (await air(sensing, GANGNEUNG))[0]["cai"] is None
    await fill_simulated(sensing.subgraph.database, sensing.moment)
    (here,) = await air(sensing, GANGNEUNG)
    assert (here["pm10"]["stale"], here["pm10"]["observedAt"]) == (False, "2026-11-23T18:00:00+09:00")
    assert here["cai"] is not None


async def test_a_station_that_measures_comes_before_its_simulated_course_and_before_a_silent_neighbour(
    sensing: Sensing,
) -> None:
    okcheon = HourlyRow.station_id == "gangneung-okcheon-dong"
    async with sensing.subgraph.database.write() as session:
        at_ms = int(sensing.moment.timestamp()) // 3600 * 3_600_000
        measured = {"origin": "STATION", "pm10": 12.0, "pm25": None}
        await session.execute(update(HourlyRow).where(okcheon, HourlyRow.at_ms == at_ms).values(**measured))
    await fill_simulated(sensing.subgraph.database, sensing.moment)
    (here,) = await air(sensing, GANGNEUNG)
    assert (here["pm10"]["value"], here["pm10"]["source"], here["pm10"]["grade"]) == (12.0, "STATION", "GOOD")
    assert here["pm25"]["stationName"] == "Chodang-dong, Gangneung", "the next station where one has no value"

    async with sensing.subgraph.database.write() as session:
        await session.execute(delete(HourlyRow).where(okcheon))
    (here,) = await air(sensing, GANGNEUNG)
    assert here["pm10"]["stationName"] == "초당동"


async def test_the_background_writes_each_hour_and_forgets_after_a_week(sensing: Sensing) -> None:
    context: Context = sensing.subgraph.context()
    sensing.moment += timedelta(days=8)
    await fill_simulated(context.database, sensing.moment)
    data = await sensing.data(
        """{ airStation(id: "gangneung-okcheon-dong") { latest { at source }
             hours(start: "2026-11-20T00:00:00+09:00", end: "2026-12-02T00:00:00+09:00", first: 500) {
               totalCount nodes { at } } } }"""
    )
    station = data["airStation"]
    assert station["latest"] == {"at": "2026-12-01T15:00:00+09:00", "source": "SIMULATED"}
    assert station["hours"]["totalCount"] == 24
    assert keep_simulated in sensing.subgraph.subgraph.background
