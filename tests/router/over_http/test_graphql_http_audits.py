"""The public audits of GraphQL over HTTP (npm graphql-http), run by Node against the router."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[3] / "web"
SCRIPT = Path(__file__).with_name("graphql_http_audits.cjs")


async def test_every_audit_is_passed(serve: Any) -> None:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "graphql-http").is_dir():
        pytest.fail("Node or npm graphql-http is missing: run scripts/assets --dev")
    async with serve() as router:
        process = await asyncio.create_subprocess_exec(
            node, str(SCRIPT), str(WEB), router.url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    audits = json.loads(output)
    assert len(audits) >= 60
    assert [one for one in audits if one["status"] != "ok"] == []
