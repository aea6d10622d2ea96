# ruff: noqa: SIM117 - the server first, then what is asked of it
"""What the HTTP door holds at most, and what it says when it holds no more."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from router.config import HttpSettings, PipelineKeys, Settings, SubscriptionSettings, TokenSettings
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys

KEY = ec.generate_private_key(ec.SECP256R1())
STREAM = {"accept": "text/event-stream"}


def http(**changes: Any) -> Settings:
    return replace(Settings(), http=HttpSettings(**changes))


def code(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


async def test_more_requests_than_may_run_at_once_are_told_to_come_again(serve: Any) -> None:
    async with serve(http(max_in_flight=2)) as router, httpx.AsyncClient() as client:
        running = [
            asyncio.create_task(client.post(router.url, json={"query": "{slow(seconds:0.5)}"})) for _ in range(2)
        ]
        await asyncio.sleep(0.2)
        busy = await client.post(router.url, json={"query": "{hello}"})
        assert (busy.status_code, code(busy), busy.headers["retry-after"]) == (503, "SERVER_BUSY", "5")
        assert [(await one).status_code for one in running] == [200, 200]
        assert (await client.post(router.url, json={"query": "{hello}"})).status_code == 200


async def test_a_body_that_does_not_come_is_408(serve: Any) -> None:
    async with serve(http(body_timeout_s=0.3)) as router:
        reader, writer = await asyncio.open_connection("127.0.0.1", router.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert head.startswith(b"HTTP/1.1 408 ")
        assert b"REQUEST_TIMEOUT" in await asyncio.wait_for(reader.read(1_000), 5)
        writer.close()


async def test_a_client_that_leaves_in_its_request_is_forgotten(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", router.port)
            writer.write(
                b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{"
            )
            await writer.drain()
            writer.close()
        assert (await client.post(router.url, json={"query": "{hello}"})).status_code == 200


async def test_a_url_too_long_is_414(serve: Any) -> None:
    async with serve(http(max_url_bytes=100)) as router, httpx.AsyncClient() as client:
        assert (await client.get(f"{router.url}?query=%7Bhello%7D")).status_code == 200
        answer = await client.get(f"{router.url}?query=%7Bhello%7D{'%20' * 50}")
        assert (answer.status_code, code(answer)) == (414, "URL_TOO_LONG")


async def test_get_can_be_switched_off(serve: Any) -> None:
    async with serve(http(get=False)) as router, httpx.AsyncClient() as client:
        answer = await client.get(f"{router.url}?query=%7Bhello%7D")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_introspection_and_suggestions_can_be_switched_off(serve: Any) -> None:
    settings = replace(Settings(), pipeline=PipelineKeys(introspection=False, suggestions=False))
    async with serve(settings) as router, httpx.AsyncClient() as client:
        assert (
            code(await client.post(router.url, json={"query": "{__schema{queryType{name}}}"}))
            == "INTROSPECTION_DISABLED"
        )
        answer = await client.post(router.url, json={"query": "{hell}"})
        assert "hello" not in answer.text
        assert (await client.post(router.url, json={"query": "{__typename}"})).json() == {
            "data": {"__typename": "Query"}
        }


async def test_streams_are_bounded_apart_from_requests(serve: Any) -> None:
    settings = replace(http(max_in_flight=1), subscriptions=SubscriptionSettings(max_sockets=1))
    query = {"query": "subscription{forever}"}
    async with serve(settings) as router, httpx.AsyncClient() as client:
        async with client.stream("POST", router.url, json=query, headers=STREAM):
            assert (await client.post(router.url, json={"query": "{hello}"})).status_code == 200
            busy = await client.post(router.url, json=query, headers=STREAM)
            assert (busy.status_code, code(busy)) == (503, "SERVER_BUSY")


async def test_a_silent_stream_is_kept_alive_with_comments(serve: Any) -> None:
    settings = replace(Settings(), subscriptions=SubscriptionSettings(keep_alive_s=0.05))
    async with serve(settings) as router, httpx.AsyncClient() as client:
        async with client.stream("POST", router.url, json={"query": "subscription{forever}"}, headers=STREAM) as answer:
            seen = ""
            async with asyncio.timeout(5):
                async for chunk in answer.aiter_text():
                    seen += chunk
                    if seen.count(":\n\n") >= 4 and "event: next" in seen:
                        break


@pytest.mark.parametrize("how", ["expires", "revoked"])
async def test_a_stream_ends_with_its_token(serve: Any, how: str) -> None:
    revoked: set[str] = set()
    jwk = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())), "kid": "k"}
    keys = JwksKeys(lambda: {"keys": [jwk]})
    verifier = TokenVerifier("i", "a", keys, leeway_s=0, is_revoked=lambda claims: claims["jti"] in revoked)
    now = int(time.time())
    claims = {"iss": "i", "aud": "a", "sub": "s", "client_id": "c", "jti": "j", "iat": now - 1, "scope": "clock:read"}
    token = jwt.encode(
        claims | {"exp": now + (2 if how == "expires" else 60)}, KEY, "ES256", headers={"typ": "at+jwt", "kid": "k"}
    )
    settings = replace(Settings(), token=TokenSettings(issuer="i", audience="a", jwks_url="x"))
    headers = STREAM | {"authorization": f"Bearer {token}"}
    async with serve(settings, verifier=verifier) as router, httpx.AsyncClient() as client:
        async with client.stream(
            "POST", router.url, json={"query": "subscription{guarded}"}, headers=headers
        ) as answer:
            seen = ""
            async with asyncio.timeout(5):
                async for chunk in answer.aiter_text():
                    seen += chunk
                    if "next" in seen:
                        revoked.add("j" if how == "revoked" else "")
        assert seen.endswith("event: complete\ndata:\n\n")
        assert router.clock.open_sources == 0
