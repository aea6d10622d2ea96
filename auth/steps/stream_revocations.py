"""The feed of what ended early, for routers that run in another process (ADR 0044)."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.revocations import RevocationFeed, Revoked

HEARTBEAT_SECONDS = 3.0
STREAM_SECONDS = 300.0
"""A stream ends by itself now and then, so that readers move to where others are."""
MAXIMUM_WAITING = 10_000
MAXIMUM_READERS = 256


def require_resource_server(exchange: Exchange) -> None:
    """Who ended what is for the resource server alone."""
    if exchange.client.resource != exchange.server.audience:
        raise Refusal("unauthorized_client", "not_a_resource_server", status=403)


def stream_revocations(exchange: Exchange) -> Response:
    """One JSON object a line: `kind`, `value`, `revoked_at`, `expires_at`; first those that are active, then each new.

    An empty line every three seconds says that the feed is alive.
    """
    feed = exchange.server.revocations
    if feed.listening >= MAXIMUM_READERS:
        raise Refusal("temporarily_unavailable", "database_away", status=503, headers=(("Retry-After", "5"),))
    lines = _lines(feed)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={**NO_STORE, "X-Accel-Buffering": "no"})


async def _lines(feed: RevocationFeed) -> AsyncIterator[bytes]:
    waiting: asyncio.Queue[Revoked | None] = asyncio.Queue()

    def heard(revoked: Revoked) -> None:
        # A reader that does not keep up is let go, and starts again with what is active then.
        if waiting.qsize() <= MAXIMUM_WAITING:
            waiting.put_nowait(revoked if waiting.qsize() < MAXIMUM_WAITING else None)

    end = asyncio.get_running_loop().time() + STREAM_SECONDS
    stop = feed.listen(heard)
    try:
        yield b"\n"
        while asyncio.get_running_loop().time() < end:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    revoked = await waiting.get()
            except TimeoutError:
                yield b"\n"
                continue
            if revoked is None:
                return
            yield _line(revoked)
    finally:
        stop()


def _line(revoked: Revoked) -> bytes:
    told = {
        "kind": revoked.kind,
        "value": revoked.value,
        "revoked_at": revoked.revoked_at,
        "expires_at": revoked.expires_at,
    }
    return json.dumps(told).encode("ascii") + b"\n"
