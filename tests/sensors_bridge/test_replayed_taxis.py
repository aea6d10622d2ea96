"""The simulated taxis: repeatable, plausible, and there where the hub's flagship query looks."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice, pairwise
from statistics import correlation
from typing import Any

import pytest

from sensors_bridge.areas import metres_between
from sensors_bridge.bridge import wall_clock_ms
from sensors_bridge.readings import origin_of
from sensors_bridge.replay import ReplaySettings, replay
from sensors_bridge.streets import DAEGWALLYEONG, DAEJEON, GANGNEUNG, GANGNEUNG_STATION, INCHEON, SEOUL
from sensors_bridge.taxis import Sample, drive, fleet
from sensors_bridge.topics import decode

START = 1_795_392_000_000
STATION = (37.76450, 128.89930)
LODGE = (37.710384, 128.787279)


def samples(count: int, *, taxis: int = 8, seed: int = 1, rate: float = 0.2, start: int = START) -> list[Sample]:
    return list(islice(drive(fleet(taxis, seed, 1), rate, start), count))


def test_the_same_seed_and_start_give_the_same_bytes() -> None:
    once, again, other = samples(500), samples(500), samples(500, seed=2)
    assert [sample.payload for sample in once] == [sample.payload for sample in again]
    assert [sample.payload for sample in once] != [sample.payload for sample in other]


@pytest.mark.parametrize("rate", [0.05, 0.2, 1.0, 5.0])
def test_every_message_is_accepted_whole(rate: float) -> None:
    for sample in samples(2_000, rate=rate):
        decoded = decode(sample.topic, sample.payload, sample.at)
        assert decoded.rejects == ()
        assert decoded.readings


def test_messages_are_spread_evenly_and_in_order() -> None:
    due = [sample.due_ms for sample in samples(1_100, rate=1.0)]
    assert due == sorted(due)
    assert due[-1] == pytest.approx(1_100 / 11 * 1_000, abs=200)
    assert max(later - earlier for earlier, later in pairwise(due)) <= 92


@pytest.mark.parametrize("city", [SEOUL, DAEJEON, INCHEON, GANGNEUNG, GANGNEUNG_STATION, DAEGWALLYEONG])
def test_every_place_can_be_driven_to(city: Any) -> None:
    roads = city.neighbours()
    reached, todo = set(), [next(iter(city.places))]
    while todo:
        place = todo.pop()
        if place not in reached:
            reached.add(place)
            todo += roads[place]
    assert reached == set(city.places)
    for place, others in roads.items():
        for other in others:
            assert 200 < metres_between(*city.places[place], *city.places[other]) < 10_000


def test_taxis_move_as_fast_as_they_say() -> None:
    tracks: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples(3_000, rate=1.0):
        tracks[sample.device].append(sample)
    for track in tracks.values():
        for earlier, later in pairwise(track):
            moved = metres_between(earlier.lat, earlier.lon, later.lat, later.lon)
            assert moved < 60 / 3.6 + 25, "a jump"
        driven = sum(sample.values["speed"] / 3.6 for sample in track)
        straight = metres_between(track[0].lat, track[0].lon, track[-1].lat, track[-1].lon)
        assert straight <= driven * 1.1 + 50


def test_values_hang_together() -> None:
    rows = samples(6_000, taxis=1, rate=0.1, start=START)
    day = [sample.values for sample in rows if {"pm10", "pm25", "air_temp", "rel_humidity"} <= sample.values.keys()]
    assert correlation([row["pm10"] for row in day], [row["pm25"] for row in day]) > 0.8
    assert correlation([row["air_temp"] for row in day], [row["rel_humidity"] for row in day]) < -0.5
    assert all(row["pm1"] <= row["pm25"] <= row["pm10"] for row in day)
    noise = [sample.values for sample in rows if {"laeq", "lmax"} <= sample.values.keys()]
    assert all(row["laeq"] <= row["lmax"] for row in noise)


def test_there_are_fresh_dust_readings_where_the_flagship_query_looks() -> None:
    for seed in range(5):
        near: dict[str, int] = defaultdict(int)
        for sample in samples(3 * 120, taxis=0, seed=seed):
            if "pm10" in sample.values and "pm25" in sample.values:
                near["station"] += metres_between(*STATION, sample.lat, sample.lon) < 1_000
                near["lodge"] += metres_between(*LODGE, sample.lat, sample.lon) < 1_000
        assert min(near["station"], near["lodge"]) >= 60, near


def test_the_ids_say_that_nothing_was_measured() -> None:
    origins = {origin_of(sample.device) for sample in samples(100)}
    assert origins == {"simulated", "demonstration"}
    devices = [car.device for car in fleet(40, 1, 1)]
    assert len(set(devices)) == 43
    assert sum(device.startswith("sim-seoul-") for device in devices) == 20


async def test_a_replay_arrives_in_the_store(broker: Any, sqlite_url: str, running_bridge: Any, until: Any) -> None:
    sent: list[Sample] = []
    async with running_bridge(broker, sqlite_url) as running:
        settings = ReplaySettings(taxis=5, messages=400, fast=True)
        assert await replay(broker, settings, sent.append) == 400
        await until(lambda: running.bridge.counters.acknowledged == 400)
        assert running.bridge.counters.rejected == {}
        assert running.bridge.counters.stored == sum(len(sample.values) for sample in sent)
        near = await running.store.latest_near([STATION], ["pm10"], 20_000, wall_clock_ms() - 3_600_000)
        assert {row.device for row in near[0]} == {"demo-gangneung-01", "demo-gangneung-02", "demo-gangneung-03"}


async def test_a_replay_outlives_its_broker(mosquitto: Any, until: Any) -> None:
    import asyncio

    from sensors_bridge.mqtt import BrokerAddress

    sent: list[Sample] = []
    settings = ReplaySettings(taxis=20, rate=5.0, messages=400)
    task = asyncio.create_task(replay(BrokerAddress("127.0.0.1", mosquitto.port), settings, sent.append))
    await until(lambda: len(sent) > 20)
    mosquitto.kill()
    await asyncio.sleep(0.1)
    mosquitto.start()
    assert await asyncio.wait_for(task, 30) == 400
    assert [sample.due_ms for sample in sent] == sorted(sample.due_ms for sample in sent)


@pytest.mark.parametrize(
    "settings",
    [
        ReplaySettings(rate=0),
        ReplaySettings(rate=-1),
        ReplaySettings(rate=float("nan")),
        ReplaySettings(taxis=-1),
        ReplaySettings(taxis=0, demonstration=False),
        ReplaySettings(fast=True),
    ],
)
async def test_settings_that_cannot_be_replayed(settings: ReplaySettings, embedded: Any) -> None:
    with pytest.raises(ValueError, match="replay"):
        await replay(embedded.address, settings)
