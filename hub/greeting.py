"""What ``hub serve`` says when it is ready: what runs, where, and a first request to paste."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from auth import sandbox

if TYPE_CHECKING:
    from hub.serve import RunningHub

FLAGSHIP = Path(__file__).with_name("flagship.graphql")


async def text(hub: RunningHub) -> str:
    """The greeting. Secrets made at this start are shown here and never again."""
    settings = hub.settings
    access = await sandbox.prepare(hub.auth)
    token = await sandbox.issue_sandbox_token(hub.auth)
    databases = settings.database.rpartition("@")[2] or f"SQLite files in {settings.data}/"
    lines = [
        f"The hub is ready at {settings.url}   (stop: Ctrl-C)",
        f"  GraphiQL       {settings.url}/",
        f"  GraphQL        {settings.url}/graphql   (WebSocket: same path, graphql-transport-ws)",
        f"  Authorization  {settings.url}/.well-known/oauth-authorization-server",
        f"  Subgraphs      {', '.join(subgraph.subgraph.name for subgraph in hub.subgraphs)} (in process)",
        f"  MQTT           {hub.live.description}",
        f"  Databases      {databases}",
    ]
    if access.citizen_password is not None:
        lines.append(
            f"  Demo citizen   login {access.citizen_login}, password {access.citizen_password}   (shown once)"
        )
    if access.server_secret is not None:
        lines.append(f"  Sandbox app    {access.server_client_id}, secret {access.server_secret}   (shown once)")
    return "\n".join([*lines, "", "Try it (a sandbox token, good for one hour):", "", curl(settings.url, token), ""])


def curl(url: str, token: str) -> str:
    """The flagship operation as a command: Seoul to Gangneung in nine days."""
    day = (datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")) + timedelta(days=9)).date().isoformat()
    variables = {"from": "seoul", "to": "gangneung", "date": day, "night": day, "km": 40}
    query = " ".join(FLAGSHIP.read_text(encoding="utf-8").split())
    body = json.dumps({"query": query, "variables": variables}, ensure_ascii=False)
    return (
        f"curl -s {url}/graphql -H 'content-type: application/json' \\\n"
        f"  -H 'authorization: Bearer {token}' \\\n"
        f"  -d {shlex.quote(body)}"
    )
