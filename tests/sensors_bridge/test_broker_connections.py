"""Broker URLs, TLS and passwords, refusals, and packets a client library cannot read."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors_bridge.batches import Batcher, SeenMessages
from sensors_bridge.mqtt import BadBrokerUrl, BrokerAddress, SourceSettings, open_source
from sensors_bridge.mqtt_fast import salvage
from sensors_bridge.readings import Reading
from sensors_bridge.store import DeadLetter


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", BrokerAddress("broker", 1883)),
        ("mqtt://broker:1884/", BrokerAddress("broker", 1884)),
        ("mqtt://[::1]:1884", BrokerAddress("::1", 1884)),
        ("mqtts://broker", BrokerAddress("broker", 8883, tls=True)),
        ("mqtt://taxi:p%40ss%3A@broker", BrokerAddress("broker", 1883, "taxi", "p@ss:")),
        ("mqtt://taxi@broker", BrokerAddress("broker", 1883, "taxi")),
        (
            "mqtts://b:1?ca=/a.pem&cert=/c.pem&key=/k.pem",
            BrokerAddress("b", 1, tls=True, ca_file="/a.pem", certificate_file="/c.pem", key_file="/k.pem"),
        ),
    ],
)
def test_urls(url: str, address: BrokerAddress) -> None:
    assert BrokerAddress.parse(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker",
        "http://broker",
        "mqtt://",
        "mqtt://b:port",
        "mqtt://b:99999",
        "mqtt://b/topic",
        "mqtt://b?ca=/a",
        "mqtts://b?password=x",
        "mqtt://[::1",
    ],
)
def test_urls_of_no_broker(url: str) -> None:
    with pytest.raises(BadBrokerUrl):
        BrokerAddress.parse(url)


def test_the_password_is_not_shown() -> None:
    address = BrokerAddress.parse("mqtt://taxi:secret@broker")
    assert "secret" not in f"{address} {address!r} {address.shown}"
    assert address.shown == "mqtt://taxi@broker:1883"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem and key.pem for localhost, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


@pytest.fixture
def guarded(mosquitto: Any, certificate: Path, tmp_path: Path) -> BrokerAddress:
    """Mosquitto with TLS, and the user `taxi` with password `p@ss`."""
    users = tmp_path / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "taxi", "p@ss"], check=True, capture_output=True)
    users.chmod(0o644)
    configuration = tmp_path / "mosquitto.conf"
    text = configuration.read_text().replace("allow_anonymous true", f"allow_anonymous false\npassword_file {users}")
    configuration.write_text(f"{text}certfile {certificate}/cert.pem\nkeyfile {certificate}/key.pem\n")
    mosquitto.kill()
    mosquitto.start()
    return BrokerAddress.parse(f"mqtts://taxi:p%40ss@127.0.0.1:{mosquitto.port}?ca={certificate}/cert.pem")


async def test_tls_with_a_password(
    guarded: BrokerAddress, client: str, sqlite_url: str, running_bridge: Any, until: Any
) -> None:
    from sensors_bridge.replay import ReplaySettings, replay

    async with running_bridge(guarded, sqlite_url, client=client) as running:
        await replay(guarded, ReplaySettings(taxis=2, messages=50, fast=True))
        await until(lambda: running.bridge.counters.acknowledged == 50)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"password": "wrong"}, id="wrong password"),
        pytest.param({"user": None, "password": None}, id="no password"),
        pytest.param({"ca_file": None}, id="an authority nobody knows"),
        pytest.param({"tls": False}, id="no TLS"),
    ],
)
async def test_a_refused_connection_is_tried_again_and_says_why(
    guarded: BrokerAddress, client: str, change: dict[str, Any], until: Any
) -> None:
    from dataclasses import replace

    settings = SourceSettings(connect_timeout_s=1.0)
    async with open_source(replace(guarded, **change), settings, client) as source:  # type: ignore[arg-type]
        await until(lambda: source.status.failures >= 2)
        assert not source.status.connected
        assert source.status.last_problem


@pytest.mark.parametrize("topic_filter", ["city/#/readings", "city/" + "x" * 70_000])
async def test_a_subscription_that_cannot_be_is_not_taken_for_success(
    mosquitto: Any, client: str, topic_filter: str, until: Any
) -> None:
    address = BrokerAddress("127.0.0.1", mosquitto.port)
    settings = SourceSettings(topic_filter=topic_filter)
    async with open_source(address, settings, client) as source:  # type: ignore[arg-type]
        await until(lambda: source.status.failures >= 2)
        assert not source.status.connected
        assert source.status.last_problem


async def test_two_bridges_with_one_id_take_turns_without_a_storm(mosquitto: Any, client: str) -> None:
    address = BrokerAddress("127.0.0.1", mosquitto.port)
    settings = SourceSettings(client_id="same", connect_timeout_s=0.3)
    async with (
        open_source(address, settings, client) as one,  # type: ignore[arg-type]
        open_source(address, settings, client) as two,  # type: ignore[arg-type]
    ):
        await asyncio.sleep(1.5)
        assert one.status.failures + two.status.failures >= 1
        assert one.status.connections + two.status.connections < 30


async def test_a_topic_with_a_nul_is_a_dead_letter_not_a_loop(
    embedded: Any, client: str, sqlite_url: str, running_bridge: Any, device_at: Any, until: Any
) -> None:
    """rumqttd lets U+0000 through in a topic, which MQTT forbids; it must not end the connection for ever."""
    address = embedded.address
    async with running_bridge(address, sqlite_url, client=client) as running:
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(
            mqtt5.ConnectPacket(
                "rogue", username=address.user, password=address.password.encode(), keep_alive=30
            ).write()
        )
        await reader.read(100)
        packet = mqtt5.PublishPacket("city/seoul/taxi/a*b/readings", b"{}", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=1)
        writer.write(packet.write().replace(b"a*b", b"a\x00b"))
        await reader.read(100)
        writer.close()
        async with device_at(address) as device:
            await device.send()
            await until(lambda: running.bridge.counters.stored == 1)
        await until(lambda: running.bridge.counters.acknowledged == 2)
        assert running.bridge.counters.rejected == {"bad_topic": 1}


@given(st.binary(max_size=200))
def test_salvage_takes_any_bytes(data: bytes) -> None:
    salvaged = salvage(data)
    assert salvaged is None or 0 < salvaged[1] <= len(data)


@given(st.binary(max_size=60), st.booleans(), st.integers(1, 65_535))
def test_salvage_reads_what_mqtt5_writes(payload: bytes, qos: bool, packet_id: int) -> None:
    level = mqtt5.QoS.AT_LEAST_ONCE if qos else mqtt5.QoS.AT_MOST_ONCE
    packet = mqtt5.PublishPacket("a/b", payload, qos=level, packet_id=packet_id if qos else None, content_type="x")
    data = packet.write()
    salvaged = salvage(data + b"\xd0\x00")
    assert salvaged is not None
    found, length = salvaged
    assert (found.topic, found.payload, found.packet_id, length) == ("a/b", payload, packet.packet_id, len(data))


ROW = Reading("a", 1, 1, 1, 1, 37.5, 127.0, "pm10", 1.0)


async def test_a_batch_closes_when_full_or_when_its_first_message_has_waited() -> None:
    batcher = Batcher(rows=3, linger_s=0.05)
    for number in range(4):
        batcher.add((ROW,), (), (1, number))
    full = await batcher.take()
    assert full is not None
    assert (len(full.readings), full.tokens) == (3, [(1, 0), (1, 1), (1, 2)])
    began = asyncio.get_running_loop().time()
    rest = await batcher.take()
    assert rest is not None
    assert rest.tokens == [(1, 3)]
    assert 0.02 < asyncio.get_running_loop().time() - began < 1.0
    batcher.end()
    assert await batcher.take() is None


async def test_the_producer_waits_while_enough_batches_wait() -> None:
    batcher = Batcher(rows=1, linger_s=60, batches_at_most=2)
    batcher.add((ROW,), (), None)
    await asyncio.wait_for(batcher.room(), 1)
    batcher.add((), (DeadLetter("r", "d", "t", b"", 0, 1),), None)
    blocked = asyncio.create_task(batcher.room())
    await asyncio.sleep(0.01)
    assert not blocked.done()
    assert batcher.pending == 2
    await batcher.take()
    await asyncio.wait_for(blocked, 1)


def test_messages_are_remembered_within_bounds() -> None:
    seen = SeenMessages(100)
    assert all(seen.first_time(("d", 1, seq)) for seq in range(1_000))
    assert not any(seen.first_time(("d", 1, seq)) for seq in range(900, 1_000))
    assert len(seen._young) + len(seen._old) <= 200
