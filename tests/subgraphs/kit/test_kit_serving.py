"""One subgraph over real HTTP and a real WebSocket: what any Federation router sees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from subgraphs.kit import Database, Identity, OpenSubgraph
from subgraphs.kit.identity import HEADER, read_identity, sign_identity
from subgraphs.kit.serving import MAX_BODY, subgraph_app
from tests.subgraphs.kit.test_kit_execution import CLOSED, SUBGRAPH

SECRET = b"between us"
PROTOCOL = Subprotocol("graphql-transport-ws")


@dataclass
class Served:
    """Where it is served."""

    url: str
    socket_url: str
    client: httpx.AsyncClient


@pytest.fixture
async def served(free_port: int, sqlite_url: str) -> AsyncIterator[Served]:
    async def open_subgraph() -> OpenSubgraph:
        return await OpenSubgraph.open(SUBGRAPH, Database(sqlite_url))

    def authenticate(headers: Mapping[str, str]) -> Identity:
        return read_identity(headers, SECRET)

    app = subgraph_app(open_subgraph, authenticate)
    server = uvicorn.Server(uvicorn.Config(app, port=free_port, log_level="error", ws_max_size=MAX_BODY))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}") as client:
        yield Served(str(client.base_url), f"ws://127.0.0.1:{free_port}/graphql", client)
    server.should_exit = True
    await task


def body(query: str, **rest: Any) -> dict[str, Any]:
    return {"query": query, **rest}


async def test_an_operation_over_http(served: Served) -> None:
    answer = await served.client.post(
        "/graphql", json=body("query($d: Date!) { day(on: $d) }", variables={"d": "2026-11-22"})
    )
    assert (answer.status_code, answer.json()) == (200, {"data": {"day": "2026-11-22"}})
    assert (await served.client.get("/health")).json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("application/graphql-response+json", 400, "application/graphql-response+json"),
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
    ],
)
async def test_the_status_of_a_request_that_cannot_run(
    served: Served, accept: str, status: int, media_type: str
) -> None:
    answer = await served.client.post("/graphql", json=body("{ nothing }"), headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "BAD_REQUEST"),
        (b"[]", "application/json", 400, "BAD_REQUEST"),
        (b'{"query": 1}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{a}", "variables": []}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{a}", "operationName": 1}', "application/json", 400, "BAD_REQUEST"),
        (b"\xff\xfe", "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{__typename}"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b" " * (MAX_BODY + 1), "application/json", 413, "BODY_TOO_LARGE"),
    ],
)
async def test_bad_bodies(served: Served, content: bytes, media_type: str, status: int, code: str) -> None:
    answer = await served.client.post("/graphql", content=content, headers={"content-type": media_type})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["extensions"]["code"] == code


async def test_the_language_follows_the_signed_identity_and_forgeries_are_refused(served: Served) -> None:
    who = Identity("kim", "app", frozenset(), "ko")
    signed = await served.client.post(
        "/graphql", json=body("{ refused }"), headers={HEADER: sign_identity(who, SECRET)}
    )
    assert signed.json()["errors"][0]["message"].endswith("필요합니다.")
    forged = await served.client.post(
        "/graphql", json=body("{ refused }"), headers={HEADER: sign_identity(who, b"guess")}
    )
    assert (forged.status_code, forged.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        return dict(json.loads(await socket.recv()))


async def test_a_subscription_over_the_socket(served: Served) -> None:
    async with websockets.connect(served.socket_url, subprotocols=[PROTOCOL]) as socket:
        await say(socket, type="connection_init")
        assert await hear(socket) == {"type": "connection_ack"}
        await say(socket, type="ping")
        assert await hear(socket) == {"type": "pong"}
        await say(socket, type="subscribe", id="1", payload=body("subscription { count(to: 2) }"))
        assert [await hear(socket) for _ in range(3)] == [
            {"type": "next", "id": "1", "payload": {"data": {"count": 0}}},
            {"type": "next", "id": "1", "payload": {"data": {"count": 1}}},
            {"type": "complete", "id": "1"},
        ]
        await say(socket, type="subscribe", id="1", payload=body("{ __typename }"))
        assert await hear(socket) == {"type": "next", "id": "1", "payload": {"data": {"__typename": "Query"}}}
        assert await hear(socket) == {"type": "complete", "id": "1"}
        await say(socket, type="subscribe", id="2", payload=body("subscription { nothing }"))
        refused = await hear(socket)
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "GRAPHQL_VALIDATION_FAILED")


async def test_completing_or_leaving_closes_the_source(served: Served) -> None:
    for leave in (False, True):
        CLOSED.clear()
        async with websockets.connect(served.socket_url, subprotocols=[PROTOCOL]) as socket:
            await say(socket, type="connection_init")
            await hear(socket)
            await say(socket, type="subscribe", id="1", payload=body("subscription { count(to: 1000000) }"))
            assert (await hear(socket))["type"] == "next"
            if not leave:
                await say(socket, type="complete", id="1")
                await wait_for_close()
        await wait_for_close()


async def wait_for_close() -> None:
    async with asyncio.timeout(5):
        while not CLOSED:  # noqa: ASYNC110 - the source notes its end in a list
            await asyncio.sleep(0.01)


INIT: dict[str, Any] = {"type": "connection_init"}
COUNT: dict[str, Any] = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { count(to: 1000000) }"}}


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": {"query": "{a}"}}], 4401),
        ([INIT, INIT], 4429),
        ([INIT, COUNT, COUNT], 4409),
        ([INIT, {"type": "dance"}], 4400),
        ([INIT, {"no": "type"}], 4400),
        ([INIT, "not json {"], 4400),
        ([INIT, {"type": "subscribe", "payload": {"query": "{a}"}}], 4400),
        ([INIT, {"type": "subscribe", "id": "1", "payload": {"query": 1}}], 4400),
        ([INIT, {"type": "subscribe", "id": "1"}], 4400),
    ],
)
async def test_close_codes(served: Served, messages: list[Any], code: int) -> None:
    async with websockets.connect(served.socket_url, subprotocols=[PROTOCOL]) as socket:
        for message in messages:
            await socket.send(message if isinstance(message, str) else json.dumps(message))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            while True:
                await hear(socket)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == code


async def test_another_subprotocol_is_refused(served: Served) -> None:
    async with websockets.connect(served.socket_url, subprotocols=[Subprotocol("graphql-ws")]) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4406


async def test_a_forged_identity_gets_no_socket(served: Served) -> None:
    forged = {HEADER: "forged"}
    async with websockets.connect(served.socket_url, subprotocols=[PROTOCOL], additional_headers=forged) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4403


async def test_silence_after_connecting_is_ended(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subgraphs.kit.websocket.INIT_SECONDS", 0.05)
    async with websockets.connect(served.socket_url, subprotocols=[PROTOCOL]) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await hear(socket)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4408
