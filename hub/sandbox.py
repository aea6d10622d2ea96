"""Sandbox commands: a token to paste, a partner app to register."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from auth import registration, sandbox
from auth.errors import AuthError
from auth.scopes import SCOPES
from hub.identity import open_auth
from hub.settings import Settings


async def print_token(settings: Settings, scopes: Sequence[str] | None) -> int:
    """Print a token of the demo citizen; the exit status is 2 for an unknown scope."""
    async with open_auth(settings) as server:
        _tell_secrets(await sandbox.prepare(server))
        try:
            print(await sandbox.issue_sandbox_token(server, scopes or tuple(SCOPES)))
        except AuthError as problem:
            print(f"hub token: {problem}; scopes: {', '.join(SCOPES)}", file=sys.stderr)
            return 2
    return 0


async def new_client(settings: Settings, name: str, scopes: Sequence[str] | None, *, as_json: bool) -> int:
    """Register a confidential app of the sandbox partner and print its secret, this once."""
    async with open_auth(settings) as server:
        access = await sandbox.prepare(server)
        _tell_secrets(access)
        try:
            made = await registration.create_client(
                server,
                organisation_id=access.organisation_id,
                name_ko=name,
                name_en=name,
                kind="confidential",
                scopes=scopes or tuple(SCOPES),
                sandbox=True,
            )
        except AuthError as problem:
            print(f"hub client: {problem}; scopes: {', '.join(SCOPES)}", file=sys.stderr)
            return 2
    if as_json:
        print(json.dumps({"client_id": made.client_id, "client_secret": made.secret}))
    else:
        print(f"client_id      {made.client_id}\nclient_secret  {made.secret}   (shown once)")
    return 0


async def list_clients(settings: Settings, *, as_json: bool) -> int:
    """List the registered apps, without secrets."""
    async with open_auth(settings) as server:
        clients = await registration.list_clients(server)
    if as_json:
        print(json.dumps([asdict(client) for client in clients], ensure_ascii=False))
        return 0
    for client in clients:
        print(f"{client.client_id}  {client.state:9}  {client.kind:12}  {client.name_en}  [{' '.join(client.scopes)}]")
    if not clients:
        print("No apps yet: `hub client NAME` registers one.")
    return 0


def _tell_secrets(access: sandbox.SandboxAccess) -> None:
    """Secrets made on the way are shown on standard error, once: nobody could read them later."""
    if access.citizen_password is not None:
        print(f"demo citizen: login {access.citizen_login}, password {access.citizen_password}", file=sys.stderr)
    if access.server_secret is not None:
        print(f"sandbox app: {access.server_client_id}, secret {access.server_secret}", file=sys.stderr)
