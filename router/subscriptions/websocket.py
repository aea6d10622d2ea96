"""The WebSocket door: carries out what ``protocol.step`` decides, on any ASGI server.

One socket has three tasks (reader, writer, the ASGI call that waits for the end) and one task an operation. An
operation that outruns its client waits for room in the outbox; a client that reads nothing for ``slow_client_s`` is
closed with 4529, and its transport cut where the server allows it (extension ``router.abort``). No socket waits for
another.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, MutableMapping
from contextlib import aclosing
from typing import Any, cast

import orjson

from router.caller import Caller
from router.config import SubscriptionSettings
from router.errors import ProofRefused, RouterError, Unauthenticated
from router.executor.incremental import draft
from router.operation.model import OperationKind
from router.operation.request import GraphQLRequest
from router.over_http.answers import masked
from router.pipeline import Answer, Pipeline
from router.policy.callers import Callers, joined, missing_token
from router.subscriptions import protocol
from router.subscriptions.outbox import Outbox

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Answers = Answer | AsyncIterator[bytes]

CLOSE_PATIENCE_S = 1.0
CLEAN_UP_S = 5.0
"""Time the operations of a closed socket get to let go of their sources before the socket is forgotten."""
MAX_TOKEN_WAIT_S = 2_000_000.0
"""Timers of the event loop end at about 24 days; no access token lives as long."""


class SocketDoor:
    """Serves GraphQL on WebSockets; knows all open sockets of this worker."""

    def __init__(self, pipeline: Callable[[], Pipeline], callers: Callers, settings: SubscriptionSettings) -> None:
        self.pipeline = pipeline
        self.callers = callers
        self.settings = settings
        self.open: set[_Socket] = set()
        self._finishing: set[asyncio.Task[Answers]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket connection (ASGI)."""
        event = await receive()
        if event["type"] != "websocket.connect":
            return
        if len(self.open) >= self.settings.max_sockets:
            await _deny(scope, send, 503, (), b"Too many sockets are open.")
            return
        try:
            caller = await self.callers.of_headers(joined(scope["headers"]))
        except RouterError as error:
            await _deny(scope, send, error.http_status, _challenge(error), error.message.encode())
            return
        if protocol.SUBPROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            code = protocol.CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE
            await send({"type": "websocket.close", "code": int(code), "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": protocol.SUBPROTOCOL})
        socket = _Socket(self, caller, receive, send, scope.get("extensions", {}).get("router.abort"))
        self.open.add(socket)
        try:
            await socket.serve()
        finally:
            self.open.discard(socket)

    async def finish(self, mutation: Coroutine[Any, Any, Answers]) -> Answers:
        """Run a mutation to its end even when nobody waits for its answer any more: half of one is worse than none."""
        task = asyncio.get_running_loop().create_task(mutation)
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for mutations that still run, for a while."""
        if self._finishing:
            await asyncio.wait(self._finishing, timeout=CLEAN_UP_S)

    def end_where(self, ended: Callable[[Caller], bool]) -> None:
        """Close the sockets of callers that may not listen on."""
        for socket in tuple(self.open):
            if ended(socket.caller):
                socket.apply(protocol.CallerExpired("Forbidden: the access token was revoked"))


class _Socket:
    """One open socket."""

    def __init__(
        self, door: SocketDoor, caller: Caller, receive: Receive, send: Send, abort: Callable[[], None] | None
    ) -> None:
        self._door = door
        self.caller = caller
        self._receive = receive
        self._asgi_send = send
        self._abort = abort
        settings = door.settings
        self._connection = protocol.Connection(max_operations=settings.max_operations)
        self._outbox = Outbox(
            self._send_text,
            max_messages=settings.queue_messages,
            max_bytes=settings.queue_bytes,
            patience_s=settings.slow_client_s,
        )
        loop = asyncio.get_running_loop()
        self._end: asyncio.Future[protocol.Close | None] = loop.create_future()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._init_timer = loop.call_later(settings.init_timeout_s, self.apply, protocol.InitTimedOut())
        self._token_timer: asyncio.TimerHandle | None = None
        self._pending: list[Mapping[str, Any]] = []

    async def serve(self) -> None:
        """Until the client leaves or the protocol closes the socket; nothing of it runs on afterwards."""
        self._watch_expiry()
        writer = self._task(self._write())
        self._task(self._read())
        try:
            close = await self._end
            writer.cancel()
            if close is not None:
                await self._close(close)
        finally:
            self._init_timer.cancel()
            if self._token_timer is not None:
                self._token_timer.cancel()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CLEAN_UP_S)

    def apply(self, event: protocol.Event) -> None:
        """Take one event through the transition table and carry out what it says."""
        self._connection, actions = protocol.step(self._connection, event)
        for action in actions:
            match action:
                case protocol.Send():
                    self._pending.append(action.message)
                case protocol.Admit():
                    self._task(self._admit(action.payload))
                case protocol.Start():
                    task = self._task(self._run(action.id, action.request))
                    self._operations[action.id] = task
                case protocol.Stop():
                    self._outbox.drop(action.id)
                    self._operations.pop(action.id).cancel()
                case protocol.Close():
                    if not self._end.done():
                        self._end.set_result(action)

    def _task(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send_text(self, text: str) -> None:
        await self._asgi_send({"type": "websocket.send", "text": text})

    async def _write(self) -> None:
        try:
            await self._outbox.run()
        except TimeoutError:
            self.apply(protocol.ClientSlow())
        except (OSError, RuntimeError):
            self._gone()

    async def _read(self) -> None:
        limit = self._door.settings.max_message_bytes
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                self._gone()
                return
            text = event.get("text")
            if text is None:
                self.apply(protocol.InvalidReceived("Invalid message: text frames only"))
            elif len(text) > limit:
                self.apply(protocol.InvalidReceived(f"Invalid message: longer than {limit} bytes"))
            else:
                self.apply(protocol.decode(text))
            # A client that sends and never reads fills its own outbox; reading on waits for it to be emptied.
            await self._flush()

    async def _flush(self) -> None:
        """Queue what ``apply`` wants sent; whoever applies an event that may send awaits this next."""
        while self._pending:
            message = self._pending.pop(0)
            await self._outbox.put(protocol.encode(message))

    def _gone(self) -> None:
        if not self._end.done():
            self._end.set_result(None)

    async def _admit(self, payload: Mapping[str, Any]) -> None:
        try:
            token = _said(payload, "authorization")
            if token is not None:
                self.caller = await self._door.callers.of_socket(self.caller, token, _said(payload, "dpop"))
            if not self._door.callers.admits(self.caller):
                raise missing_token()
        except RouterError as error:
            self.apply(protocol.Refused(f"Forbidden: {error.message_in(self.caller.language)}"))
            return
        self._watch_expiry()
        self.apply(protocol.Admitted())
        await self._flush()

    def _watch_expiry(self) -> None:
        if self._token_timer is not None:
            self._token_timer.cancel()
            self._token_timer = None
        if self.caller.expires_at is not None:
            delay = min(max(0.0, self.caller.expires_at - time.time()), MAX_TOKEN_WAIT_S)
            loop = asyncio.get_running_loop()
            self._token_timer = loop.call_later(delay, self.apply, protocol.CallerExpired())

    async def _run(self, operation_id: str, request: GraphQLRequest) -> None:
        try:
            errors = await self._results(operation_id, request)
        except RouterError as error:
            errors = tuple(one.formatted(self.caller.language) for one in getattr(error, "errors", (error,)))
        except Exception as error:
            errors = (masked(error, self.caller.language).formatted(self.caller.language),)
        if self._operations.get(operation_id) is asyncio.current_task():
            del self._operations[operation_id]
            self.apply(protocol.Ended(operation_id, errors))
            await self._flush()

    async def _results(self, operation_id: str, request: GraphQLRequest) -> tuple[Mapping[str, Any], ...] | None:
        pipeline = self._door.pipeline()
        kind = pipeline.kind_of(request)
        if kind is OperationKind.MUTATION:
            results = await self._door.finish(pipeline.deliver(request, self.caller, draft))
        elif kind is not OperationKind.SUBSCRIPTION:
            results = await pipeline.deliver(request, self.caller, draft)
        else:
            results = await pipeline.subscribe(request, self.caller)
        if not isinstance(results, Answer):
            async with aclosing(cast(Any, results)) as payloads:
                await self._stream(operation_id, payloads)
            return None
        answer = results
        if answer.outcome == "request_error":
            return tuple(orjson.loads(answer.body)["errors"])
        await self._outbox.put(protocol.next_message(operation_id, answer.body), operation_id)
        return None

    async def _stream(self, operation_id: str, payloads: AsyncIterator[bytes]) -> None:
        async for payload in payloads:
            await self._outbox.put(protocol.next_message(operation_id, payload), operation_id)

    async def _close(self, close: protocol.Close) -> None:
        message = {"type": "websocket.close", "code": int(close.code), "reason": close.reason}
        try:
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                await self._asgi_send(message)
        except (TimeoutError, OSError, RuntimeError):
            if self._abort is not None:
                self._abort()


def _said(payload: Mapping[str, Any], header: str) -> str | None:
    """A header of connection_init: ``{"Authorization": "Bearer …"}``, or the same under ``headers``."""
    for holder in (payload, payload.get("headers")):
        if isinstance(holder, dict):
            for name, value in holder.items():
                if name.lower() == header and value is not None:
                    return value if isinstance(value, str) else ""
    return None


def _challenge(error: RouterError) -> tuple[tuple[bytes, bytes], ...]:
    if isinstance(error, ProofRefused):
        challenge = (b"www-authenticate", f'DPoP error="{error.error}"'.encode("ascii"))
        return (challenge, (b"dpop-nonce", error.nonce.encode("ascii"))) if error.nonce else (challenge,)
    return ((b"www-authenticate", b'Bearer error="invalid_token"'),) if isinstance(error, Unauthenticated) else ()


async def _deny(scope: Scope, send: Send, status: int, challenge: tuple[tuple[bytes, bytes], ...], text: bytes) -> None:
    """Refuse the handshake with an HTTP status where the server can, else by closing (which it turns into 403)."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *challenge]
    with contextlib.suppress(OSError):
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": text})
