"""npm graphql-ws, the client most browsers bring, against the WebSocket door."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[3] / "web"
SCRIPT = Path(__file__).with_name("graphql_ws_client.cjs")


async def test_the_client_of_the_protocol_works_unchanged(serve: Any) -> None:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "ws").is_dir():
        pytest.fail("Node or npm graphql-ws and ws are missing: run scripts/assets --dev")
    async with serve() as router:
        process = await asyncio.create_subprocess_exec(
            node,
            str(SCRIPT),
            str(WEB),
            router.socket_url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, errors.decode()
        seen = json.loads(output)
        assert seen["query"] == {"seen": [{"data": {"hello": "hello 부산"}}]}
        assert seen["mutation"] == {"seen": [{"data": {"wind": 2}}]}
        assert seen["subscription"] == {"seen": [{"data": {"ticks": number}} for number in range(3)]}
        assert len(seen["stopped"]["seen"]) == 2
        assert seen["invalid"]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert [len(one["seen"]) for one in seen["together"]] == [1, 2, 3, 4]
        assert seen["pongs"] is True
        async with asyncio.timeout(5):
            while router.clock.open_sources or router.app.sockets.open:  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)
