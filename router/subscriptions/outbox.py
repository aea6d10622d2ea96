"""The bounded queue in front of one client: whoever fills it waits, nobody else does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable


class Outbox:
    """Messages waiting for one socket, sent in order by ``run``.

    ``put`` waits while ``max_messages`` or ``max_bytes`` wait already: an operation then pauses, and its source
    conflates or drops by its own rules. ``run`` gives up when one message cannot be sent within ``patience_s``.
    """

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        max_messages: int,
        max_bytes: int,
        patience_s: float,
    ) -> None:
        self._send = send
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._patience_s = patience_s
        self._waiting: deque[tuple[str | None, str]] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, message: str, operation_id: str | None = None) -> None:
        """Queue a message, waiting for room; ``operation_id`` lets ``drop`` find it."""
        while not self._has_room():
            self._room.clear()
            await self._room.wait()
        self._waiting.append((operation_id, message))
        self._bytes += len(message)
        self._filled.set()

    def drop(self, operation_id: str) -> None:
        """Forget what waits of an operation the client has completed."""
        kept = [entry for entry in self._waiting if entry[0] != operation_id]
        if len(kept) != len(self._waiting):
            self._waiting = deque(kept)
            self._bytes = sum(len(message) for _, message in kept)
            self._room.set()

    async def run(self) -> None:
        """Send until cancelled. Raises ``TimeoutError`` when the client reads too slowly."""
        while True:
            while self._waiting:
                _, message = self._waiting.popleft()
                self._bytes -= len(message)
                async with asyncio.timeout(self._patience_s):
                    await self._send(message)
                if not self._room.is_set() and self._has_room():
                    self._room.set()
            self._filled.clear()
            await self._filled.wait()

    def _has_room(self) -> bool:
        return not self._waiting or (len(self._waiting) < self._max_messages and self._bytes < self._max_bytes)
