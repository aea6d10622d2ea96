"""The public audits of GraphQL over HTTP (npm graphql-http), run by Node against a server, and what they must say."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[1] / "web"
SCRIPT = Path(__file__).with_name("graphql_http_audits.cjs")

AUDITS = {"MUST": 13, "SHOULD": 23, "MAY": 25}
"""Audits of graphql-http 1.23.1 by the level of what they ask."""


async def run_audits(url: str) -> list[dict[str, Any]]:
    """All audits against one GraphQL endpoint: ``id``, ``name`` (it begins with its level), ``status``, ``reason``."""
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "graphql-http").is_dir():
        pytest.fail("Node or npm graphql-http is missing: run scripts/assets --dev")
    process = await asyncio.create_subprocess_exec(
        node, str(SCRIPT), str(WEB), url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    audits: list[dict[str, Any]] = json.loads(output)
    return audits


def check_audits(audits: list[dict[str, Any]]) -> None:
    """None is left out and every one is passed, the optional ones too."""
    assert Counter(one["name"].split()[0] for one in audits) == AUDITS
    assert [one for one in audits if one["status"] != "ok"] == []
