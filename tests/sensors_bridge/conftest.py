"""Devices that publish over a real broker, and bridges that run beside the test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiomqtt
import pytest

from sensors_bridge.bridge import Bridge, BridgeSettings, wall_clock_ms
from sensors_bridge.broker import EmbeddedBroker
from sensors_bridge.fanout import Fanout
from sensors_bridge.mqtt import BrokerAddress, SourceSettings, open_source
from sensors_bridge.store import ReadingStore
from sensors_bridge.topics import encode, topic_of


@dataclass
class Device:
    """A roof light: publishes with QoS 1 and returns when the broker has the message."""

    client: aiomqtt.Client
    name: str = "taxi-1"
    city: str = "seoul"
    boot: int = 1
    seq: int = field(default=0)

    @property
    def topic(self) -> str:
        return topic_of(self.city, self.name)

    def payload(self, *, seq: int | None = None, at: int | None = None, **values: float) -> bytes:
        if seq is None:
            self.seq += 1
            seq = self.seq
        return encode(
            device=self.name,
            boot=self.boot,
            seq=seq,
            at=wall_clock_ms() if at is None else at,
            lat=37.5665,
            lon=126.978,
            values=values or {"pm10": 30.0},
        )

    async def send(self, payload: bytes | None = None, topic: str | None = None) -> bytes:
        payload = self.payload() if payload is None else payload
        await self.client.publish(topic or self.topic, payload, qos=1)
        return payload


@asynccontextmanager
async def device_at(address: BrokerAddress, name: str = "taxi-1") -> AsyncIterator[Device]:
    client = aiomqtt.Client(
        address.host,
        address.port,
        username=address.user,
        password=address.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        identifier=f"device-{name}",
    )
    client.pending_calls_threshold = 10_000
    async with client:
        yield Device(client, name)


@dataclass
class Running:
    """A bridge under test with its parts."""

    bridge: Bridge
    store: ReadingStore
    fanout: Fanout
    task: asyncio.Task[None]

    async def stop(self) -> None:
        self.bridge.stop()
        await asyncio.wait_for(self.task, 20)


@asynccontextmanager
async def running_bridge(
    address: BrokerAddress,
    store: ReadingStore | str,
    *,
    client: str = "fast",
    settings: BridgeSettings | None = None,
    source: SourceSettings | None = None,
) -> AsyncIterator[Running]:
    """A bridge that is connected; stopped gracefully at the end, unless the test did."""
    async with AsyncExitStack() as stack:
        if isinstance(store, str):
            store = await ReadingStore.open(store)
            stack.push_async_callback(store.aclose)
        fanout = Fanout()
        mqtt = open_source(address, source, client)  # type: ignore[arg-type]
        bridge = Bridge(mqtt, store, fanout, settings)
        running = Running(bridge, store, fanout, asyncio.create_task(bridge.run()))
        try:
            await until(lambda: mqtt.status.connected or running.task.done())
            yield running
        finally:
            if not running.task.done():
                await running.stop()
            else:
                running.task.result()


async def until(true: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait for a condition, and fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedBroker]:
    """An embedded broker of this test alone."""
    async with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[BrokerAddress]:
    """Each test runs on a real Mosquitto and on the embedded broker."""
    if request.param == "mosquitto":
        yield BrokerAddress("127.0.0.1", request.getfixturevalue("mosquitto").port)
        return
    async with EmbeddedBroker() as embedded_broker:
        yield embedded_broker.address


@pytest.fixture(params=["aiomqtt", "fast"])
def client(request: pytest.FixtureRequest) -> str:
    """Each test runs with both MQTT clients."""
    return str(request.param)


@pytest.fixture(name="device_at")
def _device_at() -> Callable[..., AbstractAsyncContextManager[Device]]:
    return device_at


@pytest.fixture(name="running_bridge")
def _running_bridge() -> Callable[..., AbstractAsyncContextManager[Running]]:
    return running_bridge


@pytest.fixture(name="until")
def _until() -> Callable[..., Awaitable[None]]:
    return until
