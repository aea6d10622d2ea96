"""Several responses to one HTTP request: subscriptions, and what is delivered in parts.

Headers go out at once; a silent connection is kept alive where the framing has a way to. Memory is bounded by what one
response holds: the next one is asked for when the last was taken by the socket.
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
from router.executor.incremental import draft
from router.operation.model import OperationKind
from router.operation.request import GraphQLRequest
from router.over_http.answers import error_body, masked
from router.over_http.framing import Framing
from router.pipeline import Answer, Pipeline

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ENDED = "the caller may not listen on"


class ResponseStreams:
    """Serves streams of responses. A client that does not read for ``slow_client_s`` is left."""

    def __init__(self, settings: SubscriptionSettings) -> None:
        self._settings = settings
        self._open: dict[asyncio.Task[None], Caller] = {}

    def end_where(self, ended: Callable[[Caller], bool]) -> None:
        """Complete the streams of callers that may not listen on."""
        for task, caller in tuple(self._open.items()):
            if ended(caller):
                task.cancel(ENDED)

    def check_room(self) -> None:
        """Raises ``Overloaded`` when as many streams are open as may be."""
        if len(self._open) >= self._settings.max_sockets:
            raise Overloaded("Too many event streams are open.", ko="열린 이벤트 스트림이 너무 많습니다.")

    async def serve(
        self, framing: Framing, responses: AsyncIterator[bytes], caller: Caller, receive: Receive, send: Send
    ) -> None:
        """Write the responses until they end, the token ends, or the client leaves; then they are closed."""
        stream = asyncio.create_task(self._stream(framing, responses, caller, send))
        gone = asyncio.create_task(_until_gone(receive))
        self._open[stream] = caller
        try:
            await asyncio.wait({stream, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._open[stream]
            for task in (stream, gone):
                task.cancel()
            await asyncio.gather(stream, gone, return_exceptions=True)

    async def _stream(self, framing: Framing, responses: AsyncIterator[bytes], caller: Caller, send: Send) -> None:
        lock = asyncio.Lock()

        async def write(chunk: bytes, more: bool = True) -> None:
            async with lock, asyncio.timeout(self._settings.slow_client_s):
                await send({"type": "http.response.body", "body": chunk, "more_body": more})

        await send({"type": "http.response.start", "status": 200, "headers": framing.headers})
        opening = framing.opening
        if opening and framing.keep_alive is not None:
            await write(opening)
            opening = b""
        keep_alive = asyncio.create_task(self._keep_alive(framing, write))
        try:
            async with asyncio.timeout(_remaining(caller)):
                async with aclosing(cast(Any, responses)) as bodies:
                    async for body in bodies:
                        await write(opening + framing.response(body))
                        opening = b""
        except TimeoutError:
            pass
        except asyncio.CancelledError as cancelled:
            if cancelled.args != (ENDED,):
                raise
        except Exception as error:
            # What was delivered so far is all there is: a body without its end tells so.
            masked(error)
            return
        finally:
            keep_alive.cancel()
        with suppress(OSError, TimeoutError):
            await write(opening + framing.closing, more=False)

    async def _keep_alive(self, framing: Framing, write: Callable[[bytes], Awaitable[None]]) -> None:
        if framing.keep_alive is None:
            return
        with suppress(OSError, TimeoutError):
            while True:
                await write(framing.keep_alive)
                await asyncio.sleep(self._settings.keep_alive_s)


async def responses_to(
    pipeline: Pipeline, request: GraphQLRequest, caller: Caller, kind: OperationKind | None
) -> AsyncIterator[bytes]:
    """All responses of an operation, errors of any kind among them; for transports that carry them as they come."""
    try:
        if kind is OperationKind.SUBSCRIPTION:
            results = await pipeline.subscribe(request, caller)
        else:
            results = await pipeline.deliver(request, caller, draft)
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
