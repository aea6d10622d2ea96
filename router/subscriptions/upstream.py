"""graphql-transport-ws as a client: one subscription to one HTTP subgraph, one socket.

The HTTP transport is given ``subscribe`` at start-up; leaving the iteration completes the operation upstream and closes
the socket. What the subgraph sends faster than it is read waits in the socket (16 messages, then TCP), never in a list.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from router.errors import SubgraphUnavailable
from router.executor.json_bytes import loads_from_subgraph
from router.executor.transport import SubgraphRequest, SubgraphResponse
from router.subscriptions.protocol import SUBPROTOCOL, encode

OPERATION_ID = "1"


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """Bounds of one upstream socket; times in seconds."""

    open_timeout_s: float = 5.0
    ack_timeout_s: float = 5.0
    close_timeout_s: float = 1.0
    ping_interval_s: float = 15.0
    max_message_bytes: int = 8_000_000


DEFAULTS = UpstreamSettings()


def websocket_url(url: str) -> str:
    """The WebSocket URL of an HTTP URL; ``ws`` and ``wss`` URLs stay as they are."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit(parts._replace(scheme=scheme))


async def subscribe(
    url: str,
    request: SubgraphRequest,
    headers: Mapping[str, str],
    settings: UpstreamSettings = DEFAULTS,
) -> AsyncIterator[SubgraphResponse]:
    """The responses of one subscription at ``url``, until the subgraph completes it.

    ``headers`` go with the handshake and, for subgraphs that read them there, in connection_init. An ``error`` message
    is given as a last response with errors. Raises ``SubgraphUnavailable`` when the socket cannot be opened, is closed
    before the operation is complete, or speaks another protocol.
    """
    socket = await _open(url, headers, settings)
    try:
        await _initialise(socket, headers, settings)
        await socket.send(_subscribe_message(request))
        async for message in _messages(socket):
            kind = message.get("type")
            if kind == "next" and message.get("id") == OPERATION_ID:
                payload = message.get("payload")
                if not isinstance(payload, dict):
                    raise SubgraphUnavailable(f"The subgraph at {url} sent a response that is no JSON object.")
                yield payload
            elif kind == "error" and message.get("id") == OPERATION_ID:
                yield {"errors": message.get("payload") or [{"message": "The subgraph ended the subscription."}]}
                return
            elif kind == "complete" and message.get("id") == OPERATION_ID:
                return
            elif kind == "ping":
                await socket.send('{"type":"pong"}')
    except ConnectionClosed as closed:
        reason = closed.rcvd.reason if closed.rcvd is not None else ""
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        raise SubgraphUnavailable(
            f"The subgraph at {url} closed the subscription's socket ({code} {reason}).".replace(" )", ")")
        ) from None
    finally:
        with suppress(Exception):
            await _leave(socket)


async def _open(url: str, headers: Mapping[str, str], settings: UpstreamSettings) -> ClientConnection:
    try:
        return await connect(
            websocket_url(url),
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            additional_headers=dict(headers),
            open_timeout=settings.open_timeout_s,
            close_timeout=settings.close_timeout_s,
            ping_interval=settings.ping_interval_s,
            ping_timeout=settings.ping_interval_s,
            max_size=settings.max_message_bytes,
            compression=None,
            proxy=None,
            user_agent_header=None,
        )
    except (TimeoutError, OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        raise SubgraphUnavailable(f"The subgraph at {url} accepts no WebSocket: {error}.") from error


async def _initialise(socket: ClientConnection, headers: Mapping[str, str], settings: UpstreamSettings) -> None:
    await socket.send(encode({"type": "connection_init", "payload": dict(headers)}))
    try:
        async with asyncio.timeout(settings.ack_timeout_s):
            async for message in _messages(socket):
                if message.get("type") == "connection_ack":
                    return
                if message.get("type") == "ping":
                    await socket.send('{"type":"pong"}')
    except TimeoutError:
        raise SubgraphUnavailable("The subgraph did not acknowledge the subscription's socket in time.") from None


async def _messages(socket: ClientConnection) -> AsyncIterator[Mapping[str, Any]]:
    while True:
        try:
            message = loads_from_subgraph(await socket.recv())
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise SubgraphUnavailable("The subgraph sent something that is no graphql-transport-ws message.")
        yield message


def _subscribe_message(request: SubgraphRequest) -> str:
    payload: dict[str, Any] = {"query": request.query, "variables": dict(request.variables)}
    if request.operation_name is not None:
        payload["operationName"] = request.operation_name
    return encode({"id": OPERATION_ID, "type": "subscribe", "payload": payload})


async def _leave(socket: ClientConnection) -> None:
    with suppress(ConnectionClosed):
        await socket.send(encode({"id": OPERATION_ID, "type": "complete"}))
    await socket.close()
