"""Foreign readers of multipart responses: npm ``meros`` (GraphiQL, urql, Relay set-ups) and Apollo Client."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from merging import merged

WEB = Path(__file__).parents[3] / "web"
QUERY = """
{
  shelves {
    name
    ... @defer(label: "visits") { visits }
    books @stream(initialCount: 1, label: "books") { title ... @defer { rating } }
  }
}
"""


WHOLE = {
    "shelves": [
        {"name": name, "visits": len(name), "books": [{"title": f"title {n}", "rating": n * 10} for n in books]}
        for name, books in (("low", (1, 2, 3)), ("high", (4, 5)))
    ]
}


async def ran(script: str, package: str, url: str, query: str) -> Any:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / package).is_dir():
        pytest.fail(f"Node or npm {package} is missing: run scripts/assets --dev")
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path(__file__).with_name(script)),
        str(WEB),
        url,
        query,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def test_meros_reads_every_part(serve_library: Any) -> None:
    async with serve_library() as (_, url):
        seen = await ran("meros_client.cjs", "meros", url, QUERY)
    assert all(part["json"] for part in seen)
    assert merged([part["body"] for part in seen]).data == WHOLE


async def test_apollo_client_puts_the_parts_together_in_either_format(serve_library: Any) -> None:
    async with serve_library() as (_, url):
        seen = await ran("apollo_client.cjs", "@apollo/client", url, QUERY)
    assert "incrementalSpec=v0.2" in seen["v2"]["accept"]
    assert "deferSpec=20220824" in seen["of2022"]["accept"]
    for found in seen.values():
        assert [one["state"] for one in found["seen"]].count("streaming") >= 1
        assert without_typenames(found["seen"][-1]["data"]) == WHOLE


def without_typenames(value: Any) -> Any:
    if isinstance(value, list):
        return [without_typenames(item) for item in value]
    if isinstance(value, dict):
        return {key: without_typenames(held) for key, held in value.items() if key != "__typename"}
    return value
