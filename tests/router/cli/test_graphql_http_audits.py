"""``router serve`` passes the public audits of GraphQL over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.graphql_http_audits import check_audits, run_audits


async def test_every_audit_is_passed(supergraph: Path, serving: Any) -> None:
    async with serving(supergraph) as server:
        check_audits(await run_audits(server.url))
