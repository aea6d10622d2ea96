"""Subscriptions as server-sent events: the "distinct connections mode" of the graphql-sse protocol.

One request, one operation: ``event: next`` for each response, ``event: complete`` at the end. Headers go out at once;
a comment line keeps a silent connection alive. Source: PROTOCOL.md of enisdenjo/graphql-sse.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import Any, cast

from router.caller import Caller
from router.config import SubscriptionSettings
from router.errors import Overloaded, RouterError
from router.operation.model import OperationKind
from router.operation.request import GraphQLRequest
from router.over_http.answers import error_body, masked
from router.over_http.media_types import MediaType
from router.pipeline import Answer, Pipeline

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ENDED = "the caller may not listen on"
KEEP_ALIVE = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
_HEADERS = [
    (b"content-type", MediaType.EVENT_STREAM.content_type),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class EventStreams:
    """Serves operations as event streams. A client that does not read for ``slow_client_s`` is left."""

    def __init__(self, settings: SubscriptionSettings) -> None:
        self._settings = settings
        self._open: dict[asyncio.Task[None], Caller] = {}

    def end_where(self, ended: Callable[[Caller], bool]) -> None:
        """Complete the streams of callers that may not listen on."""
        for task, caller in tuple(self._open.items()):
            if ended(caller):
                task.cancel(ENDED)

    async def serve(
        self,
        pipeline: Pipeline,
        request: GraphQLRequest,
        caller: Caller,
        kind: OperationKind | None,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer one request until the operation ends, the token ends, or the client leaves.

        Raises ``Overloaded`` when as many streams are open as may be.
        """
        if len(self._open) >= self._settings.max_sockets:
            raise Overloaded("Too many event streams are open.", ko="열린 이벤트 스트림이 너무 많습니다.")
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        stream = asyncio.create_task(self._stream(pipeline, request, caller, kind, send))
        gone = asyncio.create_task(_until_gone(receive))
        self._open[stream] = caller
        try:
            await asyncio.wait({stream, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._open[stream]
            for task in (stream, gone):
                task.cancel()
            await asyncio.gather(stream, gone, return_exceptions=True)

    async def _stream(
        self,
        pipeline: Pipeline,
        request: GraphQLRequest,
        caller: Caller,
        kind: OperationKind | None,
        send: Send,
    ) -> None:
        lock = asyncio.Lock()

        async def write(chunk: bytes, more: bool = True) -> None:
            async with lock, asyncio.timeout(self._settings.slow_client_s):
                await send({"type": "http.response.body", "body": chunk, "more_body": more})

        keep_alive = asyncio.create_task(self._keep_alive(write))
        try:
            async with asyncio.timeout(_remaining(caller)):
                async with aclosing(cast(Any, _responses(pipeline, request, caller, kind))) as responses:
                    async for body in responses:
                        await write(b"event: next\ndata: %b\n\n" % body)
        except TimeoutError:
            pass
        except asyncio.CancelledError as cancelled:
            if cancelled.args != (ENDED,):
                raise
        finally:
            keep_alive.cancel()
        with suppress(OSError, TimeoutError):
            await write(COMPLETE, more=False)

    async def _keep_alive(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        with suppress(OSError, TimeoutError):
            while True:
                await write(KEEP_ALIVE)
                await asyncio.sleep(self._settings.keep_alive_s)


async def _responses(
    pipeline: Pipeline, request: GraphQLRequest, caller: Caller, kind: OperationKind | None
) -> AsyncIterator[bytes]:
    try:
        if kind is not OperationKind.SUBSCRIPTION:
            yield (await pipeline.execute(request, caller)).body
            return
        results = await pipeline.subscribe(request, caller)
        if isinstance(results, Answer):
            yield results.body
            return
        async with aclosing(cast(Any, results)) as payloads:
            async for payload in payloads:
                yield payload
    except RouterError as error:
        yield error_body(error, caller.language)
    except Exception as error:
        yield error_body(masked(error), caller.language)


def _remaining(caller: Caller) -> float | None:
    return None if caller.expires_at is None else max(0.0, caller.expires_at - time.time())


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
