"""graphql-transport-ws as a pure transition table: no sockets, no clock, no tasks.

``step(connection, event)`` answers with the next connection and what to do. Events are what came from the client, what
the socket's own tasks found out, and time-outs; actions are carried out by ``router.subscriptions.websocket``.
Source: PROTOCOL.md of enisdenjo/graphql-ws, sub-protocol ``graphql-transport-ws``.

phase \\ event   init          subscribe            complete     admitted   refused    init timed out
OPENED          → ADMITTING   close 4401           –            –          –          close 4408
ADMITTING       close 4429    close 4401           –            → READY    close 4403 –
READY           close 4429    start / 4409 / error stop         –          –          –
Ping is answered in every phase but CLOSED, an invalid message closes with 4400 in every phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from typing import Any

import orjson

from router.errors import BadRequest
from router.executor.json_bytes import dumps, loads_exactly
from router.operation.request import GraphQLRequest
from router.over_http.requests import from_mapping

SUBPROTOCOL = "graphql-transport-ws"
MAX_REASON_BYTES = 123
"""RFC 6455 section 5.5.1: a close frame has room for so many bytes of reason."""
MAX_ID_LENGTH = 200


class CloseCode(IntEnum):
    """Why the server closes; 4529 is ours, the others are the protocol's."""

    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429
    INTERNAL_ERROR = 4500
    SLOW_CLIENT = 4529


class Phase(Enum):
    """Where a connection stands."""

    OPENED = auto()
    ADMITTING = auto()
    READY = auto()
    CLOSED = auto()


@dataclass(frozen=True, slots=True)
class Connection:
    """The whole state of the protocol on one socket."""

    phase: Phase = Phase.OPENED
    active: frozenset[str] = frozenset()
    max_operations: int = 100


@dataclass(frozen=True, slots=True)
class InitReceived:
    """connection_init came."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PingReceived:
    """ping came."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class PongReceived:
    """pong came."""


@dataclass(frozen=True, slots=True)
class SubscribeReceived:
    """subscribe came."""

    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class CompleteReceived:
    """The client wants no more of operation ``id``."""

    id: str


@dataclass(frozen=True, slots=True)
class InvalidReceived:
    """Something came that the protocol does not know."""

    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """The caller may come in."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The caller may not come in."""

    reason: str


@dataclass(frozen=True, slots=True)
class InitTimedOut:
    """connection_init did not come in time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Operation ``id`` is over. ``errors`` are those that ended it, None when it ended well."""

    id: str
    errors: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class CallerExpired:
    """The access token ended or was revoked. 4403 and not 4401: clients take 4401 as final, and ask again on 4403."""

    reason: str = "Forbidden: the access token has ended"


@dataclass(frozen=True, slots=True)
class ClientSlow:
    """The client reads nothing of what waits for it."""


Event = (
    InitReceived
    | PingReceived
    | PongReceived
    | SubscribeReceived
    | CompleteReceived
    | InvalidReceived
    | Admitted
    | Refused
    | InitTimedOut
    | Ended
    | CallerExpired
    | ClientSlow
)


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Admit:
    """Find out whether the caller may come in, then tell ``Admitted`` or ``Refused``."""

    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Start:
    """Run the operation, then tell ``Ended``."""

    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the operation and send nothing more of it."""

    id: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket; every operation stops."""

    code: CloseCode
    reason: str


Action = Send | Admit | Start | Stop | Close
Step = tuple[Connection, tuple[Action, ...]]


def step(connection: Connection, event: Event) -> Step:
    """The next connection and what to do; an event without a transition changes nothing."""
    transition = _TABLE.get((connection.phase, type(event)))
    return (connection, ()) if transition is None else transition(connection, event)


def decode(text: str | bytes) -> Event:
    """The event in one message; ``InvalidReceived`` for whatever the protocol does not know."""
    try:
        message = loads_exactly(text)
    except orjson.JSONDecodeError:
        return InvalidReceived("Invalid message: not JSON")
    if not isinstance(message, dict):
        return InvalidReceived("Invalid message: not a JSON object")
    kind = message.get("type")
    decoder = _DECODERS.get(kind) if isinstance(kind, str) else None
    if decoder is None:
        return InvalidReceived(
            f"Invalid message type {kind!r}" if isinstance(kind, str) else "Invalid message: no type"
        )
    return decoder(message)


def next_message(operation_id: str, payload: bytes) -> str:
    """A ``next`` message around a response that is JSON already."""
    return f'{{"id":{_quoted(operation_id)},"type":"next","payload":{payload.decode()}}}'


def encode(message: Mapping[str, Any]) -> str:
    """Any other message as text."""
    return dumps(message).decode()


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def _closed(connection: Connection, code: CloseCode, reason: str) -> Step:
    cut = reason.encode("utf-8", "replace")[:MAX_REASON_BYTES].decode("utf-8", "ignore")
    return replace(connection, phase=Phase.CLOSED, active=frozenset()), (Close(code, cut),)


def _init(connection: Connection, event: InitReceived) -> Step:
    return replace(connection, phase=Phase.ADMITTING), (Admit(event.payload),)


def _second_init(connection: Connection, event: InitReceived) -> Step:
    return _closed(connection, CloseCode.TOO_MANY_INITS, "Too many initialisation requests")


def _ping(connection: Connection, event: PingReceived) -> Step:
    message: dict[str, Any] = {"type": "pong"}
    if event.payload is not None:
        message["payload"] = event.payload
    return connection, (Send(message),)


def _admitted(connection: Connection, event: Admitted) -> Step:
    return replace(connection, phase=Phase.READY), (Send({"type": "connection_ack"}),)


def _refused(connection: Connection, event: Refused) -> Step:
    return _closed(connection, CloseCode.FORBIDDEN, event.reason)


def _init_timed_out(connection: Connection, event: InitTimedOut) -> Step:
    return _closed(connection, CloseCode.INIT_TIMEOUT, "Connection initialisation timeout")


def _unready_subscribe(connection: Connection, event: SubscribeReceived) -> Step:
    return _closed(connection, CloseCode.UNAUTHORIZED, "Unauthorized")


def _subscribe(connection: Connection, event: SubscribeReceived) -> Step:
    if event.id in connection.active:
        return _closed(connection, CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {event.id} already exists")
    if len(connection.active) >= connection.max_operations:
        error = {
            "message": f"At most {connection.max_operations} operations may run at once on one socket.",
            "extensions": {"code": "TOO_MANY_OPERATIONS"},
        }
        return connection, (Send({"id": event.id, "type": "error", "payload": [error]}),)
    return replace(connection, active=connection.active | {event.id}), (Start(event.id, event.request),)


def _complete(connection: Connection, event: CompleteReceived) -> Step:
    if event.id not in connection.active:
        return connection, ()
    return replace(connection, active=connection.active - {event.id}), (Stop(event.id),)


def _ended(connection: Connection, event: Ended) -> Step:
    if event.id not in connection.active:
        return connection, ()
    message: dict[str, Any] = {"id": event.id, "type": "complete"}
    if event.errors is not None:
        message = {"id": event.id, "type": "error", "payload": list(event.errors)}
    return replace(connection, active=connection.active - {event.id}), (Send(message),)


def _invalid(connection: Connection, event: InvalidReceived) -> Step:
    return _closed(connection, CloseCode.BAD_REQUEST, event.reason)


def _expired(connection: Connection, event: CallerExpired) -> Step:
    return _closed(connection, CloseCode.FORBIDDEN, event.reason)


def _slow(connection: Connection, event: ClientSlow) -> Step:
    return _closed(connection, CloseCode.SLOW_CLIENT, "Too slow: messages were not read in time")


_OPEN = (Phase.OPENED, Phase.ADMITTING, Phase.READY)
_TABLE: Mapping[tuple[Phase, type], Callable[[Connection, Any], Step]] = {
    (Phase.OPENED, InitReceived): _init,
    (Phase.ADMITTING, InitReceived): _second_init,
    (Phase.READY, InitReceived): _second_init,
    (Phase.OPENED, SubscribeReceived): _unready_subscribe,
    (Phase.ADMITTING, SubscribeReceived): _unready_subscribe,
    (Phase.READY, SubscribeReceived): _subscribe,
    (Phase.READY, CompleteReceived): _complete,
    (Phase.READY, Ended): _ended,
    (Phase.ADMITTING, Admitted): _admitted,
    (Phase.ADMITTING, Refused): _refused,
    (Phase.OPENED, InitTimedOut): _init_timed_out,
    **{(phase, PingReceived): _ping for phase in _OPEN},
    **{(phase, InvalidReceived): _invalid for phase in _OPEN},
    **{(phase, CallerExpired): _expired for phase in _OPEN},
    **{(phase, ClientSlow): _slow for phase in _OPEN},
}


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The optional object payload; raises ``ValueError`` when it is something else."""
    payload = message.get("payload")
    if payload is None or isinstance(payload, dict):
        return payload
    raise ValueError


def _decode_init(message: Mapping[str, Any]) -> Event:
    try:
        return InitReceived(_payload(message) or {})
    except ValueError:
        return InvalidReceived("connection_init: the payload must be an object")


def _decode_ping(message: Mapping[str, Any]) -> Event:
    try:
        return PingReceived(_payload(message))
    except ValueError:
        return InvalidReceived("ping: the payload must be an object")


def _decode_pong(message: Mapping[str, Any]) -> Event:
    try:
        _payload(message)
    except ValueError:
        return InvalidReceived("pong: the payload must be an object")
    return PongReceived()


def _decode_subscribe(message: Mapping[str, Any]) -> Event:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not 0 < len(operation_id) <= MAX_ID_LENGTH:
        return InvalidReceived(f"subscribe: the id must be a string of 1 to {MAX_ID_LENGTH} characters")
    try:
        return SubscribeReceived(operation_id, from_mapping(message.get("payload")))
    except BadRequest as error:
        return InvalidReceived(f"subscribe: {error.message}")


def _decode_complete(message: Mapping[str, Any]) -> Event:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not operation_id:
        return InvalidReceived("complete: the id must be a string")
    return CompleteReceived(operation_id)


_DECODERS: Mapping[str, Callable[[Mapping[str, Any]], Event]] = {
    "connection_init": _decode_init,
    "ping": _decode_ping,
    "pong": _decode_pong,
    "subscribe": _decode_subscribe,
    "complete": _decode_complete,
}
