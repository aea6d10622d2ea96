"""Live readings: an MQTT device on one side, the npm graphql-ws client on the other, the router between them."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt
import pytest

from tests.conftest import Server
from tests.hub.conftest import ROOT, Hub, start_hub, stop_hub

LIVE = """subscription Live($kinds: [String!], $bbox: BoundingBoxInput) {
  readings(kinds: $kinds, bbox: $bbox) { items { device kind value lat lon } dropped } }"""
GANGNAM = {"west": 127.0, "south": 37.45, "east": 127.1, "north": 37.55}


@pytest.fixture(scope="module")
def live_hub(tmp_path_factory: pytest.TempPathFactory, live_broker: Server) -> Iterator[Hub]:
    """A hub on a Mosquitto of its own, as an operator would run it."""
    broker = f"--broker=mqtt://127.0.0.1:{live_broker.port}"
    running = start_hub(tmp_path_factory.mktemp("live"), "--taxis=0", broker)
    yield running
    stop_hub(running)


class Subscriber:
    """The Node process and its lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, seconds: float = 10) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = await asyncio.wait_for(self.process.stdout.readline(), seconds)
        return dict(json.loads(text)) if text else {}

    async def readings(self, seconds: float = 10) -> tuple[int, list[dict[str, Any]]]:
        event = await self.line(seconds)
        assert "errors" not in event["payload"], event
        return event["at"], event["payload"]["data"]["readings"]["items"]


@asynccontextmanager
async def subscribed(hub: Hub, token: str | None, variables: dict[str, Any]) -> AsyncIterator[Subscriber]:
    process = await asyncio.create_subprocess_exec(
        "node",
        "web/clients/subscribe.mjs",
        hub.url.replace("http", "ws") + "/graphql",
        token or "",
        json.dumps({"query": LIVE, "variables": variables}),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Subscriber(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def message(device: str, seq: int, lat: float, lon: float, **values: float) -> dict[str, Any]:
    at = time.time_ns() // 1_000_000
    return {"device": device, "boot": 1, "seq": seq, "at": at, "lat": lat, "lon": lon, "values": values}


async def publish(client: aiomqtt.Client, body: dict[str, Any]) -> None:
    await client.publish(f"city/seoul/taxi/{body['device']}/readings", json.dumps(body), qos=1)


async def test_a_subscriber_gets_the_kinds_and_the_area_it_asked_for(live_hub: Hub, live_broker: Server) -> None:
    token = live_hub.token("sensing:live")
    async with (
        subscribed(live_hub, token, {"kinds": ["pm10"], "bbox": GANGNAM}) as subscriber,
        aiomqtt.Client("127.0.0.1", live_broker.port) as device,
    ):
        assert await subscriber.line() == {"connected": True}
        await asyncio.sleep(0.5)
        await publish(device, message("far", 1, 37.60, 127.05, pm10=1.0))
        await publish(device, message("near", 1, 37.50, 127.05, pm25=2.0))
        await publish(device, message("near", 2, 37.51, 127.05, pm10=3.0, pm25=4.0))

        _, readings = await subscriber.readings()
        assert readings == [{"device": "near", "kind": "pm10", "value": 3.0, "lat": 37.51, "lon": 127.05}]


async def test_a_reading_reaches_the_client_quickly(live_hub: Hub, live_broker: Server) -> None:
    token = live_hub.token("sensing:live")
    waits = []
    async with (
        subscribed(live_hub, token, {"kinds": ["pm10"]}) as subscriber,
        aiomqtt.Client("127.0.0.1", live_broker.port) as device,
    ):
        assert await subscriber.line() == {"connected": True}
        await asyncio.sleep(0.5)
        for seq in range(100):
            body = message("quick", seq, 37.5, 127.05, pm10=float(seq))
            await publish(device, body)
            arrived, (reading,) = await subscriber.readings()
            assert reading["value"] == float(seq), "in order, none lost"
            waits.append(arrived - body["at"])
            await asyncio.sleep(0.01)
    print(f"publish to client: p50 {statistics.median(waits)} ms, p99 {sorted(waits)[98]} ms, worst {max(waits)} ms")


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"kinds": ["no_such_kind"]}, "UNKNOWN_KIND"),
        ({"bbox": {**GANGNAM, "west": 128.0}}, "BAD_BBOX"),
    ],
)
async def test_a_bad_filter_is_answered_with_its_code(live_hub: Hub, variables: dict[str, Any], code: str) -> None:
    async with subscribed(live_hub, live_hub.token("sensing:live"), variables) as subscriber:
        assert await subscriber.line() == {"connected": True}
        event = await subscriber.line()
        errors = event.get("error") or event["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code


async def test_without_the_scope_the_subscription_is_refused(live_hub: Hub) -> None:
    async with subscribed(live_hub, live_hub.token("sensing:read"), {}) as subscriber:
        assert await subscriber.line() == {"connected": True}
        event = await subscriber.line()
        assert event["error"][0]["extensions"]["code"] == "UNAUTHORIZED_FIELD_OR_TYPE"


async def test_the_replay_moves_on_the_embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> None:
    hub = start_hub(tmp_path_factory.mktemp("replay"), "--taxis=20")
    try:
        async with subscribed(hub, hub.token("sensing:live"), {"kinds": ["pm25"]}) as subscriber:
            assert await subscriber.line() == {"connected": True}
            seen: set[str] = set()
            while len(seen) < 10:
                seen |= {reading["device"] for reading in (await subscriber.readings())[1]}
            assert all(device.startswith(("sim-", "demo-")) for device in seen)
        query = '{ station(id: "gangneung") { place { air { pm25 { source } } } } }'
        answer = hub.ask(query, token=hub.token("rail:read", "sensing:read"))
        assert answer["data"]["station"]["place"]["air"]["pm25"] == {"source": "SIMULATED"}, (
            "a replay is no measurement"
        )
    finally:
        stop_hub(hub)
