"""From a device's publish to the store and the subscribers, over real brokers, with both clients."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sensors_bridge.areas import BoundingBox
from sensors_bridge.bridge import BridgeSettings, wall_clock_ms
from sensors_bridge.mqtt import BrokerAddress
from sensors_bridge.readings import Reading
from sensors_bridge.store import DeadLetter, ReadingStore, StoreRefused, Written
from sensors_bridge.topics import Reason


async def test_a_published_reading_is_stored_acknowledged_and_fanned_out(
    broker: BrokerAddress, client: str, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    async with running_bridge(broker, sqlite_url, client=client) as running, device_at(broker) as device:
        watching = running.fanout.subscribe(frozenset({"pm10"}), BoundingBox(126.9, 37.5, 127.0, 37.6))
        await device.send(device.payload(pm10=41.5, laeq=66.0))
        batch = await asyncio.wait_for(anext(watching), 10)
        assert [(row.kind, row.value, row.device) for row in batch.readings] == [("pm10", 41.5, "taxi-1")]
        await until(lambda: running.bridge.counters.acknowledged == 1)
        assert {row.kind: row.value for row in await running.store.latest()} == {"pm10": 41.5, "laeq": 66.0}
        counters = running.bridge.counters
        assert (counters.received, counters.stored, counters.duplicates) == (1, 2, 0)


async def test_both_databases_take_a_burst_in_batches(
    database_url: str, embedded: Any, running_bridge: Any, device_at: Any, until: Any
) -> None:
    async with running_bridge(embedded.address, database_url) as running, device_at(embedded.address) as device:
        for _ in range(10):
            await asyncio.gather(*(device.send(device.payload(pm10=1, pm25=2)) for _ in range(100)))
        await until(lambda: running.bridge.counters.acknowledged == 1_000)
        assert running.bridge.counters.stored == 2_000
        assert running.bridge.counters.batches < 500
        page = await running.store.history("pm25", "taxi-1", 0, 2**52, 5_000)
        assert sorted(row.seq for row in page) == list(range(1, 1_001))


async def test_a_message_sent_again_is_kept_once_but_acknowledged(
    broker: BrokerAddress, client: str, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    async with running_bridge(broker, sqlite_url, client=client) as running, device_at(broker) as device:
        payload = await device.send()
        await asyncio.gather(*(device.send(payload) for _ in range(20)))
        await until(lambda: running.bridge.counters.acknowledged == 21)
        assert running.bridge.counters.duplicates == 20
        assert len(await running.store.history("pm10", None, 0, 2**52, 100)) == 1
    async with running_bridge(broker, sqlite_url, client=client) as running, device_at(broker) as device:
        await device.send(payload)
        await until(lambda: running.bridge.counters.acknowledged == 1)
        assert (running.bridge.counters.stored, running.bridge.counters.known) == (0, 1)


async def test_garbage_becomes_dead_letters_with_reason_and_count_and_does_not_come_back(
    broker: BrokerAddress, client: str, database_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    async with running_bridge(broker, database_url, client=client) as running, device_at(broker) as device:
        await device.send(b"\xff\xfe garbage")
        await device.send(b"{")
        await device.send(b"{")
        await device.send(b"")
        await device.send(b"x" * 100_000)
        await device.send(device.payload(), topic="city/seoul/taxi/somebody-else/readings")
        await device.send(device.payload(at=0))
        await device.send(device.payload(pm10=5_000, laeq=60, warp_factor=9))
        await device.send(json.dumps({"device": "taxi-1"}).encode())
        await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 10)
        expected = {
            Reason.BAD_JSON: 3,
            Reason.BAD_UTF8: 1,
            Reason.TOO_LARGE: 1,
            Reason.DEVICE_MISMATCH: 1,
            Reason.CLOCK_BEHIND: 1,
            Reason.OUT_OF_RANGE: 1,
            Reason.UNKNOWN_KIND: 1,
            Reason.BAD_SHAPE: 1,
        }
        assert running.bridge.counters.rejected == expected
        assert await running.store.dead_letter_counts() == expected
        letters = {(letter.reason, letter.payload[:8]): letter for letter in await running.store.dead_letters()}
        assert letters[Reason.BAD_JSON, b"{"].times == 2
        assert letters[Reason.TOO_LARGE, b"xxxxxxxx"].size == 100_000
        assert len(letters[Reason.TOO_LARGE, b"xxxxxxxx"].payload) == 4_096
        assert letters[Reason.BAD_UTF8, b"\xff\xfe garba"].topic == device.topic
        assert sorted(row.kind for row in await running.store.latest()) == ["laeq", "pm10"]
    async with running_bridge(broker, database_url, client=client) as running, device_at(broker) as device:
        await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 1)
        await asyncio.sleep(0.2)
        assert running.bridge.counters.rejected == {}


async def test_only_values_the_database_refuses_are_left_out(
    embedded: Any, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    store = await ReadingStore.open(sqlite_url)

    class Picky:
        """The real store, except that it refuses one device."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def write(self, readings: list[Reading], letters: list[DeadLetter] = ()) -> Written:  # type: ignore[assignment]
            if any(reading.device == "cursed" for reading in readings):
                raise StoreRefused("no such device")
            return await store.write(readings, letters)

    settings = BridgeSettings(linger_s=0.3)
    async with (
        running_bridge(embedded.address, Picky(), settings=settings) as running,
        device_at(embedded.address, "cursed") as cursed,
        device_at(embedded.address, "good") as good,
    ):
        for _ in range(5):
            await good.send()
        await cursed.send(cursed.payload(pm10=1, pm25=2))
        await good.send()
        await until(lambda: running.bridge.counters.acknowledged == 7)
        assert running.bridge.counters.stored == 6
        assert await store.dead_letter_counts() == {Reason.STORE_REFUSED: 2}
    await store.aclose()


async def test_a_graceful_stop_stores_what_has_arrived(
    broker: BrokerAddress, client: str, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    settings = BridgeSettings(linger_s=60.0, batch_rows=10_000)
    async with running_bridge(broker, sqlite_url, client=client, settings=settings) as running:
        async with device_at(broker) as device:
            for _ in range(50):
                await device.send()
        await until(lambda: running.bridge.counters.received == 50)
        assert await running.store.latest() == []
        await running.stop()
        assert running.bridge.counters.acknowledged == 50
        assert len(await running.store.history("pm10", None, 0, 2**52, 100)) == 50
    async with running_bridge(broker, sqlite_url, client=client) as running:
        await asyncio.sleep(0.3)
        assert running.bridge.counters.received == 0, "acknowledged messages came again"


async def test_old_readings_are_deleted_by_the_retention(
    embedded: Any, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    settings = BridgeSettings(retention_days=1.0, purge_every_s=0.05)
    async with (
        running_bridge(embedded.address, sqlite_url, settings=settings) as running,
        device_at(embedded.address) as device,
    ):
        await device.send(device.payload(at=wall_clock_ms() - 2 * 86_400_000))
        await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 2)
        rows = await running.store.history("pm10", None, 0, 2**52, 10)
        for _ in range(100):
            if len(rows) == 1:
                break
            await asyncio.sleep(0.02)
            rows = await running.store.history("pm10", None, 0, 2**52, 10)
        assert [row.seq for row in rows] == [2]


@pytest.mark.parametrize("share", [None, "bridges"])
async def test_shared_subscriptions_divide_the_messages(
    mosquitto: Any, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any, share: str | None
) -> None:
    from sensors_bridge.mqtt import SourceSettings

    address = BrokerAddress("127.0.0.1", mosquitto.port)
    store = await ReadingStore.open(sqlite_url)
    sources = [SourceSettings(client_id=f"bridge-{number}", share=share) for number in range(2)]
    async with (
        running_bridge(address, store, source=sources[0]) as one,
        running_bridge(address, store, source=sources[1], client="aiomqtt") as two,
        device_at(address) as device,
    ):
        for _ in range(20):
            await device.send()
        each = 20 if share is None else 10
        await until(lambda: (one.bridge.counters.acknowledged, two.bridge.counters.acknowledged) == (each, each))
        assert one.bridge.counters.stored + two.bridge.counters.stored == 20
    await store.aclose()
