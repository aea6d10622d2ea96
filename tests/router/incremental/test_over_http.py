"""Incremental delivery over HTTP: who gets which format, what the body is, and what ends with the client."""

from __future__ import annotations

import asyncio
import json
from email.parser import BytesParser
from typing import Any

import httpx
import pytest
import websockets
from merging import merged, merged_by_path

DEFERRED = '{ book(id: 1) { title ... @defer(label: "later") { rating } } }'
WHOLE = {"book": {"title": "title 1", "rating": 10}}
DRAFT, OF_2022 = "incrementalSpec=v0.2", "deferSpec=20220824"

# Accept: the media type of the answer to an operation that defers, and of the answer to one that does not.
ACCEPTS: dict[str, tuple[str, str]] = {
    "multipart/mixed;incrementalSpec=v0.2, application/json": (DRAFT, "application/json"),
    "multipart/mixed; incrementalSpec=v0.2,application/graphql-response+json,application/json;q=0.9": (
        DRAFT,
        "application/graphql-response+json",
    ),
    "application/json, multipart/mixed": (DRAFT, "application/json"),
    "multipart/mixed": (DRAFT, DRAFT),
    "multipart/mixed;incrementalSpec=v0.2;q=0.1, application/json": (DRAFT, "application/json"),
    "multipart/mixed;deferSpec=20220824, application/json": (OF_2022, "application/json"),
    "multipart/mixed;incrementalSpec=v0.1, application/json": (OF_2022, "application/json"),
    'multipart/mixed;boundary="graphql";deferSpec=20220824': (OF_2022, OF_2022),
    "multipart/mixed;incrementalSpec=v0.2, multipart/mixed;deferSpec=20220824": (DRAFT, DRAFT),
    "multipart/mixed;incrementalSpec=v9, application/json": ("application/json", "application/json"),
    "multipart/mixed;incrementalSpec=v0.2;q=0, application/json": ("application/json", "application/json"),
    "application/json": ("application/json", "application/json"),
    "application/graphql-response+json": ("application/graphql-response+json", "application/graphql-response+json"),
    "*/*": ("application/json", "application/json"),
}


def parts(response: httpx.Response) -> list[Any]:
    """The parts of a multipart body, read by the standard library's own reader of MIME."""
    head = b"content-type: " + response.headers["content-type"].encode() + b"\r\n"
    message = BytesParser().parsebytes(head + response.content)
    assert message.is_multipart()
    assert message.epilogue == "", "the body ends with its last delimiter"
    found = []
    for part in message.get_payload():
        assert part.get_content_type() == "application/json"  # type: ignore[union-attr]
        found.append(json.loads(part.get_payload(decode=True)))  # type: ignore[union-attr, arg-type]
    return found


async def ask(url: str, query: str, accept: str, **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(url, json={"query": query, **more}, headers={"accept": accept})


@pytest.mark.parametrize("accept", ACCEPTS)
async def test_what_the_client_accepts_decides_the_format(serve_library: Any, accept: str) -> None:
    async with serve_library() as (_, url):
        several, one = ACCEPTS[accept]
        response = await ask(url, DEFERRED, accept)
        assert response.status_code == 200
        assert several in response.headers["content-type"]
        if several == DRAFT:
            assert merged(parts(response)).data == WHOLE
        elif several == OF_2022:
            assert merged_by_path(parts(response)).data == WHOLE
        else:
            assert response.json() == {"data": WHOLE}, "answered whole, the directive ignored"
        response = await ask(url, "{ book(id: 1) { title } }", accept)
        assert one in response.headers["content-type"]
        found = parts(response) if one in (DRAFT, OF_2022) else [response.json()]
        assert found == [{"data": {"book": {"title": "title 1"}}}]


async def test_the_body_is_written_as_the_proposal_says(serve_library: Any) -> None:
    async with serve_library() as (_, url):
        response = await ask(url, DEFERRED, "multipart/mixed;deferSpec=20220824")
    assert response.headers["content-type"] == 'multipart/mixed; boundary="-"; deferSpec=20220824'
    head = b"\r\n---\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
    assert response.content == (
        head
        + b'{"data":{"book":{"title":"title 1"}},"hasNext":true}'
        + head
        + b'{"incremental":[{"data":{"rating":10},"path":["book"],"label":"later"}],"hasNext":false}'
        + b"\r\n-----\r\n"
    )


async def test_errors_before_anything_runs_are_answered_as_ever(serve_library: Any) -> None:
    async with serve_library() as (_, url):
        response = await ask(url, "{ nothing ... @defer { motto } }", "multipart/mixed, application/json")
        assert response.headers["content-type"].startswith("application/json")
        assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        response = await ask(url, "{ nothing }", "multipart/mixed")
        assert [list(part) for part in parts(response)] == [["errors"]]


async def test_switched_off_the_directives_are_unknown_and_multipart_is_not_served(serve_library: Any) -> None:
    async with serve_library(incremental=False) as (_, url):
        response = await ask(url, DEFERRED, "multipart/mixed, application/json")
        assert response.json()["errors"][0]["message"] == "Unknown directive '@defer'."
        assert (await ask(url, "{ motto }", "multipart/mixed")).status_code == 406
        response = await ask(url, "{ __schema { directives { name } } }", "application/json")
        names = {one["name"] for one in response.json()["data"]["__schema"]["directives"]}
        assert names.isdisjoint({"defer", "stream"})


async def test_the_first_part_is_there_before_the_others_are_fetched(serve_library: Any) -> None:
    async with serve_library() as (library, url):
        library.gates["reviews"] = asyncio.Event()
        body = {"query": DEFERRED}
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", url, json=body, headers={"accept": "multipart/mixed"}) as response,
        ):
            seen = b""
            async for chunk in response.aiter_bytes():
                seen += chunk
                if seen.count(b"\r\n---") == 2 and not library.gates["reviews"].is_set():
                    assert b'"title 1"' in seen
                    assert b"rating" not in seen
                    library.gates["reviews"].set()
        assert seen.endswith(b"\r\n-----\r\n")


async def test_a_client_that_leaves_ends_what_runs_for_it(serve_library: Any) -> None:
    async with serve_library() as (library, url):
        library.gates["reviews"] = asyncio.Event()
        body = {"query": DEFERRED}
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", url, json=body, headers={"accept": "multipart/mixed"}) as response,
        ):
            async for _ in response.aiter_bytes():
                break
        async with asyncio.timeout(5):
            while library.running or not library.cancelled:  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)


async def test_event_streams_carry_several_results_then_complete(serve_library: Any) -> None:
    async with serve_library() as (_, url):
        response = await ask(url, DEFERRED, "text/event-stream")
    events = [event for event in response.text.split("\n\n") if event.startswith("event: ")]
    assert events[-1] == "event: complete\ndata:"
    bodies = [json.loads(event.removeprefix("event: next\ndata: ")) for event in events[:-1]]
    assert merged(bodies).data == WHOLE


@pytest.mark.parametrize(
    ("query", "whole"),
    [(DEFERRED, WHOLE), ('mutation { rename(id: 1, title: "x") { title ... @defer { rating } } }', None)],
)
async def test_websockets_carry_several_results_then_complete(
    serve_library: Any, query: str, whole: dict[str, Any] | None
) -> None:
    async with serve_library() as (_, url):
        where = url.replace("http", "ws", 1)
        async with websockets.connect(where, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
            seen = []
            while (message := json.loads(await socket.recv()))["type"] == "next":
                seen.append(message["payload"])
    assert message == {"id": "1", "type": "complete"}
    assert merged(seen).data == (whole or {"rename": {"title": "x", "rating": 10}})


async def test_subscriptions_go_over_multipart_too(serve: Any) -> None:
    async with serve() as router, httpx.AsyncClient() as client:
        headers = {"accept": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json"}
        query = "subscription { ticks(count: 3) }"
        response = await client.post(router.url, json={"query": query}, headers=headers)
        assert response.headers["content-type"] == 'multipart/mixed; boundary="-"; subscriptionSpec=1.0'
        heart, *ticks = parts(response)
        assert heart == {}, "a heartbeat at once tells that the stream is open"
        assert ticks == [{"payload": {"data": {"ticks": number}}} for number in range(3)]
        response = await client.post(router.url, json={"query": "{ hello }"}, headers=headers)
        assert response.headers["content-type"].startswith("application/json")
        assert response.json() == {"data": {"hello": "hello world"}}
