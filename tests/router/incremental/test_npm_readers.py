"""Foreign readers of multipart responses: npm ``meros``, which GraphiQL, urql and Relay set-ups use."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from merging import merged

WEB = Path(__file__).parents[3] / "web"
SCRIPT = Path(__file__).with_name("meros_client.cjs")
QUERY = """
query ($count: Int!) {
  shelves {
    name
    ... @defer(label: "visits") { visits }
    books @stream(initialCount: $count, label: "books") { title ... @defer { rating } }
  }
}
"""


async def test_meros_reads_every_part(serve_library: Any) -> None:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "meros").is_dir():
        pytest.fail("Node or npm meros is missing: run scripts/assets --dev")
    async with serve_library() as (_, url):
        process = await asyncio.create_subprocess_exec(
            node, str(SCRIPT), str(WEB), url, QUERY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, errors.decode()
    seen = json.loads(output)
    assert all(part["json"] for part in seen)
    assert merged([part["body"] for part in seen]).data == {
        "shelves": [
            {"name": name, "visits": len(name), "books": [{"title": f"title {n}", "rating": n * 10} for n in books]}
            for name, books in (("low", (1, 2, 3)), ("high", (4, 5)))
        ]
    }
