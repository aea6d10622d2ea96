"""The kill switch: whatever is ended, a router in another process refuses within a second, and live sockets close."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auth import kill_switch
from router.config import Settings, TokenSettings
from tests.auth.conftest import live as live
from tests.auth.conftest import live_auth
from tests.router.conftest import Serve
from tests.router.conftest import serve as serve

PATIENCE_S = 20.0
"""Far less than a token's life: what is refused by then was told. A second suffices, but not on any busy machine."""
TOKENS = 4
FORM = {"since": "ever"}


@pytest.fixture
def door() -> str:
    """Revocations are told behind the doors: one is enough."""
    return "own"


@pytest.fixture
def servers(database_url: str, tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Two authorization servers on one database, polling as by default; the router hears the second of them."""
    with (
        live_auth(database_url, tmp_path, poll_seconds=0.5) as first,
        first.also(tmp_path, poll_seconds=0.5) as second,
    ):
        yield first, second


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def end_secret(live: Any, app: Any) -> None:
    ((secret_id, *_),) = live.run(kill_switch.live_secrets(live.server, app.client_id))
    live.run(kill_switch.end_secret(live.server, secret_id))
    assert live.token({"grant_type": "client_credentials"}, app).status_code == 401


def end_organisation(live: Any) -> None:
    for state in ("suspended", "approved"):
        live.run(kill_switch.set_organisation_state(live.server, live.organisation, state))
        asked = live.token({"grant_type": "client_credentials"}, live.other)
        assert asked.status_code == (401 if state == "suspended" else 200)


ENDS: dict[str, Callable[[Any, Any, dict[str, Any]], Any]] = {
    "token": lambda live, app, body: live.post("/oauth/revoke", {"token": body["access_token"]}, app),
    "refresh token": lambda live, app, body: live.post("/oauth/revoke", {"token": body["refresh_token"]}, app),
    "consent": lambda live, app, body: live.run(
        kill_switch.end_consent(live.server, claims_of(body["access_token"])["sub"], app.client_id)
    ),
    "secret": lambda live, app, body: end_secret(live, app),
    "app": lambda live, app, body: live.run(kill_switch.set_client_state(live.server, app.client_id, "suspended")),
    "organisation": lambda live, app, body: end_organisation(live),
    "citizen": lambda live, app, body: live.run(
        kill_switch.disable_citizen(live.server, claims_of(body["access_token"])["sub"])
    ),
}
"""In this order: the last one leaves nobody to sign in."""


@asynccontextmanager
async def router_of(serve: Serve, issuer: Any, feed: Any, **changes: Any) -> AsyncIterator[Any]:
    """A router that demands tokens of `issuer` and reads the feed of `feed`, with a client per request."""
    reader = await asyncio.to_thread(issuer.register, redirect_uris=[], resource=feed.server.audience)
    token = TokenSettings(
        issuer=issuer.url,
        audience=issuer.server.audience,
        jwks_url=f"{issuer.url}/oauth/jwks.json",
        required=True,
        revocations_url=f"{feed.url}/oauth/revocations",
        revocations_client_id=reader.client_id,
        revocations_client_secret=reader.secret,
    )
    async with (
        serve(replace(Settings(), token=replace(token, **changes))) as router,
        httpx.AsyncClient(trust_env=False) as client,
    ):

        async def ask(access_token: str) -> int:
            headers = {"authorization": f"Bearer {access_token}", "accept": "application/graphql-response+json"}
            answer = await client.post(router.url, json={"query": "{hello}"}, headers=headers)
            return answer.status_code

        router.ask = ask
        yield router


async def refused_after(router: Any, token: str, since: float) -> float:
    """Seconds until the router refuses the token, or when patience ends."""
    while (taken := time.monotonic() - since) < PATIENCE_S:
        if await router.ask(token) == 401:
            return taken
        await asyncio.sleep(0.005)
    return taken


async def test_53_whatever_is_ended_is_refused_long_before_it_expires(servers: Any, serve: Serve) -> None:
    live, other = servers
    async with router_of(serve, live, other) as router:
        taken: dict[str, float] = {}
        for name, end in [*((f"token {turn}", ENDS["token"]) for turn in range(TOKENS)), *ENDS.items()]:
            app = await asyncio.to_thread(live.register)
            body = await asyncio.to_thread(live.tokens, app)
            assert await router.ask(body["access_token"]) == 200
            await asyncio.to_thread(end, live, app, body)
            since = time.monotonic()
            taken[name] = await refused_after(router, body["access_token"], since)
        assert {name: seconds for name, seconds in taken.items() if seconds >= PATIENCE_S} == {}


async def test_a_live_socket_closes(servers: Any, serve: Serve) -> None:
    live, other = servers
    body = await asyncio.to_thread(live.tokens)
    async with (
        router_of(serve, live, other) as router,
        connect(router.socket_url, subprotocols=["graphql-transport-ws"]) as socket,
    ):
        payload = {"Authorization": f"Bearer {body['access_token']}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "subscription{forever}"}}))
        assert json.loads(await socket.recv())["payload"] == {"data": {"forever": 0}}
        await asyncio.to_thread(live.post, "/oauth/revoke", {"token": body["access_token"]}, live.app)
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403


async def test_without_the_feed_a_token_ends_with_its_life(live: Any, serve: Serve) -> None:
    body = await asyncio.to_thread(live.tokens)
    async with router_of(serve, live, live, revocations_url="") as router:
        await asyncio.to_thread(live.post, "/oauth/revoke", {"token": body["access_token"]}, live.app)
        assert await router.ask(body["access_token"]) == 200
        assert claims_of(body["access_token"])["exp"] - claims_of(body["access_token"])["iat"] == 300


class TestFeed:
    @pytest.mark.parametrize("kind", ["app", "native", "nobody"])
    def test_is_for_the_resource_server_alone(self, live: Any, kind: str) -> None:
        response = live.post("/oauth/revocations", FORM, getattr(live, kind, None))
        assert response.status_code == (403 if kind == "app" else 401)

    def test_begins_with_what_is_active_and_goes_on_with_what_comes(self, live: Any) -> None:
        early, late = (live.token({"grant_type": "client_credentials"}, live.app).json()["access_token"] for _ in "12")
        live.post("/oauth/revoke", {"token": early}, live.app)
        credentials = (live.other.client_id, live.other.secret)
        with live.http() as http, http.stream("POST", "/oauth/revocations", data=FORM, auth=credentials) as response:
            assert response.status_code == 200
            told = (json.loads(line) for line in response.iter_lines() if line)
            assert claims_of(early)["jti"] in iter(lambda: next(told)["value"], None)
            live.post("/oauth/revoke", {"token": late}, live.app)
            assert claims_of(late)["jti"] in iter(lambda: next(told)["value"], None)


def test_a_consent_that_ended_is_asked_for_again(live: Any) -> None:
    browser, app = live.browser(), live.register()
    answer = browser.authorize(live.request(app.client_id)[0], remember="yes")
    assert "code" in answer
    silent = live.request(app.client_id, prompt="none")[0]
    assert "code" in browser.authorize(silent)
    citizen = claims_of(live.tokens(app)["access_token"])["sub"]
    live.run(kill_switch.end_consent(live.server, citizen, app.client_id))
    assert browser.authorize(live.request(app.client_id, prompt="none")[0])["error"] == "consent_required"
