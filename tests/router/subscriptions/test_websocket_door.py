"""The WebSocket door from outside, over real sockets: the cases a graphql-transport-ws server must pass, and ours."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from router.config import Settings, SubscriptionSettings, TokenSettings
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys
from router.policy.proofs import thumbprint_of

ISSUER, AUDIENCE = "https://auth.example.kr", "https://api.example.kr"
KEY = ec.generate_private_key(ec.SECP256R1())
NETWORK_S = 5.0


class Peer:
    """A client that speaks JSON messages and remembers how it was closed."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(NETWORK_S):
            message: dict[str, Any] = json.loads(await self.connection.recv())
            return message

    async def init(self, **payload: Any) -> None:
        await self.send(type="connection_init", **({"payload": payload} if payload else {}))
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id: str, query: str, **parameters: Any) -> None:
        await self.send(id=id, type="subscribe", payload={"query": query, **parameters})

    async def closed(self) -> tuple[int, str]:
        async with asyncio.timeout(NETWORK_S):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as end:
                assert end.rcvd is not None
                return end.rcvd.code, end.rcvd.reason

    async def silent(self, seconds: float = 0.15) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.connection.recv()
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def peer(router: Any, **options: Any) -> AsyncIterator[Peer]:
    options = {"subprotocols": ["graphql-transport-ws"], "compression": None, **options}
    async with connect(router.socket_url, **options) as connection:
        yield Peer(connection)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(NETWORK_S):
        while not condition():  # noqa: ASYNC110 - the condition is another task's
            await asyncio.sleep(0.01)


def subscriptions(**changes: Any) -> Settings:
    return replace(Settings(), subscriptions=SubscriptionSettings(**changes))


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["graphql-ws", "something"]])
async def test_another_subprotocol_is_closed_with_4406(serve: Any, offered: Any) -> None:
    async with serve() as router, peer(router, subprotocols=offered) as client:
        assert (await client.closed())[0] == 4406


async def test_init_is_acknowledged(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        assert client.connection.subprotocol == "graphql-transport-ws"
        await client.init()


async def test_without_init_the_socket_is_closed_with_4408(serve: Any) -> None:
    async with serve(subscriptions(init_timeout_s=0.1)) as router, peer(router) as client:
        assert await client.closed() == (4408, "Connection initialisation timeout")


async def test_an_initialised_socket_is_not_timed_out(serve: Any) -> None:
    async with serve(subscriptions(init_timeout_s=0.1)) as router, peer(router) as client:
        await client.init()
        assert await client.silent(0.3)


async def test_a_second_init_is_closed_with_4429(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.send(type="connection_init")
        assert await client.closed() == (4429, "Too many initialisation requests")


async def test_two_inits_at_once_are_closed_with_4429(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.send(type="connection_init")
        await client.send(type="connection_init")
        assert (await client.closed())[0] == 4429


async def test_subscribing_before_init_is_closed_with_4401(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.subscribe("1", "{hello}")
        assert await client.closed() == (4401, "Unauthorized")


@pytest.mark.parametrize("text", ["hello", "{}", '{"type":"start"}', '{"type":"subscribe","id":"1"}', "[]", "null"])
async def test_an_invalid_message_is_closed_with_4400(serve: Any, text: str) -> None:
    async with serve() as router, peer(router) as client:
        await client.connection.send(text)
        code, reason = await client.closed()
        assert code == 4400
        assert reason


async def test_a_binary_message_is_closed_with_4400(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.connection.send(b'{"type":"connection_init"}')
        assert (await client.closed())[0] == 4400


async def test_a_message_over_the_limit_is_closed_with_1009(serve: Any) -> None:
    async with serve(subscriptions(max_message_bytes=1_000)) as router, peer(router) as client:
        await client.init()
        await client.subscribe("1", "{hello}" + " " * 2_000)
        assert (await client.closed())[0] == 1009


async def test_ping_is_answered_at_once_with_its_payload_also_before_init(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        await client.send(type="ping", payload={"time": [1, "둘"]})
        assert await client.receive() == {"type": "pong", "payload": {"time": [1, "둘"]}}


async def test_pong_is_taken_silently(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.send(type="pong", payload={"a": 1})
        assert await client.silent()


async def test_a_query_gives_one_next_and_complete(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("q", "query($n:String){hello(name:$n)}", variables={"n": "서울"}, operationName=None)
        assert await client.receive() == {"id": "q", "type": "next", "payload": {"data": {"hello": "hello 서울"}}}
        assert await client.receive() == {"id": "q", "type": "complete"}


async def test_a_mutation_runs_once(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("m", "mutation{wind(turns:3)}")
        assert (await client.receive())["payload"] == {"data": {"wind": 3}}
        assert (await client.receive())["type"] == "complete"
        assert router.clock.wound == 3


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_mutation_once_begun_is_finished_whoever_leaves(serve: Any, leaves: bool) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("m", "mutation{wind(turns:3,seconds:0.2)}")
        await until(lambda: bool(router.clock.callers))
        if leaves:
            client.connection.transport.abort()
        else:
            await client.send(id="m", type="complete")
            assert await client.silent(0.4)
        await until(lambda: router.clock.wound == 3)


async def test_a_subscription_gives_each_event_then_complete(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("s", "subscription{t:ticks(count:3)}")
        got = [await client.receive() for _ in range(4)]
        assert [one.get("payload") for one in got] == [{"data": {"t": n}} for n in range(3)] + [None]
        assert got[-1] == {"id": "s", "type": "complete"}
        await until(lambda: router.clock.open_sources == 0)


async def test_operations_of_one_socket_run_side_by_side(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("slow", "{slow(seconds:0.3)}")
        await client.subscribe("quick", "{hello}")
        assert [(await client.receive())["id"] for _ in range(4)] == ["quick", "quick", "slow", "slow"]


ERRORS = {
    "validation": ("{nothing}", {}, "GRAPHQL_VALIDATION_FAILED"),
    "syntax": ("{", {}, "GRAPHQL_PARSE_FAILED"),
    "variables": ("subscription($c:Int!){ticks(count:$c)}", {"variables": {"c": "x"}}, "BAD_USER_INPUT"),
    "operation name": ("query A{hello}", {"operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    "limit": ("{a" * 5_000, {}, "MAX_DEPTH_EXCEEDED"),
}


@pytest.mark.parametrize("case", ERRORS)
async def test_a_refused_operation_gives_error_and_no_complete_and_the_socket_lives(serve: Any, case: str) -> None:
    query, parameters, code = ERRORS[case]
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("1", query, **parameters)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == code
        assert await client.silent()
        await client.subscribe("1", "{hello}")
        assert (await client.receive())["type"] == "next"


async def test_a_source_that_breaks_ends_its_operation_alone_with_no_complete_after_error(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("b", "subscription{breaks(after:1)}")
        assert (await client.receive())["payload"] == {"data": {"breaks": 0}}
        last = await client.receive()
        assert "spring" not in json.dumps(last)
        if last["type"] == "next":
            assert last["payload"]["errors"]
            assert (await client.receive())["type"] == "complete"
        else:
            assert last["type"] == "error"
        assert await client.silent()
        await client.subscribe("b", "{hello}")
        assert (await client.receive())["type"] == "next"


async def test_a_client_s_complete_stops_the_source_and_is_not_answered(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("s", "subscription{ticks(count:1000000,every:0.005)}")
        assert (await client.receive())["type"] == "next"
        await client.send(id="s", type="complete")
        await until(lambda: router.clock.open_sources == 0)
        await client.send(type="ping")
        while (message := await client.receive())["type"] != "pong":
            assert message["type"] == "next"
        assert await client.silent()


async def test_a_query_completed_by_the_client_before_its_result_sends_nothing(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("q", "{slow(seconds:0.2)}")
        await client.send(id="q", type="complete")
        assert await client.silent(0.4)


async def test_an_id_is_free_again_after_complete_from_either_side(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        for _ in range(2):
            await client.subscribe("1", "{hello}")
            assert [(await client.receive())["type"] for _ in range(2)] == ["next", "complete"]
        await client.subscribe("1", "subscription{forever}")
        assert (await client.receive())["payload"] == {"data": {"forever": 0}}
        await client.send(id="1", type="complete")
        await client.subscribe("1", "subscription{ticks(count:1)}")
        assert (await client.receive())["payload"] == {"data": {"ticks": 0}}


async def test_complete_for_an_unknown_id_is_ignored(serve: Any) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.send(id="nobody", type="complete")
        assert await client.silent()


@pytest.mark.parametrize("first", ["subscription{forever}", "{slow(seconds:2)}"])
async def test_a_taken_id_is_closed_with_4409(serve: Any, first: str) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        await client.subscribe("same", first)
        await client.subscribe("same", "{hello}")
        assert await client.closed() == (4409, "Subscriber for same already exists")
        await until(lambda: router.clock.open_sources == 0)


@pytest.mark.parametrize("abrupt", [True, False])
async def test_all_sources_are_closed_when_the_client_leaves(serve: Any, abrupt: bool) -> None:
    async with serve() as router, peer(router) as client:
        await client.init()
        for number in range(5):
            await client.subscribe(str(number), "subscription{forever}")
        await until(lambda: router.clock.open_sources == 5)
        if abrupt:
            client.connection.transport.abort()
        else:
            await client.connection.close(1000)
        await until(lambda: router.clock.open_sources == 0)
        await until(lambda: not router.app.sockets.open)


async def test_more_operations_than_allowed_get_an_error_of_their_own(serve: Any) -> None:
    async with serve(subscriptions(max_operations=2)) as router, peer(router) as client:
        await client.init()
        for number in range(3):
            await client.subscribe(str(number), "subscription{forever}")
        got = {message["id"]: message for message in [await client.receive() for _ in range(3)]}
        assert got["2"]["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        assert got["0"]["type"] == got["1"]["type"] == "next"


async def test_more_sockets_than_allowed_are_refused_by_http(serve: Any) -> None:
    async with serve(subscriptions(max_sockets=1)) as router, peer(router) as client:
        await client.init()
        with pytest.raises(InvalidStatus) as refused:
            async with peer(router):
                pass
        assert refused.value.response.status_code == 503


async def test_other_paths_are_no_websocket(serve: Any) -> None:
    async with serve() as router:
        with pytest.raises(InvalidStatus):
            async with connect(f"ws://127.0.0.1:{router.port}/other", subprotocols=["graphql-transport-ws"]):  # type: ignore[list-item]
                pass


# -- slow clients


async def stalled(router: Any, query: str) -> ClientConnection:
    """A client that subscribes and then never reads again."""
    raw = socket.create_connection(("127.0.0.1", router.port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    connection = await connect(
        router.socket_url,
        sock=raw,
        subprotocols=["graphql-transport-ws"],
        compression=None,
        ping_interval=None,  # type: ignore[list-item]
    ).__aenter__()
    await connection.send('{"type":"connection_init"}')
    assert json.loads(await connection.recv()) == {"type": "connection_ack"}
    await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
    connection.transport.pause_reading()
    return connection


async def test_a_client_that_does_not_read_is_closed_and_hinders_nobody(serve: Any) -> None:
    async with serve(subscriptions(slow_client_s=0.6, queue_messages=8)) as router:
        idle = [await stalled(router, "subscription{flood(bytes:20000)}") for _ in range(5)]
        await until(lambda: router.clock.open_sources == 5)
        await asyncio.sleep(0.2)
        produced = router.clock.produced
        async with peer(router) as client:
            await client.init()
            slowest = 0.0
            for number in range(20):
                started = time.perf_counter()
                await client.subscribe(str(number), "{hello}")
                assert [(await client.receive())["type"] for _ in range(2)] == ["next", "complete"]
                slowest = max(slowest, time.perf_counter() - started)
            assert slowest < 0.25
            # Their sources stand still: nothing is produced that nobody will read.
            assert router.clock.produced - produced <= 5
            await until(lambda: router.clock.open_sources == 0)
            await until(lambda: len(router.app.sockets.open) == 1)
            await client.subscribe("still here", "{hello}")
            assert (await client.receive())["type"] == "next"
        for connection in idle:
            connection.transport.abort()


async def test_a_client_that_reads_late_but_in_time_gets_everything_in_order(serve: Any) -> None:
    async with serve(subscriptions(queue_messages=4)) as router, peer(router, max_queue=1) as client:
        await client.init()
        await client.subscribe("s", "subscription{ticks(count:500)}")
        await asyncio.sleep(0.3)
        got = [(await client.receive())["payload"]["data"]["ticks"] for _ in range(500)]
        assert got == list(range(500))
        assert (await client.receive())["type"] == "complete"


# -- access


def token(*, lifetime: float = 60, scope: str = "clock:read", jti: str = "j", **more: Any) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "client_id": "c", "jti": jti, "scope": scope}
    times = {"iat": now - 1, "exp": int(now + lifetime)}
    return "Bearer " + jwt.encode(claims | times | more, KEY, "ES256", headers={"typ": "at+jwt", "kid": "k1"})


def verifier(**options: Any) -> TokenVerifier:
    jwk = {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key())), "kid": "k1"}
    return TokenVerifier(ISSUER, AUDIENCE, JwksKeys(lambda: {"keys": [jwk]}), leeway_s=0, **options)


GUARDED = replace(Settings(), token=TokenSettings(issuer=ISSUER, audience=AUDIENCE, jwks_url="x", required=True))


@pytest.mark.parametrize(
    "payload", [{"Authorization": True}, {"authorization": True}, {"headers": {"Authorization": True}}]
)
async def test_the_token_may_come_with_init(serve: Any, payload: Any) -> None:
    def filled(value: Any) -> Any:
        return {name: token() if inner is True else filled(inner) for name, inner in value.items()}

    async with serve(GUARDED, verifier=verifier()) as router, peer(router) as client:
        await client.init(**filled(payload))
        await client.subscribe("1", "subscription{guarded}")
        assert (await client.receive())["payload"] == {"data": {"guarded": 0}}
        assert router.clock.callers[-1].subject == "s"


async def test_the_token_may_come_with_the_handshake(serve: Any) -> None:
    async with (
        serve(GUARDED, verifier=verifier()) as router,
        peer(router, additional_headers={"Authorization": token()}) as client,
    ):
        await client.init()
        await client.subscribe("1", "{secret}")
        assert (await client.receive())["payload"] == {"data": {"secret": "clockwork"}}


HOLDER = ec.generate_private_key(ec.SECP256R1())
HOLDER_JWK = jwt.algorithms.ECAlgorithm.to_jwk(HOLDER.public_key(), True)


def bound_token() -> tuple[str, str]:
    """A token bound to a key, and a proof for the socket's handshake."""
    value = token(cnf={"jkt": thumbprint_of(HOLDER_JWK)}).removeprefix("Bearer ")
    ath = base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()).rstrip(b"=").decode()
    claims = {"htm": "GET", "htu": "https://api.example.kr/graphql", "iat": int(time.time()), "jti": "once", "ath": ath}
    return f"DPoP {value}", jwt.encode(claims, HOLDER, "ES256", headers={"typ": "dpop+jwt", "jwk": HOLDER_JWK})


@pytest.mark.parametrize("where", ["handshake", "init"])
async def test_44_a_bound_token_opens_a_socket_with_its_proof_once(serve: Any, where: str) -> None:
    authorization, proof = bound_token()
    sent = {"Authorization": authorization, "DPoP": proof}
    in_handshake = where == "handshake"
    settings = replace(GUARDED, http=replace(GUARDED.http, public_url="https://api.example.kr"))
    async with serve(settings, verifier=verifier()) as router:
        headers = {"additional_headers": sent} if in_handshake else {}
        async with peer(router, **headers) as client:
            await client.init(**({} if in_handshake else sent))
            await client.subscribe("1", "{secret}")
            assert (await client.receive())["payload"] == {"data": {"secret": "clockwork"}}
        if in_handshake:
            with pytest.raises(InvalidStatus) as refused:
                async with peer(router, **headers):
                    pass
            assert 'DPoP error="invalid_dpop_proof"' in refused.value.response.headers["WWW-Authenticate"]
        else:
            async with peer(router) as client:
                await client.send(type="connection_init", payload=sent)
                assert (await client.closed())[0] == 4403


async def test_a_bad_token_in_the_handshake_is_401(serve: Any) -> None:
    async with serve(GUARDED, verifier=verifier()) as router:
        with pytest.raises(InvalidStatus) as refused:
            async with peer(router, additional_headers={"Authorization": "Bearer abc"}):
                pass
        assert refused.value.response.status_code == 401
        assert "invalid_token" in refused.value.response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("authorization", ["Bearer abc", "Basic abc", "", 7, None])
async def test_a_bad_or_missing_token_with_init_is_closed_with_4403(serve: Any, authorization: Any) -> None:
    async with serve(GUARDED, verifier=verifier()) as router, peer(router) as client:
        await client.send(type="connection_init", payload={"Authorization": authorization})
        code, reason = await client.closed()
        assert code == 4403
        assert reason.startswith("Forbidden")


async def test_a_subscription_the_token_does_not_grant_is_an_error(serve: Any) -> None:
    async with serve(GUARDED, verifier=verifier()) as router, peer(router) as client:
        await client.init(Authorization=token(scope="clock:reader"))
        await client.subscribe("1", "subscription{guarded}")
        message = await client.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["requiredScopes"] == [["clock:read"]]
        assert router.clock.open_sources == 0


async def test_the_socket_ends_with_the_token(serve: Any) -> None:
    async with serve(GUARDED, verifier=verifier()) as router, peer(router) as client:
        await client.init(Authorization=token(lifetime=2))
        await client.subscribe("1", "subscription{guarded}")
        assert (await client.receive())["type"] == "next"
        started = time.monotonic()
        assert await client.closed() == (4403, "Forbidden: the access token has ended")
        assert time.monotonic() - started < 2.5
        await until(lambda: router.clock.open_sources == 0)


async def test_the_socket_ends_within_a_second_of_a_revocation(serve: Any) -> None:
    revoked: set[str] = set()
    checker = verifier(is_revoked=lambda claims: claims["jti"] in revoked)
    async with serve(GUARDED, verifier=checker) as router, peer(router) as client:
        await client.init(Authorization=token(jti="j1"))
        await client.subscribe("1", "subscription{guarded}")
        assert (await client.receive())["type"] == "next"
        revoked.add("j1")
        started = time.monotonic()
        assert (await client.closed())[0] == 4403
        assert time.monotonic() - started < 1.0
