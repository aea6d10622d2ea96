"""graphql-transport-ws as a transition table: every phase against every event."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from router.operation.request import GraphQLRequest
from router.subscriptions import protocol as p

REQUEST = GraphQLRequest(query="{hello}")
OPENED, ADMITTING = p.Connection(), p.Connection(phase=p.Phase.ADMITTING)
READY = p.Connection(phase=p.Phase.READY)
BUSY = p.Connection(phase=p.Phase.READY, active=frozenset({"1"}))
CLOSED = p.Connection(phase=p.Phase.CLOSED)
PONG = p.Send({"type": "pong"})

# name: (connection, event, phase afterwards, active afterwards, actions; a close is given by its code)
STEPS: dict[str, tuple[p.Connection, p.Event, p.Phase, set[str], list[Any]]] = {
    "init": (OPENED, p.InitReceived({"a": 1}), p.Phase.ADMITTING, set(), [p.Admit({"a": 1})]),
    "admitted": (ADMITTING, p.Admitted(), p.Phase.READY, set(), [p.Send({"type": "connection_ack"})]),
    "refused": (ADMITTING, p.Refused("no"), p.Phase.CLOSED, set(), [4403]),
    "no init in time": (OPENED, p.InitTimedOut(), p.Phase.CLOSED, set(), [4408]),
    "init came, admission takes long": (ADMITTING, p.InitTimedOut(), p.Phase.ADMITTING, set(), []),
    "init in time": (READY, p.InitTimedOut(), p.Phase.READY, set(), []),
    "second init while admitting": (ADMITTING, p.InitReceived({}), p.Phase.CLOSED, set(), [4429]),
    "second init later": (BUSY, p.InitReceived({}), p.Phase.CLOSED, set(), [4429]),
    "subscribe before init": (OPENED, p.SubscribeReceived("1", REQUEST), p.Phase.CLOSED, set(), [4401]),
    "subscribe before ack": (ADMITTING, p.SubscribeReceived("1", REQUEST), p.Phase.CLOSED, set(), [4401]),
    "subscribe": (READY, p.SubscribeReceived("1", REQUEST), p.Phase.READY, {"1"}, [p.Start("1", REQUEST)]),
    "subscribe beside another": (
        BUSY,
        p.SubscribeReceived("2", REQUEST),
        p.Phase.READY,
        {"1", "2"},
        [p.Start("2", REQUEST)],
    ),
    "subscribe with a taken id": (BUSY, p.SubscribeReceived("1", REQUEST), p.Phase.CLOSED, set(), [4409]),
    "complete": (BUSY, p.CompleteReceived("1"), p.Phase.READY, set(), [p.Stop("1")]),
    "complete of an unknown id": (BUSY, p.CompleteReceived("2"), p.Phase.READY, {"1"}, []),
    "complete before init": (OPENED, p.CompleteReceived("1"), p.Phase.OPENED, set(), []),
    "operation ended": (BUSY, p.Ended("1"), p.Phase.READY, set(), [p.Send({"id": "1", "type": "complete"})]),
    "operation failed": (
        BUSY,
        p.Ended("1", ({"message": "x"},)),
        p.Phase.READY,
        set(),
        [p.Send({"id": "1", "type": "error", "payload": [{"message": "x"}]})],
    ),
    "operation ended after the client completed it": (READY, p.Ended("1"), p.Phase.READY, set(), []),
    "token ended before init": (OPENED, p.CallerExpired(), p.Phase.CLOSED, set(), [4403]),
    "token ended": (BUSY, p.CallerExpired(), p.Phase.CLOSED, set(), [4403]),
    "slow client": (BUSY, p.ClientSlow(), p.Phase.CLOSED, set(), [4529]),
    "invalid message first": (OPENED, p.InvalidReceived("x"), p.Phase.CLOSED, set(), [4400]),
    "invalid message later": (BUSY, p.InvalidReceived("x"), p.Phase.CLOSED, set(), [4400]),
    "pong": (BUSY, p.PongReceived(), p.Phase.READY, {"1"}, []),
    **{
        f"ping when {one.phase.name}": (one, p.PingReceived(None), one.phase, set(one.active), [PONG])
        for one in (OPENED, ADMITTING, BUSY)
    },
    "ping with payload": (
        READY,
        p.PingReceived({"n": [1]}),
        p.Phase.READY,
        set(),
        [p.Send({"type": "pong", "payload": {"n": [1]}})],
    ),
    **{
        f"closed: {type(event).__name__}": (CLOSED, event, p.Phase.CLOSED, set(), [])
        for event in (
            p.InitReceived({}),
            p.PingReceived(None),
            p.SubscribeReceived("1", REQUEST),
            p.CompleteReceived("1"),
            p.Ended("1"),
            p.InvalidReceived("x"),
            p.CallerExpired(),
            p.ClientSlow(),
            p.InitTimedOut(),
            p.Admitted(),
        )
    },
}


@pytest.mark.parametrize("case", STEPS)
def test_step(case: str) -> None:
    connection, event, phase, active, actions = STEPS[case]
    after, found = p.step(connection, event)
    assert (after.phase, set(after.active)) == (phase, active)
    assert [int(one.code) if isinstance(one, p.Close) else one for one in found] == actions


def test_a_socket_has_a_bounded_number_of_operations_and_an_id_is_free_once_it_is_over() -> None:
    connection = p.Connection(phase=p.Phase.READY, max_operations=2)
    for name in ("a", "b"):
        connection, _ = p.step(connection, p.SubscribeReceived(name, REQUEST))
    full, (refusal,) = p.step(connection, p.SubscribeReceived("c", REQUEST))
    assert full == connection
    assert isinstance(refusal, p.Send)
    assert refusal.message["type"] == "error"
    assert refusal.message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
    connection, _ = p.step(connection, p.CompleteReceived("a"))
    _, actions = p.step(connection, p.SubscribeReceived("a", REQUEST))
    assert actions == (p.Start("a", REQUEST),)


@pytest.mark.parametrize("name", ["가" * 200, "x" * 200, "\ud800" * 100])
def test_the_reason_of_a_close_always_fits_its_frame(name: str) -> None:
    connection = p.Connection(phase=p.Phase.READY, active=frozenset({name}))
    _, (close,) = p.step(connection, p.SubscribeReceived(name, REQUEST))
    assert isinstance(close, p.Close)
    assert len(close.reason.encode()) <= 123


MESSAGES: dict[str, tuple[str, p.Event | None]] = {
    "init": ('{"type":"connection_init"}', p.InitReceived({})),
    "init with null": ('{"type":"connection_init","payload":null}', p.InitReceived({})),
    "init with payload": ('{"type":"connection_init","payload":{"a":1}}', p.InitReceived({"a": 1})),
    "ping": ('{"type":"ping"}', p.PingReceived(None)),
    "ping with payload": ('{"type":"ping","payload":{}}', p.PingReceived({})),
    "pong": ('{"type":"pong","payload":{"a":1}}', p.PongReceived()),
    "complete": ('{"type":"complete","id":"1"}', p.CompleteReceived("1")),
    "subscribe": ('{"type":"subscribe","id":"1","payload":{"query":"{hello}"}}', p.SubscribeReceived("1", REQUEST)),
    "subscribe with all": (
        '{"type":"subscribe","id":"ü","payload":{"query":"q","operationName":"A","variables":{"a":1},"extensions":{"b":2}}}',
        p.SubscribeReceived("ü", GraphQLRequest("q", "A", {"a": 1}, {"b": 2})),
    ),
    "more members are ignored": ('{"type":"complete","id":"1","x":1}', p.CompleteReceived("1")),
    "not JSON": ("hello", None),
    "empty": ("", None),
    "a list": ("[]", None),
    "no type": ("{}", None),
    "unknown type": ('{"type":"start"}', None),
    "type from the server": ('{"type":"connection_ack"}', None),
    "type no string": ('{"type":["ping"]}', None),
    "init with a string": ('{"type":"connection_init","payload":"x"}', None),
    "ping with a number": ('{"type":"ping","payload":1}', None),
    "pong with a list": ('{"type":"pong","payload":[]}', None),
    "subscribe without id": ('{"type":"subscribe","payload":{"query":"{hello}"}}', None),
    "subscribe with empty id": ('{"type":"subscribe","id":"","payload":{"query":"{hello}"}}', None),
    "subscribe with number id": ('{"type":"subscribe","id":1,"payload":{"query":"{hello}"}}', None),
    "subscribe with a huge id": ('{"type":"subscribe","id":"' + "x" * 201 + '","payload":{"query":"{hello}"}}', None),
    "subscribe without payload": ('{"type":"subscribe","id":"1"}', None),
    "subscribe without query": ('{"type":"subscribe","id":"1","payload":{}}', None),
    "subscribe with wrong variables": ('{"type":"subscribe","id":"1","payload":{"query":"q","variables":[]}}', None),
    "complete without id": ('{"type":"complete"}', None),
    "nested without end": ("[" * 10_000, None),
    "lone surrogate": ('{"type":"complete","id":"\\ud800"}', None),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_decode(case: str) -> None:
    text, wanted = MESSAGES[case]
    event = p.decode(text)
    if wanted is None:
        assert isinstance(event, p.InvalidReceived)
        assert event.reason
    else:
        assert event == wanted


def test_a_next_message_carries_the_response_as_it_is() -> None:
    message = p.next_message('a"b가', b'{"data":{"x":1}}')
    assert orjson.loads(message) == {"id": 'a"b가', "type": "next", "payload": {"data": {"x": 1}}}
