"""OAuth clients of others, unmodified, against the hub: every flow they have, each through to a GraphQL answer."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import subprocess
import threading
from typing import Any

import httpx
import jwt
import pytest

from auth.citizens import create_citizen
from auth.grant_types import DEVICE_CODE, TOKEN_EXCHANGE
from auth.registration import create_client, create_organisation
from auth.scopes import ALL_SCOPES
from auth.server import AuthServer
from hub.identity import auth_settings
from hub.settings import Settings
from tests.auth.conftest import Browser
from tests.auth.signing import AppKey
from tests.hub.conftest import ROOT, Hub

LOGIN, PASSWORD = "foreign", "correct horse battery"
REDIRECT = "http://127.0.0.1:8765/callback"
DATA = {"stations": {"nodes": [{"name": "Seoul"}]}}
KEY = AppKey()


@pytest.fixture(scope="module")
def apps(hub: Hub) -> dict[str, Any]:
    """The apps and a citizen, registered in the running hub's database as its own commands do."""

    async def register() -> dict[str, Any]:
        port = int(hub.url.rsplit(":", 1)[1])
        server = await AuthServer.open(auth_settings(Settings(data=hub.folder, port=port)))
        try:
            both = {"organisation_id": await create_organisation(server, name_ko="기관", name_en="Agency")}
            both |= {"name_ko": "앱", "name_en": "App"}

            async def made(kind: str, *redirects: str, **options: Any) -> dict[str, Any]:
                client = await create_client(
                    server, **both, kind=kind, scopes=list(ALL_SCOPES), redirect_uris=redirects, **options
                )
                return {"client_id": client.client_id, "client_secret": client.secret}

            await create_citizen(
                server.database,
                server.passwords,
                login=LOGIN,
                name="김누리",
                password=PASSWORD,
                now=int(server.clock()),
            )
            private = jwt.algorithms.ECAlgorithm.to_jwk(KEY.private, True)
            return {
                "issuer": hub.url,
                "graphql": f"{hub.url}/graphql",
                "redirect": REDIRECT,
                "native": await made("public", REDIRECT),
                "server": await made("confidential", REDIRECT),
                "bank": {**await made("fapi2", REDIRECT, jwks=KEY.jwks), "jwk": private, "kid": KEY.kid},
                "box": await made("public", more_grant_types=[DEVICE_CODE]),
                "service": await made("confidential", more_grant_types=[TOKEN_EXCHANGE]),
            }
        finally:
            await server.aclose()

    return asyncio.run(register())


class Citizen(Browser):
    """A browser that follows a client's address to where the client waits."""

    def visit(self, address: str) -> str:
        response = self.get(address)
        for _ in range(6):
            if response.status_code == 303:
                location = response.headers["location"]
                if not location.startswith("/"):
                    return str(location)
                response = self.get(location)
            elif 'name="password"' in response.text:
                response = self.sign_in(response.text, LOGIN, PASSWORD)
            elif 'value="allow"' in response.text:
                action = re.search(r'<form method="post" action="([^"]+)"', response.text)
                assert action
                response = self.submit(action[1], response.text, answer="allow")
            elif match := re.search(r'name="user_code" .*?value="([A-Z-]{9})"', response.text):
                response = self.submit("/oauth/device", response.text, user_code=match[1])
            else:
                assert "연결했습니다" in response.text, response.text
                return str(response.url)
        raise AssertionError(address)


def flows_of(script: str, apps: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Run a client's script, be the citizen's browser for it, and return what each flow told."""
    process = subprocess.Popen(
        ["node", f"web/clients/{script}", json.dumps(apps)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    end = threading.Timer(60, process.kill)
    end.start()
    told: dict[str, dict[str, Any]] = {}
    try:
        with httpx.Client(base_url=apps["issuer"], trust_env=False, timeout=20) as http:
            citizen = Citizen(http, {"Accept-Language": "ko"})
            for line in process.stdout:
                event = json.loads(line)
                assert "failed" not in event, event
                if "visit" in event:
                    process.stdin.write(citizen.visit(event["visit"]) + "\n")
                    process.stdin.flush()
                else:
                    told[event.pop("flow")] = event
        assert process.wait(10) == 0, process.stderr.read()
    finally:
        end.cancel()
        process.kill()
        process.wait()
    return told


def test_51_oauth4webapi(apps: dict[str, Any]) -> None:
    assert flows_of("oauth4webapi.mjs", apps) == {
        "discovery": {"same": True},
        "code": {"name": "김누리", "rotated": True, "data": DATA},
        "bound_code": {"type": "dpop", "kept": True, "data": DATA},
        "client_credentials": {"active": [True, True, False], "refused": True, "data": DATA},
        "fapi2": {"type": "dpop", "data": DATA},
        "device": {"scope": "rail:read", "data": DATA},
        "mix_up": {"code": "OAUTH_INVALID_RESPONSE"},
    }


def test_openid_client(apps: dict[str, Any]) -> None:
    assert flows_of("openid_client.mjs", apps) == {
        "code": {"name": "김누리", "rotated": True, "data": DATA},
        "bound_code": {"name": "김누리", "kept": True, "data": DATA},
        "client_credentials": {"active": [True, False], "data": DATA},
        "fapi2": {"type": "dpop", "data": DATA},
        "device": {"scope": "rail:read", "data": DATA},
        "token_exchange": {"scope": "rail:read", "issued": True, "data": DATA},
    }


def test_authlib(apps: dict[str, Any]) -> None:
    """The client half of Authlib, whose server core is ours: they share nothing but the specifications."""
    with pytest.warns(DeprecationWarning, match="httpx"):
        from authlib.integrations.httpx_client import OAuth2Client

    issuer, server = apps["issuer"], apps["server"]
    query = {"query": '{ stations(search: "서울", first: 1) { nodes { name } } }'}
    with (
        OAuth2Client(
            server["client_id"],
            server["client_secret"],
            scope="openid rail:read",
            redirect_uri=REDIRECT,
            code_challenge_method="S256",
            token_endpoint=f"{issuer}/oauth/token",
            trust_env=False,
        ) as client,
        httpx.Client(base_url=issuer, trust_env=False, timeout=20) as http,
    ):
        verifier = secrets.token_urlsafe(48)
        address, state = client.create_authorization_url(f"{issuer}/oauth/authorize", code_verifier=verifier)
        callback = Citizen(http, {"Accept-Language": "en"}).visit(address)
        token = client.fetch_token(authorization_response=callback, state=state, code_verifier=verifier)
        assert token["scope"] == "openid rail:read"
        client.refresh_token(f"{issuer}/oauth/token", token["refresh_token"])
        assert client.post(apps["graphql"], json=query).json() == {"data": DATA}
        assert client.introspect_token(f"{issuer}/oauth/introspect").json()["active"] is True
        assert client.revoke_token(f"{issuer}/oauth/revoke").status_code == 200
        assert client.post(apps["graphql"], json=query).status_code == 401
        client.fetch_token(grant_type="client_credentials", scope="rail:read")
        assert client.post(apps["graphql"], json=query).json() == {"data": DATA}
