"""``python -m router serve`` as other tools rely on it: ready, answering, subscribing, stopping."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

# ruff: noqa: ASYNC110, ASYNC240 - the subgraphs run in this loop, files are tiny
BOOK = "{book(id:7){title stars} best{title}}"
ANSWER = {"data": {"book": {"title": "Book 7", "stars": 3}, "best": {"title": "Book 4"}}}


async def test_it_is_ready_quickly_answers_across_subgraphs_and_stops_on_sigterm(
    supergraph: Path, serving: Any
) -> None:
    started = time.monotonic()
    async with serving(supergraph) as server, httpx.AsyncClient() as client:
        assert time.monotonic() - started < 5
        assert (await client.post(server.url, json={"query": BOOK})).json() == ANSWER
        stopping = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), 10) == 0
        assert time.monotonic() - stopping < 3
        errors = (await server.process.stderr.read()).decode()
        assert errors == f"router: serving at {server.url}\n"


async def test_a_running_request_is_answered_before_it_stops(supergraph: Path, serving: Any) -> None:
    async with serving(supergraph) as server, httpx.AsyncClient() as client:
        running = asyncio.create_task(client.post(server.url, json={"query": "{slow(seconds:1)}"}))
        await asyncio.sleep(0.3)
        server.process.terminate()
        assert (await running).json() == {"data": {"slow": "at last"}}
        assert await asyncio.wait_for(server.process.wait(), 10) == 0


async def test_open_sockets_do_not_keep_it_from_stopping(supergraph: Path, serving: Any, subgraphs: Any) -> None:
    async with serving(supergraph) as server:
        async with connect(server.url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            await socket.send('{"id":"1","type":"subscribe","payload":{"query":"subscription{added(count:0){id}}"}}')
            await asyncio.sleep(0.3)
            server.process.terminate()
            assert await asyncio.wait_for(server.process.wait(), 10) == 0
        assert socket.close_code == 1012


async def messages(socket: Any, query: str, count: int) -> list[dict[str, Any]]:
    await socket.send('{"type":"connection_init"}')
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
    return [json.loads(await asyncio.wait_for(socket.recv(), 10)) for _ in range(count)]


async def test_a_subscription_reaches_through_to_the_subgraph_and_is_joined(
    supergraph: Path, serving: Any, subgraphs: Any
) -> None:
    async with serving(supergraph) as server:
        url = server.url.replace("http", "ws")
        async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            got = await messages(socket, "subscription{added(count:3){title stars}}", 4)
        assert [one.get("payload", one["type"]) for one in got] == [
            {"data": {"added": {"title": "Book 0", "stars": 1}}},
            {"data": {"added": {"title": "Book 1", "stars": 2}}},
            {"data": {"added": {"title": "Book 2", "stars": 3}}},
            "complete",
        ]
        async with connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            got = await messages(socket, "subscription{breaks{title}}", 2)
            assert got[0]["payload"] == {"data": {"breaks": {"title": "Book 1"}}}
            assert "errors" in got[1].get("payload", {}) or got[1]["type"] == "error"


async def test_leaving_a_subscription_closes_it_in_the_subgraph(supergraph: Path, serving: Any, subgraphs: Any) -> None:
    async with serving(supergraph) as server, asyncio.timeout(10):
        async with connect(server.url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await messages(socket, "subscription{added(count:0){id}}", 0)
            while subgraphs.module.open_sources == 0:
                await asyncio.sleep(0.02)
        while subgraphs.module.open_sources > 0:
            await asyncio.sleep(0.02)


async def test_event_streams_carry_subscriptions_too(supergraph: Path, serving: Any, subgraphs: Any) -> None:
    async with serving(supergraph) as server, httpx.AsyncClient() as client:
        headers = {"accept": "text/event-stream"}
        answer = await client.post(server.url, json={"query": "subscription{added(count:2){id}}"}, headers=headers)
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        events = [one for one in answer.text.split("\n\n") if one and not one.startswith(":")]
        assert events == [
            'event: next\ndata: {"data":{"added":{"id":"0"}}}',
            'event: next\ndata: {"data":{"added":{"id":"1"}}}',
            "event: complete\ndata:",
        ]
        answer = await client.post(server.url, json={"query": "{nothing}"}, headers=headers)
        assert "GRAPHQL_VALIDATION_FAILED" in answer.text
        async with client.stream(
            "POST", server.url, json={"query": "subscription{added(count:0){id}}"}, headers=headers
        ):
            async with asyncio.timeout(10):
                while subgraphs.module.open_sources == 0:
                    await asyncio.sleep(0.02)
        async with asyncio.timeout(10):
            while subgraphs.module.open_sources > 0:
                await asyncio.sleep(0.02)


async def test_a_subgraph_that_is_away_is_an_error_of_its_fields_only(
    tmp_path: Path, supergraph: Path, serving: Any
) -> None:
    settings = tmp_path / "router.toml"
    settings.write_text('[subgraphs.reviews]\nurl = "http://127.0.0.1:1/"\n')
    async with serving(supergraph, "--config", str(settings)) as server, httpx.AsyncClient() as client:
        answer = (await client.post(server.url, json={"query": "{book(id:7){title stars}}"})).json()
        assert answer["data"] == {"book": None} or answer["data"]["book"]["title"] == "Book 7"
        assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"
        assert "127.0.0.1:1" not in json.dumps(answer)


async def test_urls_of_subgraphs_may_come_from_the_environment(supergraph: Path, serving: Any, subgraphs: Any) -> None:
    moved = supergraph.with_name("moved.graphql")
    moved.write_text(supergraph.read_text().replace(f":{subgraphs.port}/reviews/", ":1/"))
    environment = {"ROUTER_SUBGRAPH_REVIEWS_URL": f"http://127.0.0.1:{subgraphs.port}/reviews/"}
    async with serving(moved, environment=environment) as server, httpx.AsyncClient() as client:
        assert (await client.post(server.url, json={"query": BOOK})).json() == ANSWER


async def test_several_workers_serve_one_port_and_stop_together(supergraph: Path, serving: Any) -> None:
    async with serving(supergraph, "--workers", "2") as server:
        for _ in range(4):
            async with httpx.AsyncClient() as client:
                assert (await client.post(server.url, json={"query": BOOK})).json() == ANSWER
        server.process.terminate()
        assert await asyncio.wait_for(server.process.wait(), 15) == 0


WRONG = {
    "a port that is none": (["--port", "70000"], "no TCP port"),
    "a port that is taken": (["--port", "{taken}"], "cannot listen on 127.0.0.1:"),
    "a host that is not ours": (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1:"),
    "no supergraph": (["--supergraph", "/nowhere"], "cannot read /nowhere"),
    "an unknown key": (["--config", "{folder}/unknown.toml"], "unknown key 'prot' in [server]"),
    "an unknown section": (["--config", "{folder}/section.toml"], "unknown section [sever]"),
    "a wrong kind": (["--config", "{folder}/kind.toml"], "'port' in [server]"),
    "a subgraph that is none": (["--config", "{folder}/subgraph.toml"], "'films'"),
    "an issuer without keys": (["--config", "{folder}/issuer.toml"], "token.jwks_url"),
    "not TOML": (["--config", "{folder}/broken.toml"], "is not TOML"),
}


async def test_wrong_settings_stop_it_with_one_line_that_says_what(
    supergraph: Path, command: Any, subgraphs: Any
) -> None:
    folder = supergraph.parent
    for name, text in {
        "unknown": "[server]\nprot = 1",
        "section": "[sever]\n",
        "kind": '[server]\nport = "4000"',
        "subgraph": "[subgraphs.films]\nurl = 'http://a/'",
        "issuer": "[token]\nissuer = 'https://a'\naudience = 'b'",
        "broken": "[server",
    }.items():
        (folder / f"{name}.toml").write_text(text)
    taken = subgraphs.port
    for arguments, message in WRONG.values():
        given = [one.format(folder=folder, taken=taken) for one in arguments]
        done = await command("serve", "--supergraph", str(supergraph), "--port", "0", *given)
        assert done.status == 1
        assert message in done.errors
        assert done.errors.startswith("router serve: ")
        assert done.errors.count("\n") == 1
