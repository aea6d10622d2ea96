"""The store, on SQLite and on PostgreSQL: what one write does, and what the questions answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensors_bridge.areas import BoundingBox
from sensors_bridge.readings import Reading
from sensors_bridge.store import (
    BadStoreUrl,
    DeadLetter,
    ReadingStore,
    StoreLimits,
    StoreRefused,
    StoreUnavailable,
    Written,
    position_of,
)

NOW = 1_795_392_000_000
STATION = (37.76450, 128.89930)


def reading(device: str = "a", seq: int = 1, *, at: int | None = None, boot: int = 1, **changes: object) -> Reading:
    values = {"lat": 37.5, "lon": 127.0, "kind": "pm10", "value": 30.0, **changes}
    at = NOW + seq * 1000 if at is None else at
    return Reading(device=device, boot=boot, seq=seq, at=at, received=at + 5, **values)  # type: ignore[arg-type]


async def test_a_row_is_stored_once_however_often_it_is_written(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    first, second, third = reading(seq=1), reading(seq=2), reading(seq=3)
    assert await store.write([first, second]) == Written(2, 0)
    assert await store.write([second, third]) == Written(1, 1)
    assert await store.write([first, second, third]) == Written(0, 3)
    assert await store.history("pm10", None, NOW, NOW + 10_000, 10) == [first, second, third]
    await store.aclose()


async def test_one_message_may_carry_many_kinds_and_one_write_the_same_row_twice(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    pm10, pm25 = reading(), reading(kind="pm25", value=12.5)
    assert await store.write([pm10, pm25, pm10]) == Written(2, 1)
    assert await store.latest(["pm25"]) == [pm25]
    assert {row.kind for row in await store.latest()} == {"pm10", "pm25"}
    await store.aclose()


async def test_rows_outlive_the_store(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    await store.write([reading()])
    await store.aclose()
    store = await ReadingStore.open(database_url)
    assert await store.latest() == [reading()]
    await store.aclose()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        pytest.param({"at": NOW}, {"at": NOW + 1}, id="device clock decides"),
        pytest.param({"at": NOW, "boot": 1, "seq": 9}, {"at": NOW, "boot": 2, "seq": 1}, id="then the boot"),
        pytest.param({"at": NOW, "seq": 1}, {"at": NOW, "seq": 2}, id="then the sequence"),
    ],
)
async def test_a_late_reading_is_stored_but_never_becomes_the_latest(
    database_url: str, earlier: dict[str, int], later: dict[str, int]
) -> None:
    store = await ReadingStore.open(database_url)
    old, new = reading(**earlier), reading(**later)
    await store.write([new])
    await store.write([old])
    assert await store.latest() == [new]
    assert sorted(row.at for row in await store.history("pm10", "a", 0, NOW * 2, 10)) == sorted([old.at, new.at])
    await store.aclose()


async def test_latest_by_box_and_kind(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    inside = reading("in", lat=37.5, lon=127.0)
    edge = reading("edge", seq=2, lat=37.51, lon=127.01)
    outside = reading("out", lat=37.52, lon=127.0)
    noise = reading("in", kind="laeq", value=61.0)
    await store.write([inside, edge, outside, noise])
    box = BoundingBox(126.99, 37.49, 127.01, 37.51)
    assert await store.latest(["pm10"], box) == [edge, inside]
    assert await store.latest(None, box, limit=1) == [edge]
    assert {row.device for row in await store.latest(["pm10"], BoundingBox(124, 33, 132, 39))} == {"in", "edge", "out"}
    assert await store.latest([], box) == []
    await store.aclose()


async def test_latest_near_answers_every_point_the_nearest_first(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    lat, lon = STATION
    close = reading("close", lat=lat + 0.001, lon=lon)
    far = reading("far", lat=lat, lon=lon + 0.02)
    stale = reading("stale", at=NOW - 3_600_000, lat=lat, lon=lon)
    other = reading("other", lat=37.5, lon=127.0)
    noise = reading("close", lat=lat, lon=lon, kind="laeq", value=60.0)
    await store.write([far, close, stale, other, noise])
    points = [STATION, (37.5, 127.0), (33.5, 126.5)]
    found = await store.latest_near(points, ["pm10"], 3_000, NOW)
    assert found == [[close, far], [other], []]
    assert await store.latest_near(points, ["pm10"], 500, NOW) == [[close], [other], []]
    assert await store.latest_near(points, ["pm10"], 3_000, NOW, limit=1) == [[close], [other], []]
    assert await store.latest_near([], ["pm10"], 3_000, NOW) == []
    assert await store.latest_near([STATION], [], 3_000, NOW) == [[]]
    gone = reading("close", seq=9, lat=lat + 0.01, lon=lon)
    older = reading("late", at=NOW + 1, lat=lat + 0.0011, lon=lon, value=99.0)
    await store.write([gone, older])
    assert await store.latest_near([STATION], ["pm10"], 500, NOW) == [[close]], "it was measured here, and last"
    assert await store.latest_near([STATION], ["pm10"], 3_000, NOW) == [[close, gone, far]]
    for radius in (0.0, -1.0, 50_001.0, float("nan")):
        with pytest.raises(ValueError, match="radius_m"):
            await store.latest_near(points, ["pm10"], radius, NOW)
    await store.aclose()


async def test_history_pages_without_gap_or_repeat(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    rows = [reading("a" if seq % 2 else "b", seq, at=NOW + seq // 3) for seq in range(1, 20)]
    await store.write(rows)
    rows.sort(key=position_of)
    seen: list[Reading] = []
    while page := await store.history("pm10", None, NOW, NOW + 100, 4, position_of(seen[-1]) if seen else None):
        seen += page
    assert seen == rows
    assert await store.history("pm10", "a", NOW, NOW + 100, 100) == [row for row in rows if row.device == "a"]
    assert await store.history("pm10", BoundingBox(0, 0, 1, 1), NOW, NOW + 100, 100) == []
    assert await store.history("pm10", BoundingBox(126, 37, 128, 38), NOW + 1, NOW + 2, 100) == [
        row for row in rows if row.at == NOW + 1
    ]
    await store.aclose()


async def test_dead_letters_are_counted_for_ever_and_kept_within_bounds(database_url: str) -> None:
    store = await ReadingStore.open(database_url, StoreLimits(dead_letters=3, dead_letter_bytes=4))
    letters = [
        DeadLetter(
            "malformed_json", "byte 0", f"city/seoul/taxi/{number}/readings", b"\xff\x00garbage", 9, NOW + number
        )
        for number in range(5)
    ]
    await store.write([], letters)
    await store.write([reading()], [letters[4]])
    kept = await store.dead_letters()
    assert [(letter.received - NOW, letter.payload, letter.size, letter.times) for letter in kept] == [
        (4, b"\xff\x00ga", 9, 2),
        (3, b"\xff\x00ga", 9, 1),
        (2, b"\xff\x00ga", 9, 1),
    ]
    assert await store.dead_letter_counts() == {"malformed_json": 6}
    odd = DeadLetter("malformed_json", "nul \x00 and \ud800", "t\x00", b"", 0, NOW + 9)
    await store.write([], [odd])
    assert (await store.dead_letters(1))[0].detail == "nul \ufffd and ?"
    await store.aclose()


async def test_a_row_the_database_cannot_hold_is_refused_and_leaves_nothing_behind(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    with pytest.raises(StoreRefused):
        await store.write([reading(seq=1), reading(seq=2, boot=2**70)])
    assert await store.latest() == []
    assert await store.write([reading(seq=1)]) == Written(1, 0)
    await store.aclose()


async def test_purge_keeps_what_is_young(database_url: str) -> None:
    store = await ReadingStore.open(database_url)
    await store.write([reading("old", seq, at=NOW - 10_000 + seq) for seq in range(10)] + [reading("new", at=NOW)])
    assert await store.purge(NOW) == 10
    assert [row.device for row in await store.latest()] == ["new"]
    assert await store.latest_near([(37.5, 127.0)], ["pm10"], 100, 0) == [[reading("new", at=NOW)]]
    assert [row.device for row in await store.history("pm10", None, 0, NOW * 2, 100)] == ["new"]
    await store.aclose()


async def test_a_store_made_by_a_newer_bridge_is_left_alone(database_url: str) -> None:
    from sensors_bridge import store_postgres, store_sqlite
    from sensors_bridge.store import StoreTooNew

    await (await ReadingStore.open(database_url)).aclose()
    for module in (store_sqlite, store_postgres):
        versions, module._VERSIONS = module._VERSIONS, ()
        try:
            if module.__name__.rpartition("_")[2] in database_url:
                with pytest.raises(StoreTooNew, match="version 2"):
                    await ReadingStore.open(database_url)
        finally:
            module._VERSIONS = versions


async def test_an_older_store_is_upgraded_with_its_rows(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from sensors_bridge import store_postgres, store_sqlite

    for module in (store_sqlite, store_postgres):
        monkeypatch.setattr(module, "_VERSIONS", module._VERSIONS[:1])
    await (await ReadingStore.open(database_url)).aclose()
    monkeypatch.undo()
    for _ in range(2):
        store = await ReadingStore.open(database_url)
        await store.write([reading()])
        assert await store.latest_near([(37.5, 127.0)], ["pm10"], 100, 0) == [[reading()]]
        await store.aclose()


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "sqlite:///", "readings.db"])
async def test_a_url_of_no_store_is_named_as_such(url: str) -> None:
    with pytest.raises(BadStoreUrl):
        await ReadingStore.open(url)


async def test_a_store_out_of_reach_says_so(free_port: int, tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    for url in (f"postgresql://nobody@127.0.0.1:{free_port}/none", f"sqlite:///{tmp_path / 'folder.db'}"):
        with pytest.raises(StoreUnavailable):
            await ReadingStore.open(url)
