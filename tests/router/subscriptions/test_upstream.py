"""The upstream client against subgraphs that behave, and against sockets that do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_sockets

from router.errors import SubgraphUnavailable
from router.executor import SubgraphRequest
from router.subscriptions.upstream import DEFAULTS, subscribe, websocket_url

QUICK = replace(DEFAULTS, open_timeout_s=0.3, ack_timeout_s=0.3, close_timeout_s=0.1)


def request(query: str, **variables: Any) -> SubgraphRequest:
    return SubgraphRequest(query=query, operation_name=None, variables=variables)


async def collected(url: str, query: str, settings: Any = QUICK, **variables: Any) -> list[Any]:
    async with asyncio.timeout(5):
        return [dict(one) async for one in subscribe(url, request(query, **variables), {"x-trace": "1"}, settings)]


async def test_events_arrive_until_the_subgraph_completes(serve: Any) -> None:
    async with serve() as subgraph:
        got = await collected(subgraph.url, "subscription($c:Int!){ticks(count:$c)}", c=3)
    assert got == [{"data": {"ticks": number}} for number in range(3)]


async def test_a_refusal_is_a_last_response_with_errors(serve: Any) -> None:
    async with serve() as subgraph:
        (only,) = await collected(subgraph.url, "subscription{nothing}")
    assert only["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_leaving_the_iteration_completes_the_operation_upstream(serve: Any) -> None:
    async with serve() as subgraph, asyncio.timeout(5):
        async with aclosing(subscribe(subgraph.url, request("subscription{forever}"), {}, QUICK)) as events:
            assert await anext(events) == {"data": {"forever": 0}}
            assert subgraph.clock.open_sources == 1
        while subgraph.clock.open_sources or subgraph.app.sockets.open:  # noqa: ASYNC110 - another task's state
            await asyncio.sleep(0.01)


async def test_a_slow_reader_slows_the_subgraph_down_instead_of_filling_memory(serve: Any) -> None:
    async with (
        serve() as subgraph,
        aclosing(subscribe(subgraph.url, request("subscription{flood(bytes:100000)}"), {}, QUICK)) as events,
    ):
        await anext(events)
        await asyncio.sleep(0.5)
        # What both kernels and both queues hold, some megabytes; unhindered it would be thousands of events.
        assert subgraph.clock.produced < 200


@asynccontextmanager
async def socket_server(behave: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve_sockets(behave, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"]) as server:  # type: ignore[list-item]
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/graphql"


async def acknowledge(connection: ServerConnection) -> dict[str, Any]:
    init: dict[str, Any] = json.loads(await connection.recv())
    await connection.send('{"type":"ping"}')
    assert json.loads(await connection.recv()) == {"type": "pong"}
    await connection.send('{"type":"connection_ack"}')
    return init


async def never_acknowledges(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def closes_at_once(connection: ServerConnection) -> None:
    await connection.close(4403, "Forbidden")


async def drops_after_one_event(connection: ServerConnection) -> None:
    await acknowledge(connection)
    await connection.recv()
    await connection.send('{"id":"1","type":"next","payload":{"data":{"a":1}}}')
    connection.transport.abort()


async def speaks_no_json(connection: ServerConnection) -> None:
    await acknowledge(connection)
    await connection.send("hello")
    await connection.wait_closed()


async def sends_no_object(connection: ServerConnection) -> None:
    await acknowledge(connection)
    await connection.send('{"id":"1","type":"next","payload":[1]}')
    await connection.wait_closed()


async def sends_too_much(connection: ServerConnection) -> None:
    await acknowledge(connection)
    await connection.send('{"id":"1","type":"next","payload":{"data":"' + "x" * 200_000 + '"}}')
    await connection.wait_closed()


@pytest.mark.parametrize(
    "behave",
    [never_acknowledges, closes_at_once, drops_after_one_event, speaks_no_json, sends_no_object, sends_too_much],
)
async def test_a_subgraph_that_breaks_the_protocol_is_unavailable(behave: Any) -> None:
    async with socket_server(behave) as url:
        with pytest.raises(SubgraphUnavailable):
            await collected(url, "subscription{a}", replace(QUICK, max_message_bytes=100_000))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/graphql", "ws://127.0.0.1:1", "ftp://a/", "http://"])
async def test_a_subgraph_that_cannot_be_reached_is_unavailable(url: str) -> None:
    with pytest.raises(SubgraphUnavailable):
        await collected(url, "subscription{a}")


async def test_a_server_that_accepts_and_says_nothing_is_unavailable() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        with pytest.raises(SubgraphUnavailable):
            await collected(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "subscription{a}")


async def test_headers_go_with_the_handshake_and_with_init_and_other_ids_are_ignored() -> None:
    seen: dict[str, Any] = {}

    async def behave(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen["header"] = connection.request.headers["x-trace"]
        seen["init"] = (await acknowledge(connection))["payload"]
        seen["subscribe"] = json.loads(await connection.recv())
        await connection.send('{"id":"2","type":"next","payload":{"data":{"a":0}}}')
        await connection.send('{"id":"2","type":"complete"}')
        await connection.send('{"id":"1","type":"next","payload":{"data":{"a":1}}}')
        await connection.send('{"id":"1","type":"complete"}')

    async with socket_server(behave) as url:
        assert await collected(url, "subscription{a}", n=1) == [{"data": {"a": 1}}]
    assert seen == {
        "header": "1",
        "init": {"x-trace": "1"},
        "subscribe": {"id": "1", "type": "subscribe", "payload": {"query": "subscription{a}", "variables": {"n": 1}}},
    }


def test_the_socket_s_url_follows_from_the_subgraph_s() -> None:
    assert websocket_url("http://a:1/b?c=d") == "ws://a:1/b?c=d"
    assert websocket_url("https://a/b") == "wss://a/b"
    assert websocket_url("wss://a/b") == "wss://a/b"
