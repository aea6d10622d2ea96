"""The fan-out: who gets what, and what happens to those who do not keep up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors_bridge.areas import (
    BadBox,
    BoundingBox,
    box_around,
    cell_count,
    cell_of,
    cell_rows,
    cell_runs,
    metres_between,
)
from sensors_bridge.fanout import Fanout, FanoutBatch, FanoutClosed
from sensors_bridge.readings import Reading, origin_of

SEOUL = BoundingBox(126.76, 37.41, 127.19, 37.71)
KOREA = BoundingBox(124, 33, 132, 39)


def reading(device: str = "a", seq: int = 1, lat: float = 37.5, lon: float = 127.0, kind: str = "pm10") -> Reading:
    return Reading(device, 1, seq, 1_000 + seq, 2_000 + seq, lat, lon, kind, float(seq))


async def received(subscription: Any) -> list[Reading]:
    await subscription.aclose()
    return [row async for batch in subscription for row in batch.readings]


@pytest.mark.parametrize(
    ("kinds", "box", "gets"),
    [
        pytest.param(None, None, True, id="everything"),
        pytest.param({"pm10"}, None, True, id="its kind, everywhere"),
        pytest.param({"laeq", "pm10"}, SEOUL, True, id="its kind in its city"),
        pytest.param(None, KOREA, True, id="a box too wide to index"),
        pytest.param({"laeq"}, None, False, id="another kind"),
        pytest.param(frozenset(), None, False, id="no kind"),
        pytest.param(None, BoundingBox(127.001, 37.4, 127.2, 37.6), False, id="a box that shares only the cell"),
        pytest.param(None, BoundingBox(127.0, 37.5, 127.0, 37.5), True, id="a box that is the very point"),
        pytest.param({"laeq"}, KOREA, False, id="another kind in a wide box"),
    ],
)
async def test_a_reading_goes_to_those_who_asked_for_it(
    kinds: set[str] | None, box: BoundingBox | None, gets: bool
) -> None:
    fanout = Fanout()
    subscription = fanout.subscribe(None if kinds is None else frozenset(kinds), box)
    fanout.publish([reading()])
    assert await received(subscription) == ([reading()] if gets else [])
    assert fanout.subscribers == 0
    assert fanout._index == {}


async def test_order_is_kept_and_a_batch_is_what_came_since_the_last() -> None:
    fanout = Fanout()
    async with fanout.subscribe() as subscription:
        fanout.publish([reading(seq=1), reading(seq=2)])
        fanout.publish([reading(seq=3)])
        assert await anext(subscription) == FanoutBatch((reading(seq=1), reading(seq=2), reading(seq=3)), 0)
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        fanout.publish([reading(seq=4)])
        assert await waiting == FanoutBatch((reading(seq=4),), 0)


async def test_who_falls_behind_gets_the_latest_of_each_and_is_told_the_number_left_out() -> None:
    fanout = Fanout(capacity=10)
    slow, quick = fanout.subscribe(), fanout.subscribe()
    seen: list[Reading] = []
    for seq in range(1, 101):
        fanout.publish([reading("a", seq), reading("b", seq)])
        seen += (await anext(quick)).readings
    assert len(seen) == 200
    batch = await anext(slow)
    assert len(batch.readings) <= 10
    assert batch.dropped == 200 - len(batch.readings) == fanout.dropped
    latest = {row.device: row.seq for row in batch.readings}
    assert latest == {"a": 100, "b": 100}
    fanout.publish([reading("c", 1)])
    assert await anext(slow) == FanoutBatch((reading("c", 1),), 0)


async def test_an_older_reading_does_not_displace_a_newer_one_in_the_backlog() -> None:
    fanout = Fanout(capacity=4)
    slow = fanout.subscribe()
    fanout.publish([reading(seq=9), reading(seq=3), reading(seq=4), reading(seq=5), reading("b")])
    batch = await anext(slow)
    assert [(row.device, row.seq) for row in batch.readings] == [("a", 9), ("b", 1)]


async def test_more_devices_than_room_keeps_the_newest_within_the_bound() -> None:
    fanout = Fanout(capacity=100)
    slow = fanout.subscribe()
    fanout.publish([reading(f"d{number}", number) for number in range(1, 10_001)])
    batch = await anext(slow)
    assert len(batch.readings) <= 100
    assert batch.readings[-1].device == "d10000"
    assert batch.dropped == 10_000 - len(batch.readings)


async def test_closing_ends_the_iteration_after_what_is_pending() -> None:
    fanout = Fanout(max_subscribers=2)
    one, two = fanout.subscribe(), fanout.subscribe()
    with pytest.raises(FanoutClosed):
        fanout.subscribe()
    fanout.publish([reading()])
    waiting = asyncio.create_task(received(two))
    fanout.close()
    assert [batch.readings async for batch in one] == [(reading(),)]
    assert await waiting == [reading()]
    with pytest.raises(FanoutClosed):
        fanout.subscribe()
    await one.aclose()


lats, lons = st.floats(33, 39), st.floats(124, 132)


@given(lats, lons, lats, lons, lats, lons)
def test_the_runs_of_a_box_hold_the_cell_of_every_point_in_it(
    south: float, west: float, north: float, east: float, lat: float, lon: float
) -> None:
    south, north = sorted((south, north))
    west, east = sorted((west, east))
    box = BoundingBox(west, south, east, north)
    runs = list(cell_runs(box))
    assert (len(runs), sum(last - first + 1 for first, last in runs)) == (cell_rows(box), cell_count(box))
    if box.contains(lat, lon):
        assert any(first <= cell_of(lat, lon) <= last for first, last in runs)


@given(lats, lons, st.floats(0.0001, 1), st.floats(0, 6.28), st.floats(1, 50_000))
def test_a_circle_lies_within_the_box_around_it(
    lat: float, lon: float, share: float, bearing: float, radius: float
) -> None:
    import math

    other_lat = lat + share * radius / 111_195 * math.cos(bearing)
    other_lon = lon + share * radius / 111_195 * math.sin(bearing) / math.cos(math.radians(lat))
    if metres_between(lat, lon, other_lat, other_lon) <= radius * 0.999:
        assert box_around(lat, lon, radius).contains(other_lat, other_lon)


def test_distances_are_those_of_the_globe() -> None:
    assert metres_between(37.5547, 126.9707, 37.7645, 128.8993) == pytest.approx(171_500, rel=0.01)
    assert metres_between(37, 127, 37, 127) == 0


@pytest.mark.parametrize(
    "corners", [(127, 37, 126, 38), (126, 38, 127, 37), (126, 37, float("nan"), 38), (-181, 0, 0, 0), (0, 0, 0, 91)]
)
def test_what_is_not_a_box_is_refused(corners: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadBox):
        BoundingBox(*corners)


def test_the_id_says_where_a_reading_comes_from() -> None:
    assert [origin_of(device) for device in ("sim-seoul-0001", "demo-gangneung-01", "seoul-1")] == [
        "simulated",
        "demonstration",
        "device",
    ]
