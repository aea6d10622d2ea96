"""The HTTP transport against a real TCP server that does what each case says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from router.caller import Caller
from router.codings import CODINGS, encode
from router.errors import SubgraphUnavailable
from router.executor import HttpSettings, HttpTransport, SubgraphRequest
from router.executor.http import header_lines, read_url

Reply = Callable[["Peer", bytes, asyncio.StreamWriter], Awaitable[None]]
QUERY = SubgraphRequest("{ a }", None, {"n": 1})
MUTATION = SubgraphRequest("mutation { a }", is_mutation=True)
OK = b'{"data":{"a":1}}'


class Peer:
    """Counts connections and requests; answers by ``reply``."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.connections = 0
        self.requests: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                body = await reader.readexactly(length)
                self.requests.append(head + body)
                await self.reply(self, head + body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def http(body: bytes = OK, status: str = "200 OK", kind: str = "application/json", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def always(message: bytes, then_close: bool = False) -> Reply:
    async def reply(peer: Peer, request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(message)
        await writer.drain()
        if then_close:
            writer.close()

    return reply


@asynccontextmanager
async def connected(reply: Reply, **settings: Any) -> AsyncIterator[tuple[Peer, HttpTransport]]:
    peer = Peer(reply)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = HttpTransport(f"http://127.0.0.1:{port}/graphql?x=1", HttpSettings(**settings))
    try:
        yield peer, transport
    finally:
        await transport.aclose()
        server.close()
        for writer in peer.writers:
            writer.close()


async def test_sends_one_json_post_over_a_kept_connection() -> None:
    async with connected(always(http())) as (peer, transport):
        for _ in range(3):
            assert await transport.execute(QUERY, Caller(headers={"x-trace": "t"})) == {"data": {"a": 1}}
        head, body = peer.requests[0].split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /graphql?x=1 HTTP/1.1"
        assert "accept: application/graphql-response+json, application/json;q=0.9" in lines
        assert "content-type: application/json" in lines
        assert "x-trace: t" in lines
        assert body == b'{"query":"{ a }","variables":{"n":1}}'
        assert (peer.connections, len(peer.requests)) == (1, 3)


ACCEPTED = {
    "graphql-response+json": http(kind="application/graphql-response+json; charset=utf-8"),
    "errors with status 400": http(b'{"errors":[{"message":"m"}]}', "400 Bad Request"),
    "chunked": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5\r\n" + OK[:5] + b"\r\n" + hex(len(OK) - 5)[2:].encode() + b"\r\n" + OK[5:] + b"\r\n0\r\n\r\n",
    "after an interim response": b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + http(),
}


@pytest.mark.parametrize("message", ACCEPTED.values(), ids=ACCEPTED)
async def test_reads_graphql_responses(message: bytes) -> None:
    async with connected(always(message)) as (_, transport):
        assert await transport.execute(QUERY, Caller()) in ({"data": {"a": 1}}, {"errors": [{"message": "m"}]})


LONG = b'{"data":{"a":"' + b"x" * 1_000_000 + b'"}}'


@pytest.mark.parametrize("size", [1, 1_000, 70_000, 300_000, len(LONG)])
async def test_long_answers_are_read_whole_and_the_connection_is_kept(size: int) -> None:
    """The rest of a long body goes past the parser: however much of it comes with the head."""

    async def reply(peer: Peer, request: bytes, writer: asyncio.StreamWriter) -> None:
        message = http(LONG)
        writer.write(message[:size])
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(message[size:])

    async with connected(reply) as (peer, transport):
        for _ in range(3):
            answer = await transport.execute(QUERY, Caller())
            assert len(answer["data"]["a"]) == 1_000_000
        assert (peer.connections, len(peer.requests)) == (1, 3)


async def test_a_long_answer_that_breaks_off_is_no_answer() -> None:
    async with connected(always(http(LONG)[:-1], then_close=True)) as (_, transport):
        with pytest.raises(SubgraphUnavailable, match="before the whole answer"):
            await transport.execute(QUERY, Caller())


async def test_bytes_behind_a_long_answer_end_the_connection() -> None:
    async with connected(always(http(LONG) + http(b'{"data":{"a":"smuggled"}}'))) as (peer, transport):
        for _ in range(2):
            assert (await transport.execute(QUERY, Caller()))["data"]["a"][:3] == "xxx"
        assert peer.connections == 2


async def test_who_waits_for_a_connection_has_no_more_time_than_others() -> None:
    async with connected(after(asyncio.Event()), max_connections=1, share_reads=False, timeout=0.2) as (_, transport):
        calls = (transport.execute(QUERY, Caller()) for _ in range(3))
        found = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 1)
        assert [str(one) for one in found] == ["No answer within 0.2 s."] * 3


async def test_reads_a_body_that_ends_with_the_connection() -> None:
    message = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + OK
    async with connected(always(message, then_close=True)) as (peer, transport):
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert peer.connections == 2


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
REFUSED = {
    "a redirect": (http(b"", "302 Found", extra="location: http://127.0.0.1/\r\n"), {"status": 302}),
    "HTML": (http(b"<html>", "502 Bad Gateway", "text/html"), {"status": 502}),
    "JSON of another kind": (http(b'{"ok":true}'), {"status": 200}),
    "broken JSON": (http(b'{"data":'), {"status": 200}),
    "a JSON list": (http(b"[]"), {"status": 200}),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", None),
    "a coding not asked for": (http(extra="content-encoding: gzip\r\n"), None),
    "too large by its own word": (http(b"x" * 2_000), None),
    "too large": (CHUNKED + b"3e8\r\n" + b"x" * 1000 + b"\r\n3e8\r\n" + b"x" * 1000, None),
    "endless headers": (b"HTTP/1.1 200 OK\r\n" + (b"x-a: " + b"b" * 1000 + b"\r\n") * 80, None),
}  # fmt: skip


@pytest.mark.parametrize(("message", "http_extension"), REFUSED.values(), ids=REFUSED)
async def test_refuses(message: bytes, http_extension: dict[str, int] | None) -> None:
    async with connected(always(message), max_response_bytes=1_500, timeout=2) as (_, transport):
        with pytest.raises(SubgraphUnavailable) as refused:
            await transport.execute(QUERY, Caller())
        assert refused.value.extensions.get("http") == http_extension


async def test_nobody_listens() -> None:
    async with connected(always(http())) as (_, transport):
        pass
    transport = HttpTransport("http://127.0.0.1:1/graphql")
    with pytest.raises(SubgraphUnavailable):
        await transport.execute(QUERY, Caller())


async def test_a_silent_subgraph_times_out_and_its_connection_is_not_used_again() -> None:
    async def silent_once(peer: Peer, request: bytes, writer: asyncio.StreamWriter) -> None:
        if len(peer.requests) > 1:
            writer.write(http())

    async with connected(silent_once, timeout=0.05) as (peer, transport):
        with pytest.raises(SubgraphUnavailable, match="within"):
            await transport.execute(QUERY, Caller())
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert peer.connections == 2


LIMIT = 2_000_000
ENCODED = {coding: encode(coding, LONG) for coding in CODINGS}


@pytest.mark.parametrize("coding", CODINGS)
async def test_answers_may_come_in_the_codings_that_are_asked_for(coding: str) -> None:
    message = http(ENCODED[coding], extra=f"content-encoding: {coding}\r\n")
    async with connected(always(message), accept_encoding=(coding,), max_response_bytes=LIMIT) as (peer, transport):
        for _ in range(2):
            assert len((await transport.execute(QUERY, Caller()))["data"]["a"]) == 1_000_000
        assert peer.connections == 1
        assert f"\r\naccept-encoding: {coding}\r\n".encode() in peer.requests[0]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda body: body[:-1], "is not one whole"),
        (lambda body: body + b"x", "is not"),
        (lambda body: b"xxxx" + body, "is not"),
        (lambda body: encode("gzip" if body[:2] != b"\x1f\x8b" else "br", b"{}"), "is not"),
    ],
)
async def test_a_broken_coding_is_no_answer(coding: str, change: Any, message: str) -> None:
    sent = http(change(ENCODED[coding]), extra=f"content-encoding: {coding}\r\n")
    async with connected(always(sent), accept_encoding=(coding,), max_response_bytes=LIMIT) as (_, transport):
        with pytest.raises(SubgraphUnavailable, match=message):
            await transport.execute(QUERY, Caller())


@pytest.mark.parametrize("coding", CODINGS)
async def test_an_answer_that_unpacks_to_more_than_may_be_is_none(coding: str) -> None:
    sent = http(ENCODED[coding], extra=f"content-encoding: {coding}\r\n")
    async with connected(always(sent), accept_encoding=(coding,), max_response_bytes=900_000) as (_, transport):
        with pytest.raises(SubgraphUnavailable, match="more than 900000 bytes when unpacked"):
            await transport.execute(QUERY, Caller())


def dies_when_asked_again(status: bytes = http()) -> Reply:
    """Answers the first request of each connection; a second one meets a closed connection."""
    answered: set[int] = set()

    async def reply(peer: Peer, request: bytes, writer: asyncio.StreamWriter) -> None:
        if id(writer) in answered:
            writer.transport.abort()
            return
        answered.add(id(writer))
        writer.write(status)

    return reply


async def test_a_read_on_a_stale_connection_is_sent_once_more() -> None:
    async with connected(dies_when_asked_again()) as (peer, transport):
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert (peer.connections, len(peer.requests)) == (2, 3)


async def test_a_mutation_is_never_sent_twice() -> None:
    async with connected(dies_when_asked_again()) as (peer, transport):
        await transport.execute(MUTATION, Caller())
        with pytest.raises(SubgraphUnavailable, match="not sent twice"):
            await transport.execute(MUTATION, Caller())
        assert len(peer.requests) == 2


async def test_a_read_cut_off_in_its_answer_is_not_retried() -> None:
    async with connected(always(http()[:-3], then_close=True)) as (peer, transport):
        with pytest.raises(SubgraphUnavailable):
            await transport.execute(QUERY, Caller())
        assert len(peer.requests) == 1


async def test_bytes_nobody_asked_for_end_the_connection() -> None:
    async with connected(always(http() + http(b'{"data":{"a":"smuggled"}}'))) as (peer, transport):
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert peer.connections == 2


def after(gate: asyncio.Event) -> Reply:
    async def reply(peer: Peer, request: bytes, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(http())

    return reply


async def test_identical_reads_in_flight_share_one_call_and_no_objects() -> None:
    gate = asyncio.Event()
    async with connected(after(gate)) as (peer, transport):
        calls = [asyncio.create_task(transport.execute(QUERY, Caller())) for _ in range(5)]
        await asyncio.sleep(0.02)
        gate.set()
        answers = await asyncio.gather(*calls)
        assert answers == [{"data": {"a": 1}}] * 5
        assert len({id(answer) for answer in answers}) == 5
        assert (len(peer.requests), transport.shared) == (1, 4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((QUERY, Caller(headers={"authorization": "a"})), (QUERY, Caller(headers={"authorization": "b"}))),
        ((QUERY, Caller()), (SubgraphRequest("{ a }", None, {"n": 2}), Caller())),
        ((MUTATION, Caller()), (MUTATION, Caller())),
    ],
)
async def test_different_reads_and_all_mutations_are_calls_of_their_own(one: Any, other: Any) -> None:
    gate = asyncio.Event()
    async with connected(after(gate)) as (peer, transport):
        calls = [asyncio.create_task(transport.execute(*call)) for call in (one, other)]
        await asyncio.sleep(0.02)
        gate.set()
        await asyncio.gather(*calls)
        assert len(peer.requests) == 2


async def test_sharing_can_be_switched_off() -> None:
    gate = asyncio.Event()
    async with connected(after(gate), share_reads=False) as (peer, transport):
        calls = [asyncio.create_task(transport.execute(QUERY, Caller())) for _ in range(3)]
        await asyncio.sleep(0.02)
        gate.set()
        await asyncio.gather(*calls)
        assert len(peer.requests) == 3


async def test_who_shares_is_not_harmed_when_the_first_caller_gives_up() -> None:
    gate = asyncio.Event()
    async with connected(after(gate)) as (_, transport):
        first = asyncio.create_task(transport.execute(QUERY, Caller()))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(transport.execute(QUERY, Caller()))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        gate.set()
        assert await second == {"data": {"a": 1}}
        with pytest.raises(asyncio.CancelledError):
            await first


async def test_a_failure_is_shared_too() -> None:
    async with connected(always(http(b"", "503 Busy", "text/plain"))) as (_, transport):
        found = await asyncio.gather(*(transport.execute(QUERY, Caller()) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(one, SubgraphUnavailable) for one in found)


async def test_connections_and_waiting_calls_are_bounded() -> None:
    gate = asyncio.Event()
    async with connected(after(gate), max_connections=2, max_waiting=3, share_reads=False) as (peer, transport):
        calls = [asyncio.create_task(transport.execute(QUERY, Caller())) for _ in range(6)]
        await asyncio.sleep(0.05)
        assert peer.connections == 2
        calls[2].cancel()
        gate.set()
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one).__name__ for one in found] == [
            "dict", "dict", "CancelledError", "dict", "dict", "SubgraphUnavailable",
        ]  # fmt: skip
        assert peer.connections == 2


async def test_unix_sockets(tmp_path: Path) -> None:
    peer = Peer(always(http()))
    path = tmp_path / "s.sock"
    server = await asyncio.start_unix_server(peer.serve, path)
    for url in (f"http+unix://{str(path).replace('/', '%2F')}/graphql?x=1", f"unix:{path}:/graphql?x=1"):
        transport = HttpTransport(url)
        assert await transport.execute(QUERY, Caller()) == {"data": {"a": 1}}
        assert peer.requests[-1].startswith(b"POST /graphql?x=1 HTTP/1.1\r\nhost: localhost\r\n")
        await transport.aclose()
    server.close()


@pytest.mark.parametrize("url", ["ftp://a/b", "graphql", "http:///x", "http://h/a b", "unix:", "unix:a.sock"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="URL"):
        read_url(url)


def test_headers_cannot_break_the_message() -> None:
    headers = {
        "x-ok": "1",
        "Content-Length": "0",
        "transfer-encoding": "chunked",
        "host": "evil",
        "x-evil": "a\r\nx-b: c",
        "bad name": "v",
        "authorization": "Bearer t",
    }
    assert header_lines(headers) == b"authorization: Bearer t\r\nx-ok: 1\r\n"
