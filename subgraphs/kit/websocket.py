"""graphql-transport-ws for one subgraph (github.com/enisdenjo/graphql-ws, PROTOCOL.md).

Each operation is a task that sends as fast as the client reads; nothing is queued here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

from graphql import OperationType, get_operation_ast
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from subgraphs.kit.context import Identity
from subgraphs.kit.identity import BadIdentity
from subgraphs.kit.subgraph import OpenSubgraph

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
MAX_OPERATIONS = 100


class Closed(Exception):
    """The socket ends with a close code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def serve_socket(
    websocket: WebSocket, subgraph: OpenSubgraph, authenticate: Callable[[Mapping[str, str]], Identity]
) -> None:
    """Speak the protocol on one socket until either side ends it."""
    if PROTOCOL not in websocket.scope.get("subprotocols", ()):
        await websocket.accept()
        await websocket.close(4406, "Subprotocol not acceptable")
        return
    await websocket.accept(subprotocol=PROTOCOL)
    connection = _Connection(websocket, subgraph)
    try:
        try:
            identity = authenticate(websocket.headers)
        except BadIdentity as error:
            raise Closed(4403, "Forbidden") from error
        await connection.run(identity)
    except Closed as end:
        if websocket.application_state is WebSocketState.CONNECTED:
            await websocket.close(end.code, end.reason)
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        await connection.aclose()


class _Connection:
    def __init__(self, websocket: WebSocket, subgraph: OpenSubgraph) -> None:
        self._websocket = websocket
        self._subgraph = subgraph
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def run(self, identity: Identity) -> None:
        """Handshake, then messages until the client is gone. Raises Closed."""
        try:
            first = await asyncio.wait_for(self._receive(), INIT_SECONDS)
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        if first["type"] != "connection_init":
            raise Closed(4401, "Unauthorized")
        await self._send(type="connection_ack")
        while True:
            message = await self._receive()
            kind = message["type"]
            if kind == "ping":
                await self._send(type="pong")
            elif kind == "subscribe":
                self._start(message, identity)
            elif kind == "complete":
                await self._stop(str(message.get("id")))
            elif kind == "connection_init":
                raise Closed(4429, "Too many initialisation requests")
            elif kind != "pong":
                raise Closed(4400, "Unknown message type")

    async def aclose(self) -> None:
        """Cancel what still runs."""
        for operation_id in list(self._operations):
            await self._stop(operation_id)

    def _start(self, message: Mapping[str, Any], identity: Identity) -> None:
        operation_id, payload = message.get("id"), message.get("payload")
        if not isinstance(operation_id, str) or not operation_id or not isinstance(payload, dict):
            raise Closed(4400, "Invalid subscribe message")
        query, variables, name = payload.get("query"), payload.get("variables") or {}, payload.get("operationName")
        if not isinstance(query, str) or not isinstance(variables, dict) or not isinstance(name, str | None):
            raise Closed(4400, "Invalid subscribe payload")
        if operation_id in self._operations:
            raise Closed(4409, f"Subscriber for {operation_id[:100]} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            raise Closed(4429, "Too many operations on one socket")
        self._operations[operation_id] = asyncio.create_task(
            self._operate(operation_id, query, variables, name, identity)
        )

    async def _stop(self, operation_id: str) -> None:
        task = self._operations.pop(operation_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _operate(
        self, operation_id: str, query: str, variables: Mapping[str, Any], name: str | None, identity: Identity
    ) -> None:
        try:
            if self._is_stream(query, name):
                async with aclosing(self._subgraph.subscribe(query, variables, name, identity)) as responses:
                    async for response in responses:
                        if await self._send_response(operation_id, response):
                            return
            else:
                response = await self._subgraph.execute(query, variables, name, identity)
                if await self._send_response(operation_id, response):
                    return
            await self._send(type="complete", id=operation_id)
        except (WebSocketDisconnect, RuntimeError):
            return
        finally:
            self._operations.pop(operation_id, None)

    def _is_stream(self, query: str, name: str | None) -> bool:
        document = self._subgraph.subgraph.documents.check(query).document
        operation = None if document is None else get_operation_ast(document, name)
        return operation is not None and operation.operation is OperationType.SUBSCRIPTION

    async def _send_response(self, operation_id: str, response: Mapping[str, Any]) -> bool:
        """Send one response; true when it was a request error, which ends the operation without ``complete``."""
        if "data" in response:
            await self._send(type="next", id=operation_id, payload=response)
            return False
        await self._send(type="error", id=operation_id, payload=response["errors"])
        return True

    async def _send(self, **message: Any) -> None:
        await self._websocket.send_text(json.dumps(message, ensure_ascii=False, separators=(",", ":")))

    async def _receive(self) -> dict[str, Any]:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        try:
            parsed = json.loads(message.get("text") or message.get("bytes") or "")
        except ValueError:
            raise Closed(4400, "Invalid message") from None
        if not isinstance(parsed, dict) or not isinstance(parsed.get("type"), str):
            raise Closed(4400, "Invalid message")
        return parsed
