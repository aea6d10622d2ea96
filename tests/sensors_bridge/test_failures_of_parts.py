"""Parts that fail while messages flow. In every case: nothing lost, nothing stored twice, and it goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import pytest

from sensors_bridge.bridge import BridgeSettings
from sensors_bridge.broker import EmbeddedBroker, answers
from sensors_bridge.fanout import FanoutBatch
from sensors_bridge.mqtt import BrokerAddress
from sensors_bridge.store import ReadingStore

ROOT = Path(__file__).parents[2]
EVERYTHING = (0, 2**52, 100_000)


async def bridge_process(address: BrokerAddress | str, store: str, client: str = "fast") -> asyncio.subprocess.Process:
    """`python -m sensors_bridge run`, as an operator starts it; it logs that it is connected before this returns."""
    if isinstance(address, BrokerAddress):
        login = "" if address.user is None else f"{address.user}:{address.password}@"
        address = f"mqtt://{login}{address.host}:{address.port}"
    arguments = ("run", "--broker", address, "--store", store, "--client", client)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sensors_bridge",
        *arguments,
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while line := await asyncio.wait_for(process.stderr.readline(), 20):
        if b"connected to" in line:
            return process
    pytest.fail("the bridge did not start")


async def kill(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGKILL)
    await process.wait()


async def stored_sequences(store: ReadingStore, kind: str = "pm10") -> list[int]:
    return sorted(row.seq for row in await store.history(kind, None, *EVERYTHING))


@pytest.mark.parametrize(
    ("broker", "client", "database_url"),
    [
        ("mosquitto", "aiomqtt", "postgresql"),
        ("mosquitto", "fast", "sqlite"),
        ("embedded", "aiomqtt", "sqlite"),
        ("embedded", "fast", "postgresql"),
    ],
    indirect=True,
)
async def test_a_bridge_killed_in_mid_batch_loses_and_doubles_nothing(
    broker: BrokerAddress, client: str, database_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    """`kill -9` four times while a device publishes without pause, then once more under a graceful bridge's eyes."""
    count = 4_000
    async with device_at(broker) as device:
        process = await bridge_process(broker, database_url, client)

        async def publish() -> None:
            for _ in range(count // 100):
                await asyncio.gather(*(device.send(device.payload(pm10=1, pm25=2)) for _ in range(100)))
                await asyncio.sleep(0.02)

        publishing = asyncio.create_task(publish())
        kills = 0
        while not publishing.done() and kills < 4:
            await asyncio.sleep(0.15)
            await kill(process)
            kills += 1
            process = await bridge_process(broker, database_url, client)
        await publishing
        await kill(process)
    assert kills >= 2
    async with running_bridge(broker, database_url, client=client) as running:
        for _ in range(1_500):
            if len(await stored_sequences(running.store, "pm25")) >= count:
                break
            await asyncio.sleep(0.01)
        everyone = list(range(1, count + 1))
        assert await stored_sequences(running.store, "pm10") == everyone
        assert await stored_sequences(running.store, "pm25") == everyone


async def test_a_broker_that_restarts_is_found_again_and_the_session_goes_on(
    mosquitto: Any, client: str, sqlite_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    address = BrokerAddress("127.0.0.1", mosquitto.port)
    async with running_bridge(address, sqlite_url, client=client) as running:
        seq = 0
        for _ in range(3):
            async with device_at(address) as device:
                device.seq = seq
                await asyncio.gather(*(device.send() for _ in range(50)))
                seq = device.seq
            mosquitto.process.terminate()
            mosquitto.process.wait()
            await asyncio.sleep(0.05)
            mosquitto.start()
        await until(lambda: running.bridge.counters.stored == seq)
        assert await stored_sequences(running.store) == list(range(1, seq + 1))
        status = running.bridge._source.status
        assert status.failures >= 2
        await until(lambda: status.connected)


async def test_a_bridge_starts_before_its_broker(
    free_port: int, client: str, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    from sensors_bridge.bridge import Bridge
    from sensors_bridge.broker import BrokerSettings
    from sensors_bridge.mqtt import open_source

    broker = EmbeddedBroker(BrokerSettings(port=free_port))
    broker._port = free_port
    store = await ReadingStore.open(sqlite_url)
    source = open_source(broker.address, client=client)  # type: ignore[arg-type]
    bridge = Bridge(source, store)
    running = asyncio.create_task(bridge.run())
    await until(lambda: source.status.failures >= 2)
    assert source.status.last_problem
    async with broker, device_at(broker.address) as device:
        await until(lambda: source.status.connected)
        await device.send()
        await until(lambda: bridge.counters.acknowledged == 1)
        bridge.stop()
        await running
    await store.aclose()


async def test_an_embedded_broker_that_dies_is_started_again(
    sqlite_url: str, client: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    async with EmbeddedBroker() as broker, running_bridge(broker.address, sqlite_url, client=client) as running:
        async with device_at(broker.address) as device:
            await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 1)
        assert broker.pid is not None
        os.kill(broker.pid, signal.SIGKILL)
        await until(lambda: broker.restarts == 1)
        await until(lambda: running.bridge._source.status.connected)
        async with device_at(broker.address, "taxi-2") as device:
            await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 2)


async def test_the_embedded_broker_ends_with_its_parent_however_that_dies(sqlite_url: str, until: Any) -> None:
    process = await bridge_process("embedded", sqlite_url)
    assert process.stdout is not None
    url = (await asyncio.wait_for(process.stdout.readline(), 10)).decode().strip()
    address = BrokerAddress.parse(url)
    assert await answers(address)
    await kill(process)

    def refused() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((address.host, address.port)) != 0

    await until(refused, 5)


async def test_strangers_cannot_use_the_embedded_broker(embedded: EmbeddedBroker) -> None:
    assert embedded.address.host == "127.0.0.1"
    async with EmbeddedBroker() as other:
        assert other.address.password != embedded.address.password
    for user, password in ((None, None), ("hub", "guess"), ("root", embedded.address.password)):
        with pytest.raises(aiomqtt.MqttError):
            async with aiomqtt.Client(
                embedded.address.host,
                embedded.address.port,
                username=user,
                password=password,
                protocol=aiomqtt.ProtocolVersion.V5,
                timeout=0.5,
            ):
                pass
    assert embedded.address.password not in repr(embedded.address) + embedded.address.shown


@pytest.mark.parametrize(("broker", "client"), [("mosquitto", "aiomqtt"), ("embedded", "fast")], indirect=True)
async def test_a_locked_database_holds_the_acknowledgements_until_it_is_free(
    broker: BrokerAddress, client: str, sqlite_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    async with running_bridge(broker, sqlite_url, client=client) as running, device_at(broker) as device:
        await device.send()
        await until(lambda: running.bridge.counters.acknowledged == 1)
        watching = running.fanout.subscribe()
        path = "/" + urlsplit(sqlite_url).path.lstrip("/")
        lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("begin immediate")
        for _ in range(30):
            await device.send()
        await until(lambda: running.bridge.counters.retries >= 1)
        assert running.bridge.counters.acknowledged == 1
        live: FanoutBatch = await asyncio.wait_for(anext(watching), 1)
        assert live.readings[0].seq == 2, "live readings go on while the store is locked"
        lock.execute("rollback")
        lock.close()
        await until(lambda: running.bridge.counters.acknowledged == 31)
        assert await stored_sequences(running.store) == list(range(1, 32))


async def test_a_full_disk_is_waited_out(
    embedded: EmbeddedBroker, sqlite_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    store: Any = await ReadingStore.open(sqlite_url)
    pages = await store._write(lambda connection: connection.execute("pragma page_count").fetchone()[0])
    await store._write(lambda connection: connection.execute(f"pragma max_page_count = {pages + 2}").fetchone())
    async with running_bridge(embedded.address, store) as running, device_at(embedded.address) as device:
        for _ in range(20):
            await asyncio.gather(*(device.send() for _ in range(50)))
        await until(lambda: running.bridge.counters.retries >= 2)
        assert running.bridge.counters.acknowledged < 1_000
        await store._write(lambda connection: connection.execute("pragma max_page_count = 100000").fetchone())
        await until(lambda: running.bridge.counters.acknowledged == 1_000)
        assert await stored_sequences(store) == list(range(1, 1_001))
    await store.aclose()


@asynccontextmanager
async def cuttable_wire(port: int) -> AsyncIterator[tuple[int, Any, Any]]:
    """A TCP relay to a port, with `cut` and `mend`: a database that goes away and comes back."""
    wires: set[asyncio.StreamWriter] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        wires.update((writer, there_writer))

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65_536):
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        await asyncio.gather(copy(reader, there_writer), copy(there_reader, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    here = server.sockets[0].getsockname()[1]

    async def cut() -> None:
        server.close()
        for writer in wires:
            writer.transport.abort()
        wires.clear()

    async def mend() -> None:
        nonlocal server
        server = await asyncio.start_server(relay, "127.0.0.1", here)

    yield here, cut, mend
    await cut()


async def test_a_postgresql_that_goes_away_and_comes_back(
    embedded: EmbeddedBroker, postgres_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    port = urlsplit(postgres_url).port
    assert port is not None
    async with cuttable_wire(port) as (here, cut, mend):
        url = postgres_url.replace(f":{port}/", f":{here}/")
        async with running_bridge(embedded.address, url) as running, device_at(embedded.address) as device:
            for _ in range(10):
                await device.send()
            await until(lambda: running.bridge.counters.acknowledged == 10)
            await cut()
            for _ in range(10):
                await device.send()
            await until(lambda: running.bridge.counters.retries >= 2)
            assert running.bridge.counters.acknowledged == 10
            await mend()
            await until(lambda: running.bridge.counters.acknowledged == 20)
            assert await stored_sequences(running.store) == list(range(1, 21))


async def test_a_store_that_stays_away_bounds_what_is_taken_and_stop_still_returns(
    mosquitto: Any, client: str, postgres_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    from sensors_bridge.mqtt import SourceSettings

    port = urlsplit(postgres_url).port
    assert port is not None
    address = BrokerAddress("127.0.0.1", mosquitto.port)
    settings = BridgeSettings(drain_s=0.2, batch_rows=10)
    source = SourceSettings(receive_maximum=40)
    async with cuttable_wire(port) as (here, cut, _):
        url = postgres_url.replace(f":{port}/", f":{here}/")
        async with (
            running_bridge(address, url, client=client, settings=settings, source=source) as running,
            device_at(address) as device,
        ):
            await cut()
            for _ in range(3):
                await asyncio.gather(*(device.send() for _ in range(100)))
            await until(lambda: running.bridge.counters.retries >= 2)
            assert running.bridge.counters.received <= 40, "more was taken than Receive Maximum allows"
            await running.stop()
            assert running.bridge.counters.acknowledged == 0
    async with running_bridge(address, postgres_url, client=client) as running:
        await until(lambda: running.bridge.counters.acknowledged == 300)
        assert await stored_sequences(running.store) == list(range(1, 301))


async def test_a_slow_store_holds_the_broker_back_without_losing_the_connection(
    broker: BrokerAddress, client: str, sqlite_url: str, device_at: Any, running_bridge: Any, until: Any
) -> None:
    """Neither broker keeps to Receive Maximum under load (docs/adr/0047), so the source has to."""
    from sensors_bridge.mqtt import SourceSettings

    store = await ReadingStore.open(sqlite_url)
    backlog: list[int] = []

    class Slow:
        """The real store, with a slow disk."""

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        async def write(self, *batch: Any) -> Any:
            backlog.append(len(running.bridge._source._pending))
            await asyncio.sleep(0.02)
            return await store.write(*batch)

    settings, source = BridgeSettings(batch_rows=10), SourceSettings(receive_maximum=50)
    async with (
        running_bridge(broker, Slow(), client=client, settings=settings, source=source) as running,
        device_at(broker) as device,
    ):
        for _ in range(10):
            await asyncio.gather(*(device.send() for _ in range(100)))
        await until(lambda: running.bridge.counters.acknowledged == 1_000)
        assert running.bridge._source.status.failures == 0
        assert max(backlog) < 500
        assert await stored_sequences(store) == list(range(1, 1_001))
    await store.aclose()
