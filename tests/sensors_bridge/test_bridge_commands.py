"""`python -m sensors_bridge`, as an operator uses it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from sensors_bridge.broker import EmbeddedBroker
from sensors_bridge.store import ReadingStore

ROOT = Path(__file__).parents[2]


async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sensors_bridge", *arguments, cwd=ROOT, env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def finish(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, output.decode(), errors.decode()


async def test_run_replay_stop_and_look_at_the_dead_letters(
    embedded: EmbeddedBroker, sqlite_url: str, device_at: Any, until: Any
) -> None:
    address = embedded.address
    url = f"mqtt://{address.user}:{address.password}@{address.host}:{address.port}"
    bridge = await start("run", BRIDGE_BROKER=url, BRIDGE_STORE=sqlite_url)
    assert bridge.stderr is not None
    assert b"connected to mqtt://hub@127.0.0.1" in await asyncio.wait_for(bridge.stderr.readline(), 20)
    status, output, _ = await finish(
        await start("replay", "--broker", url, "--taxis", "3", "--messages", "60", "--fast")
    )
    assert (status, output) == (0, "published 60 messages\n")
    async with device_at(address) as device:
        await device.send(b"nonsense")
    store = await ReadingStore.open(sqlite_url)
    for _ in range(1_000):
        if await store.dead_letter_counts():
            break
        await asyncio.sleep(0.01)
    assert len({row.device for row in await store.latest()}) == 6
    await store.aclose()
    bridge.send_signal(signal.SIGTERM)
    status, _, log = await finish(bridge)
    assert status == 0
    assert "received 61 messages (0 again)" in log.splitlines()[-1]
    assert "rejected bad_json 1" in log.splitlines()[-1]
    assert str(address.password) not in log
    status, output, _ = await finish(await start("dead-letters", "--store", sqlite_url))
    assert status == 0
    assert output.startswith("ever: bad_json 1\n")
    assert "city/seoul/taxi/taxi-1/readings  8 bytes" in output
    assert "b'nonsense'" in output


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["run", "--broker", "http://x", "--store", "sqlite:////tmp/x.db"], 2, "expected mqtt://host:port"),
        (["run", "--broker", "mqtt://x", "--store", "mysql://x/y"], 2, "expected sqlite:///path"),
        (["run", "--store", "sqlite:////tmp/x.db"], 2, "--broker"),
        (["replay", "--broker", "mqtt://x", "--rate", "0"], 2, "a rate above 0"),
        (["replay", "--broker", "mqtt://x", "--rate", "often"], 2, "invalid float value"),
        (["dead-letters", "--store", "postgresql://nobody@127.0.0.1:1/none"], 1, "PostgreSQL"),
        (["dance"], 2, "invalid choice"),
    ],
)
async def test_bad_input_is_named_in_one_line_without_a_trace(arguments: list[str], status: int, says: str) -> None:
    code, _, errors = await finish(await start(*arguments))
    assert code == status
    assert says in errors.splitlines()[-1]
    assert "Traceback" not in errors


async def test_a_bridge_waits_for_its_database_and_can_be_stopped_meanwhile(free_port: int) -> None:
    process = await start("run", "--broker", "mqtt://127.0.0.1:1", "--store", f"postgresql://x@127.0.0.1:{free_port}/x")
    assert process.stderr is not None
    for _ in range(2):
        line = await asyncio.wait_for(process.stderr.readline(), 20)
        assert b"store unavailable" in line
    process.send_signal(signal.SIGTERM)
    assert (await finish(process))[0] == 0
