"""The hub's door passes the public audits of GraphQL over HTTP."""

from __future__ import annotations

from tests.graphql_http_audits import check_audits, run_audits
from tests.hub.conftest import Hub


async def test_every_audit_is_passed(hub: Hub) -> None:
    check_audits(await run_audits(f"{hub.url}/graphql"))
