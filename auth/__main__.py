"""python -m auth: serve the authorization server alone, and look after its apps, citizens and keys.

Settings: the [auth] table of --settings, then AUTH_* variables (see config.py).
"""

import argparse
import asyncio
import getpass
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from auth import kill_switch
from auth.app import build_app
from auth.citizens import create_citizen
from auth.config import AuthSettings, read_settings
from auth.errors import AuthError, RegistrationRefused
from auth.profiles import PROFILES
from auth.registration import (
    DEFAULT_OVERLAP_SECONDS,
    create_client,
    create_organisation,
    list_clients,
    rotate_secret,
    set_client_keys,
)
from auth.server import AuthServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 1 with the reason on standard error."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(options.settings)
        if options.act == "serve":
            uvicorn.run(
                build_app(settings), host=options.host, port=options.port, access_log=False, timeout_graceful_shutdown=5
            )
            return 0
        return asyncio.run(_with_server(settings, options))
    except AuthError as error:
        print(f"{error.code}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m auth", description="The authorization server of the hub.")
    parser.add_argument("--settings", type=Path, help="TOML file with an [auth] table")
    acts = parser.add_subparsers(dest="act", required=True)
    serve = acts.add_parser("serve", help="serve it alone")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=4001)
    acts.add_parser("clients", help="list apps")
    organisation = acts.add_parser("new-organisation", help="register a partner")
    client = acts.add_parser("new-client", help="register an app; prints its secret once")
    for named in (organisation, client):
        named.add_argument("--name-ko", required=True)
        named.add_argument("--name-en", required=True)
    client.add_argument("--organisation", required=True)
    client.add_argument("--kind", choices=tuple(PROFILES), default="confidential")
    client.add_argument("--scope", action="append", required=True)
    client.add_argument("--redirect-uri", action="append", default=[])
    client.add_argument("--sandbox", action="store_true")
    client.add_argument("--grant-type", action="append", default=[], help="one more, such as that of the device flow")
    client.add_argument("--keys", type=Path, help="JSON file of its public keys (a JWK set); no secret then")
    keys = acts.add_parser("set-keys", help="replace an app's public keys; its secrets end")
    keys.add_argument("client_id")
    keys.add_argument("keys", type=Path, help="JSON file with a JWK set")
    secret = acts.add_parser("new-secret", help="give an app a new secret; prints it once")
    secret.add_argument("client_id")
    secret.add_argument("--overlap-seconds", type=int, default=DEFAULT_OVERLAP_SECONDS)
    citizen = acts.add_parser("new-citizen", help="register a citizen; asks for the password")
    citizen.add_argument("--login", required=True)
    citizen.add_argument("--name", required=True)
    end = acts.add_parser("end", help="end something now: the router refuses its tokens within a second")
    end.add_argument("what", choices=("token", "grant", "secret", "client", "organisation", "citizen", "consent"))
    end.add_argument("id", help="its id; for a consent that of the citizen")
    end.add_argument("--client", help="whose consent ends")
    secrets = acts.add_parser("secrets", help="list the ids and dates of an app's live secrets")
    secrets.add_argument("client_id")
    acts.add_parser("rotate-keys", help="publish a new signing key, to sign after the lead time")
    return parser


async def _with_server(settings: AuthSettings, options: argparse.Namespace) -> int:
    server = await AuthServer.open(settings)
    try:
        for line in await _act(server, options):
            print(line)
    finally:
        await server.aclose()
    return 0


async def _act(server: AuthServer, options: argparse.Namespace) -> list[str]:
    if options.act == "clients":
        return [
            f"{one.client_id}  {one.state:9}  {one.kind:12}  {one.secrets} secrets  {one.keys} keys  "
            f"{one.organisation} / {one.name_ko}  [{' '.join(one.scopes)}]"
            for one in await list_clients(server)
        ]
    if options.act == "new-organisation":
        return [await create_organisation(server, name_ko=options.name_ko, name_en=options.name_en)]
    if options.act == "new-client":
        made = await create_client(
            server,
            organisation_id=options.organisation,
            name_ko=options.name_ko,
            name_en=options.name_en,
            kind=options.kind,
            scopes=options.scope,
            redirect_uris=options.redirect_uri,
            sandbox=options.sandbox,
            more_grant_types=options.grant_type,
            jwks=_key_set(options.keys) if options.keys else None,
        )
        return [f"client_id {made.client_id}", *([f"client_secret {made.secret}"] if made.secret else [])]
    if options.act == "end":
        await _end(server, options.what, options.id, options.client)
        return [f"ended {options.what} {options.id}"]
    if options.act == "secrets":
        return [
            f"{secret_id}  made {_day(made_at)}  {'' if ends is None else f'ends {_day(ends)}'}".rstrip()
            for secret_id, made_at, ends in await kill_switch.live_secrets(server, options.client_id)
        ]
    if options.act == "set-keys":
        await set_client_keys(server, options.client_id, _key_set(options.keys))
        return ["keys replaced"]
    if options.act == "new-secret":
        made = await rotate_secret(server, options.client_id, overlap_seconds=options.overlap_seconds)
        return [f"client_secret {made.secret}"]
    if options.act == "new-citizen":
        password = await asyncio.to_thread(getpass.getpass, "password: ")
        return [
            await create_citizen(
                server.database,
                server.passwords,
                login=options.login,
                name=options.name,
                password=password,
                now=int(server.clock()),
            )
        ]
    return [f"kid {await server.keys.rotate()}"]


async def _end(server: AuthServer, what: str, ended: str, client_id: str | None) -> None:
    if what == "token":
        await server.end_token(ended)
    elif what == "grant":
        await server.end_grant(ended)
    elif what == "secret":
        await kill_switch.end_secret(server, ended)
    elif what == "client":
        await kill_switch.set_client_state(server, ended, "suspended")
    elif what == "organisation":
        await kill_switch.set_organisation_state(server, ended, "suspended")
    elif what == "citizen":
        await kill_switch.disable_citizen(server, ended)
    elif client_id is None:
        raise RegistrationRefused("--client says whose consent ends")
    else:
        await kill_switch.end_consent(server, ended, client_id)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _key_set(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RegistrationRefused(f"{file} cannot be read as JSON") from error


if __name__ == "__main__":
    sys.exit(main())
