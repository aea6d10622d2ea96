"""The live path, measured: device → broker → bridge → store → acknowledgement → fan-out. Run as `bench/live`.

Prints, for each broker and MQTT client:
  latency    publish to fan-out, p50 and p99, at a paced load with one message a wake-up
  ingest     messages and readings a second from a burst with QoS 1, and the CPU that bridge and broker spent a message
The load comes from another process. A figure belongs to the machine and its load; both are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import platform
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import mqtt5

from sensors_bridge.bridge import Bridge, BridgeSettings
from sensors_bridge.broker import EmbeddedBroker
from sensors_bridge.fanout import Fanout
from sensors_bridge.mqtt import BrokerAddress, open_source
from sensors_bridge.store import ReadingStore
from sensors_bridge.topics import encode, topic_of

VALUES = {
    "few": {"pm10": 31.2, "pm25": 14.0, "laeq": 63.5},
    "many": {
        "pm10": 31.2, "pm25": 14.0, "pm1": 9.1, "air_temp": 8.2, "rel_humidity": 61.0, "air_pressure": 1016.2,
        "road_temp": 11.0, "wind_speed": 2.1, "no2": 0.03, "o3": 0.02, "co": 0.5, "co2": 450.0, "laeq": 63.5,
        "lmax": 70.1, "l90": 57.0, "illuminance": 900.0, "street_light": 30.0, "speed": 31.0, "ped_count": 4.0,
        "veh_count": 9.0,
    },
}  # fmt: skip


class Publisher(asyncio.Protocol):
    """A device in its own process, cheap enough not to be the limit: raw packets, one write a batch."""

    def __init__(self, address: BrokerAddress) -> None:
        self.address = address
        self.acknowledged = 0
        self.ready = asyncio.Event()
        self.progress = asyncio.Event()
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        password = None if self.address.password is None else self.address.password.encode()
        hello = mqtt5.ConnectPacket("bench", username=self.address.user, password=password, keep_alive=60)
        self.transport.write(hello.write())

    def data_received(self, data: bytes) -> None:
        buffer = memoryview(self.rest + data)
        position = 0
        while position < len(buffer):
            try:
                packet, length = mqtt5.read(buffer[position:])
            except IndexError:
                break
            position += length
            if isinstance(packet, mqtt5.ConnAckPacket):
                self.ready.set()
            elif isinstance(packet, mqtt5.PubAckPacket):
                self.acknowledged += 1
        self.rest = bytes(buffer[position:])
        self.progress.set()


async def publish(url: str, messages: int, rate: float, values: str, window: int = 1_000) -> None:
    """Publish as one device; `rate` 0 is as fast as the broker acknowledges."""
    address = BrokerAddress.parse(url)
    publisher = Publisher(address)
    await asyncio.get_running_loop().create_connection(lambda: publisher, address.host, address.port)
    await publisher.ready.wait()
    topic, boot, sent = topic_of("seoul", "bench"), time.time_ns() // 1_000_000, 0
    began = time.monotonic()
    while publisher.acknowledged < messages:
        publisher.progress.clear()
        if rate and sent < messages:
            await asyncio.sleep(began + sent / rate - time.monotonic())
            count = 1
        else:
            count = min(window - (sent - publisher.acknowledged), messages - sent)
        packets = []
        for _ in range(count):
            sent += 1
            payload = encode(
                device="bench", boot=boot, seq=sent, at=time.time_ns() // 1_000_000, lat=37.5665, lon=126.978,
                # The microsecond of publishing travels as a value, for the latency.
                values={**VALUES[values], "uptime": time.monotonic_ns() // 1_000 % 10_000_000},
            )  # fmt: skip
            qos = mqtt5.QoS.AT_LEAST_ONCE
            packets.append(mqtt5.PublishPacket(topic, payload, qos=qos, packet_id=(sent - 1) % 65_000 + 1).write())
        publisher.transport.write(b"".join(packets))
        if not rate or not count:
            await asyncio.wait_for(publisher.progress.wait(), 30)


@dataclass(frozen=True)
class Place:
    """A broker to measure: its address and process."""

    name: str
    address: BrokerAddress
    pid: int

    @property
    def url(self) -> str:
        login = "" if self.address.user is None else f"{self.address.user}:{self.address.password}@"
        return f"mqtt://{login}{self.address.host}:{self.address.port}"


@contextlib.asynccontextmanager
async def broker_named(name: str) -> AsyncIterator[Place]:
    if name == "embedded":
        async with EmbeddedBroker() as broker:
            yield Place(name, broker.address, broker.pid or 0)
        return
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder) / "mosquitto.conf"
        configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n"
        )
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(program, "-c", str(configuration), stderr=quiet)
        try:
            await asyncio.sleep(0.5)
            yield Place(name, BrokerAddress("127.0.0.1", port), process.pid)
        finally:
            process.terminate()
            await process.wait()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(place: Place, messages: int, rate: float, values: str) -> asyncio.subprocess.Process:
    arguments = (__file__, "--publish", place.url, str(messages), str(rate), values)
    return await asyncio.create_subprocess_exec(sys.executable, *arguments)


async def measure(place: Place, client: str, store_url: str, options: argparse.Namespace) -> None:
    store = await ReadingStore.open(store_url)
    fanout = Fanout()
    source = open_source(place.address, client=client)  # type: ignore[arg-type]
    bridge = Bridge(source, store, fanout, BridgeSettings(batch_rows=options.batch_rows, linger_s=options.linger))
    running = asyncio.create_task(bridge.run())
    while not source.status.connected:  # noqa: ASYNC110 - a benchmark may poll
        await asyncio.sleep(0.01)

    async with fanout.subscribe(frozenset({"uptime"})) as watching:
        publisher = await load(place, options.paced, options.rate, "few")
        delays: list[float] = []
        while len(delays) < options.paced:
            batch = await asyncio.wait_for(anext(watching), 30)
            now = time.monotonic_ns() // 1_000 % 10_000_000
            delays += [(now - int(reading.value)) % 10_000_000 / 1_000 for reading in batch.readings]
        await publisher.wait()
    cuts = statistics.quantiles(delays, n=100)
    lag = f"p50 {statistics.median(delays):6.2f} ms  p99 {cuts[98]:6.2f} ms"
    print(f"{place.name:10}{client:9}latency  {lag}   at {options.rate:.0f} messages/s", flush=True)

    for values in VALUES:
        before = bridge.counters.copy()
        began, own, brokers = time.monotonic(), time.process_time(), cpu_s(place.pid)
        publisher = await load(place, options.burst, 0, values)
        target, first = before.acknowledged + options.burst, 0.0
        while bridge.counters.acknowledged < target:
            if time.monotonic() - began > 60:
                raise TimeoutError(bridge.counters.line())
            if not first and bridge.counters.received > before.received:
                first, own, brokers = time.monotonic(), time.process_time(), cpu_s(place.pid)
            await asyncio.sleep(0.005)
        took = time.monotonic() - (first or began)
        own, brokers = time.process_time() - own, cpu_s(place.pid) - brokers
        await publisher.wait()
        stored = bridge.counters.stored - before.stored
        own_us, brokers_us = own / options.burst * 1e6, brokers / options.burst * 1e6
        print(
            f"{place.name:10}{client:9}ingest   {options.burst / took:8,.0f} messages/s"
            f" {stored / took:10,.0f} readings/s   bridge {own_us:6.1f} µs and broker {brokers_us:5.1f} µs a message,"
            f" {bridge.counters.batches - before.batches} commits",
            flush=True,
        )
    bridge.stop()
    await running
    await store.aclose()


async def main(options: argparse.Namespace) -> None:
    load_average = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load_average:.2f}, Python {platform.python_version()}")
    for name in options.brokers:
        for client in options.clients:
            async with broker_named(name) as place:
                with tempfile.TemporaryDirectory(dir=options.folder) as folder:
                    await measure(place, client, options.store or f"sqlite:///{folder}/bench.db", options)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/live", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--brokers", nargs="+", default=["embedded", "mosquitto"], choices=["embedded", "mosquitto"])
    parser.add_argument("--clients", nargs="+", default=["aiomqtt", "fast"], choices=["aiomqtt", "fast"])
    parser.add_argument("--store", help="default: a fresh SQLite file for each run; a PostgreSQL URL is kept")
    parser.add_argument("--folder", help="where the SQLite files go (default: the temporary folder)")
    parser.add_argument("--paced", type=int, default=300, help="messages of the latency run")
    parser.add_argument("--rate", type=float, default=100, help="messages a second of the latency run")
    parser.add_argument("--burst", type=int, default=20_000, help="messages of an ingest run")
    parser.add_argument("--batch-rows", type=int, default=BridgeSettings().batch_rows)
    parser.add_argument("--linger", type=float, default=BridgeSettings().linger_s)
    return parser.parse_args()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--publish"]:
        asyncio.run(publish(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]))
    else:
        asyncio.run(main(parsed()))
