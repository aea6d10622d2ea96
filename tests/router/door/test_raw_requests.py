"""What the router's own HTTP server answers to bytes: good, odd, hostile, split anywhere."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.config import HttpSettings, ServerSettings, Settings
from tests.router.conftest import Served

QUERY = b'{"query":"{hello}"}'
ANSWER = b'{"data":{"hello":"hello world"}}'
END = b"\r\n\r\n"


@pytest.fixture
def door() -> str:
    """Here only the router's own server is looked at."""
    return "own"


def post(body: bytes = QUERY, *more: bytes, path: bytes = b"/graphql") -> bytes:
    lines = (b"POST %b HTTP/1.1" % path, b"host: a", b"content-type: application/json", *more)
    return b"\r\n".join(lines) + b"\r\ncontent-length: %d" % len(body) + END + body


def chunked(*chunks: bytes, trailer: bytes = b"", extra: bytes = b"") -> bytes:
    head = b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked"
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(one), extra, one) for one in chunks)
    return head + END + body + b"0\r\n" + trailer + b"\r\n"


def get(path: bytes, *more: bytes, method: bytes = b"GET") -> bytes:
    return b"\r\n".join((method + b" " + path + b" HTTP/1.1", b"host: a", *more)) + END


@dataclass(frozen=True)
class Answered:
    """One response as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["errors"][0]["extensions"]["code"])


async def read_answer(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Answered:
    head = (await reader.readuntil(END)).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    body = b""
    if status >= 200 and not bodiless:
        if headers.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers["content-length"]))
    return Answered(status, headers, body)


class Client:
    """One connection; every wait is bounded."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, router: Served) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", router.port))

    async def answer(self, *, bodiless: bool = False) -> Answered:
        return await asyncio.wait_for(read_answer(self.reader, bodiless=bodiless), 5)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(), 5)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()


async def ask(router: Served, sent: bytes) -> Answered:
    async with await Client.to(router) as client:
        client.writer.write(sent)
        return await client.answer()


GOOD = {
    "a POST": (post(), ANSWER),
    "chunks": (chunked(QUERY[:3], QUERY[3:]), ANSWER),
    "chunks with extensions and a trailer": (chunked(QUERY, extra=b";a=b", trailer=b"x-a: b\r\n"), ANSWER),
    "empty lines before it": (b"\r\n\r\n" + post(), ANSWER),
    "an absolute target": (post(path=b"http://a/graphql"), ANSWER),
    "a query string it does not read": (post(path=b"/graphql?a=b"), ANSWER),
    "names in any case": (post().replace(b"content-type", b"CONTENT-TYPE"), ANSWER),
    "an upgrade it does not know": (post(QUERY, b"connection: upgrade, http2-settings", b"upgrade: h2c"), ANSWER),
    "a GET": (get(b"/graphql?query=%7Bhello%7D"), ANSWER),
    "health": (get(b"/health"), b'{"status":"ready"}'),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "body"), GOOD.values(), ids=GOOD)
async def test_good_requests_are_answered(serve: Any, sent: bytes, body: bytes) -> None:
    async with serve() as router:
        answer = await ask(router, sent)
        assert (answer.status, answer.body) == (200, body)


def without_host(sent: bytes) -> bytes:
    return sent.replace(b"host: a\r\n", b"", 1)


HOSTILE = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00" + b"\x00" * 40, 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "another version": (post().replace(b"HTTP/1.1", b"HTTP/1.9", 1), 400),
    "a method that is none": (post().replace(b"POST", b"POSTED", 1), 400),
    "a tunnel": (b"CONNECT a:1 HTTP/1.1\r\nhost: a" + END, 405),
    "no host": (without_host(post()), 400),
    "two hosts": (post(QUERY, b"host: b"), 400),
    "a length and chunks": (post(QUERY, b"transfer-encoding: chunked"), 400),
    "two lengths": (post(QUERY, b"content-length: 3"), 400),
    "two equal lengths": (post(QUERY, b"content-length: %d" % len(QUERY)), 400),
    "a length that is none": (post().replace(b"content-length: ", b"content-length: x"), 400),
    "a signed length": (post().replace(b"content-length: ", b"content-length: +"), 400),
    "a list of lengths": (post().replace(b"content-length: 19", b"content-length: 19, 19"), 400),
    "an endless length": (post().replace(b"content-length: ", b"content-length: 9999999999999999999999"), 400),
    "a coding that is not chunked": (chunked(QUERY).replace(b": chunked", b": gzip"), 400),
    "chunked not last": (chunked(QUERY).replace(b": chunked", b": chunked, gzip"), 400),
    "a folded header": (post(QUERY, b"x-a: b\r\n c: d"), 400),
    "a space before the colon": (post().replace(b"content-length:", b"content-length :"), 400),
    "a header without a name": (post(QUERY, b": b"), 400),
    "a control sign in a value": (post(QUERY, b"x-a: \x01"), 400),
    "a NUL in a value": (post(QUERY, b"x-a: a\x00b"), 400),
    "a bare line feed in the head": (post(QUERY, b"x-a: b\nx-c: d"), 400),
    "a bare carriage return in a value": (post(QUERY, b"x-a: b\rx-c: d"), 400),
    "signs beyond ASCII in the target": (get("/한글".encode()), 400),
    "a target that is no path": (get(b"graphql"), 400),
    "a fragment": (get(b"/health#a"), 400),
    "a chunk without a size": (chunked(QUERY).replace(b"13\r\n", b"\r\n", 1), 400),
    "a chunk of negative size": (chunked(QUERY).replace(b"13\r\n", b"-13\r\n", 1), 400),
    "a chunk longer than it says": (chunked(QUERY).replace(b"13\r\n", b"12\r\n", 1), 400),
    "a chunk size beyond all": (chunked(QUERY).replace(b"13\r\n", b"f" * 20 + b"\r\n", 1), 400),
    "too many header bytes": (post(QUERY, b"x-a: " + b"b" * 70_000), 431),
    "too many headers": (post(QUERY, *(b"x-%d: b" % n for n in range(20_000))), 431),
    "an endless target": (get(b"/" + b"a" * 70_000), 414),
    "a body too large by its own word": (post().replace(b"content-length: 19", b"content-length: 1000001"), 413),
    "a body too large": (chunked(*[b"x" * 60_000] * 20), 413),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), HOSTILE.values(), ids=HOSTILE)
async def test_hostile_requests_are_refused_with_a_code_and_the_connection_closed(
    serve: Any, sent: bytes, status: int
) -> None:
    async with serve() as router:
        async with await Client.to(router) as client:
            client.writer.write(sent)
            answer = await client.answer()
            assert answer.status == status
            assert answer.code
            assert answer.headers["connection"] == "close"
            assert await client.rest() == b""
        assert (await ask(router, post())).body == ANSWER


async def test_what_follows_hostile_bytes_is_no_request(serve: Any) -> None:
    smuggled = post(b'{"query":"mutation{wind(turns:1)}"}')
    async with serve() as router:
        for sent, _ in HOSTILE.values():
            async with await Client.to(router) as client:
                client.writer.write(sent + smuggled)
                assert (await client.answer()).status >= 400
                assert await client.rest() == b""
        assert router.clock.wound == 0


async def test_requests_in_one_packet_are_answered_in_their_order(serve: Any) -> None:
    async with serve() as router, await Client.to(router) as client:
        slow = post(b'{"query":"{slow(seconds:0.2)}"}')
        client.writer.write(slow + post() + get(b"/health") + post(b"{") + chunked(QUERY))
        bodies = [(await client.answer()).body for _ in range(5)]
        assert bodies[0] == b'{"data":{"slow":"at last"}}'
        assert bodies[1] == bodies[4] == ANSWER
        assert bodies[2] == b'{"status":"ready"}'
        assert b"BAD_REQUEST" in bodies[3]


async def test_more_requests_in_one_packet_than_may_wait_are_left_unanswered(serve: Any) -> None:
    async with serve() as router, await Client.to(router) as client:
        client.writer.write(post() * 500)
        answered = 0
        while (answer := await client.answer()).body == ANSWER:
            answered += 1
            if answer.headers.get("connection") == "close" or client.reader.at_eof():
                break
            if answered >= 65 and await asyncio.wait_for(client.reader.read(1), 5) == b"":
                break
        assert 64 <= answered <= 66


async def test_what_goes_wrong_behind_a_good_request_is_told_after_its_answer(serve: Any) -> None:
    async with serve() as router, await Client.to(router) as client:
        client.writer.write(post(b'{"query":"{slow(seconds:0.1)}"}') + b"no request\r\n\r\n")
        assert (await client.answer()).body == b'{"data":{"slow":"at last"}}'
        assert (await client.answer()).status == 400
        assert await client.rest() == b""


async def test_a_client_that_asks_to_continue_is_told_to(serve: Any) -> None:
    sent = post(QUERY, b"expect: 100-continue")
    head, body = sent[: -len(QUERY)], sent[-len(QUERY) :]
    async with serve() as router, await Client.to(router) as client:
        client.writer.write(head)
        assert (await client.answer()).status == 100
        client.writer.write(body)
        assert (await client.answer()).body == ANSWER
        client.writer.write(head.replace(b"application/json", b"text/plain"))
        refused = await client.answer()
        assert (refused.status, refused.headers["connection"]) == (415, "close")


async def test_head_is_answered_without_a_body(serve: Any) -> None:
    async with serve() as router, await Client.to(router) as client:
        client.writer.write(get(b"/", b"accept: text/html", method=b"HEAD") + get(b"/health"))
        head = await client.answer(bodiless=True)
        assert head.status == 200
        assert int(head.headers["content-length"]) > 100
        assert (await client.answer()).body == b'{"status":"ready"}'


async def test_connections_are_closed_as_the_client_or_its_version_wants(serve: Any) -> None:
    async with serve() as router:
        for sent in (post(QUERY, b"connection: close"), post().replace(b"HTTP/1.1", b"HTTP/1.0", 1)):
            async with await Client.to(router) as client:
                client.writer.write(sent + post())
                answer = await client.answer()
                assert (answer.body, answer.headers["connection"]) == (ANSWER, "close")
                assert await client.rest() == b""


def bounded(**server: Any) -> Settings:
    http = HttpSettings(body_timeout_s=server.pop("body_timeout_s", 20.0))
    return replace(Settings(), server=ServerSettings(**server), http=http)


@pytest.mark.parametrize("sent", [b"", b"POST /gra", post()[:40], b"GET /health HTTP/1.1\r\nhost: a\r\n"])
async def test_a_head_that_does_not_come_ends_the_connection(serve: Any, sent: bytes) -> None:
    async with serve(bounded(header_timeout_s=0.3)) as router, await Client.to(router) as client:
        client.writer.write(sent)
        left = await client.rest()
        assert left == b"" if not sent else (left.startswith(b"HTTP/1.1 408 ") and b"REQUEST_TIMEOUT" in left)


async def test_a_body_that_comes_byte_by_byte_does_not_hold_the_connection(serve: Any) -> None:
    async with serve(bounded(body_timeout_s=0.5)) as router, await Client.to(router) as client:
        client.writer.write(post()[:-5])
        answer = asyncio.create_task(client.answer())
        for byte in QUERY[-5:-1]:
            await asyncio.sleep(0.2)
            client.writer.write(bytes([byte]))
        assert (await answer).status == 408
        assert await client.rest() == b""


async def test_an_idle_connection_is_closed_and_a_used_one_kept(serve: Any) -> None:
    async with serve(bounded(keep_alive_s=0.8)) as router, await Client.to(router) as client:
        for _ in range(5):
            client.writer.write(post())
            assert (await client.answer()).body == ANSWER
            await asyncio.sleep(0.25)
        assert await client.rest() == b""


async def test_more_connections_than_may_be_are_told_to_come_again(serve: Any) -> None:
    async with serve(bounded(max_connections=2)) as router:
        async with await Client.to(router) as one, await Client.to(router) as two:
            for client in (one, two):
                client.writer.write(post())
                assert (await client.answer()).status == 200
            async with await Client.to(router) as third:
                answer = await third.answer()
                assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "SERVER_BUSY", "5")
        await asyncio.sleep(0.05)
        assert (await ask(router, post())).status == 200


async def test_a_client_that_reads_nothing_is_cut_off(serve: Any) -> None:
    fields = " ".join(f"a{n}: hello(name: $n)" for n in range(20))
    query = json.dumps({"query": f"query($n: String) {{ {fields} }}", "variables": {"n": "x" * 400_000}}).encode()
    async with serve(bounded(write_timeout_s=0.6)) as router, await Client.to(router) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        client.writer.write(post(query) + post())
        await asyncio.sleep(2)
        client.writer.transport.resume_reading()  # type: ignore[attr-defined]
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.reader.readexactly(8_000_000)
        assert (await ask(router, post())).status == 200


async def test_a_query_ends_with_its_client_and_a_mutation_does_not(serve: Any) -> None:
    async with serve() as router:
        for query in ("{slow(seconds:0.4)}", "mutation{wind(turns:1, seconds:0.4)}"):
            async with await Client.to(router) as client:
                client.writer.write(post(json.dumps({"query": query}).encode()))
                await asyncio.sleep(0.15)
        await asyncio.sleep(0.1)
        running = [one for one in asyncio.all_tasks() if "Connection._answer" in repr(one)]
        assert len(running) == 1
        await asyncio.sleep(0.5)
        assert router.clock.wound == 1


async def test_stopping_answers_what_runs_and_closes_what_is_idle(serve: Any) -> None:
    async with serve() as router:
        idle, busy = await Client.to(router), await Client.to(router)
        idle.writer.write(post())
        assert (await idle.answer()).status == 200
        busy.writer.write(post(b'{"query":"{slow(seconds:0.4)}"}'))
        await asyncio.sleep(0.1)
    answer = await busy.answer()
    assert (answer.body, answer.headers["connection"]) == (b'{"data":{"slow":"at last"}}', "close")
    assert await idle.rest() == await busy.rest() == b""


SPLIT = {
    "a POST": post(),
    "chunks": chunked(QUERY[:3], QUERY[3:], trailer=b"x-a: b\r\n"),
    "a GET": get(b"/graphql?query=%7Bhello%7D"),
    "a refused type": post().replace(b"application/json", b"text/plain"),
    "two requests": post() + get(b"/health"),
}


@pytest.mark.parametrize("sent", SPLIT.values(), ids=SPLIT)
async def test_a_request_split_at_any_byte_is_answered_the_same(serve: Any, sent: bytes) -> None:
    def dateless(raw: bytes) -> bytes:
        return re.sub(rb"date: [^\r]+\r\n", b"", raw)

    async with serve() as router:
        expected = await whole(router, [sent])
        assert expected
        answers = await asyncio.gather(*(whole(router, [sent[:cut], sent[cut:]]) for cut in range(1, len(sent), 3)))
        # What is refused before its body has come must end the connection, and may keep it otherwise.
        plain = {dateless(one).replace(b"connection: close\r\n", b"") for one in (expected, *answers)}
        assert len(plain) == 1


async def whole(router: Served, parts: list[bytes]) -> bytes:
    """Everything the server sends to these parts, each in a packet of its own, until it is silent or closes."""
    async with await Client.to(router) as client:
        for part in parts:
            client.writer.write(part)
            await client.writer.drain()
            await asyncio.sleep(0.005)
        got = b""
        try:
            while chunk := await asyncio.wait_for(client.reader.read(65_536), 0.4):
                got += chunk
        except TimeoutError:
            pass
        return got


pieces = st.binary(max_size=30) | st.sampled_from(
    [
        post(),
        chunked(QUERY),
        get(b"/health"),
        b"\r\n",
        b"\x00",
        b"POST ",
        b" HTTP/1.1",
        END,
        b"transfer-encoding: chunked",
        b"content-length: 5\r\n",
        b"host: a\r\n",
        b"0\r\n\r\n",
        b"connection: upgrade\r\nupgrade: websocket\r\n",
        QUERY,
    ]
)


async def test_no_bytes_break_or_hang_the_server(serve: Any) -> None:
    examples: list[list[bytes]] = []

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(pieces, min_size=1, max_size=8))
    def collect(parts: list[bytes]) -> None:
        examples.append(parts)

    collect()
    defects: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: defects.append(context))
    async with serve(bounded(header_timeout_s=0.5, keep_alive_s=0.5, body_timeout_s=0.5)) as router:

        async def throw(parts: list[bytes]) -> None:
            async with await Client.to(router) as client:
                for part in parts:
                    client.writer.write(part)
                    await asyncio.sleep(0)
                got = await asyncio.wait_for(client.reader.read(), 15)
                assert b" 50" not in b"".join(line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 "))

        for start in range(0, len(examples), 40):
            found = await asyncio.gather(*map(throw, examples[start : start + 40]), return_exceptions=True)
            assert [one for one in found if one is not None and not isinstance(one, ConnectionError)] == []
        assert (await ask(router, post())).body == ANSWER
    assert defects == []
