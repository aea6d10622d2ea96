"""Grouping for the writer: messages in, one batch a transaction out. And the memory of messages seen.

While the writer commits one batch the next one grows, so an idle bridge stores a message within the linger time and a
busy one stores hundreds at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from sensors_bridge.mqtt import Token
from sensors_bridge.readings import Reading
from sensors_bridge.store import DeadLetter


@dataclass(slots=True)
class Batch:
    """Readings and dead letters to commit together, and the tokens to acknowledge after that.

    `opened` is when the first message came (time.monotonic, seconds).
    """

    readings: list[Reading] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    opened: float = 0.0

    @property
    def rows(self) -> int:
        return len(self.readings) + len(self.letters)


class Batcher:
    """A bounded queue of batches with one producer and one consumer."""

    def __init__(self, rows: int, linger_s: float, batches_at_most: int = 4) -> None:
        self._rows = rows
        self._linger_s = linger_s
        self._batches_at_most = batches_at_most
        self._sealed: deque[Batch] = deque()
        self._open = Batch()
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()
        self._ended = False

    @property
    def pending(self) -> int:
        """Rows that wait for the writer."""
        return sum(batch.rows for batch in self._sealed) + self._open.rows

    def add(self, readings: Sequence[Reading], letters: Sequence[DeadLetter], token: Token) -> None:
        """Add what one message came to. A duplicate adds nothing but its token, to be acknowledged in its turn."""
        batch = self._open
        if not batch.tokens:
            batch.opened = time.monotonic()
            self._changed.set()
        batch.readings += readings
        batch.letters += letters
        batch.tokens.append(token)
        if batch.rows >= self._rows or len(batch.tokens) >= self._rows:
            self._sealed.append(batch)
            self._open = Batch()
            self._changed.set()

    async def room(self) -> None:
        """Wait while as many batches are sealed as may be."""
        while len(self._sealed) >= self._batches_at_most:
            self._taken.clear()
            await self._taken.wait()

    def end(self) -> None:
        """No more will be added; `take` gives what is left and then None."""
        self._ended = True
        self._changed.set()

    async def take(self) -> Batch | None:
        """The next batch: as soon as it is full, or its first message has waited the linger time."""
        while not self._sealed:
            waited = time.monotonic() - self._open.opened if self._open.tokens else 0.0
            if self._open.tokens and (self._ended or waited >= self._linger_s):
                batch, self._open = self._open, Batch()
                return batch
            if self._ended:
                return None
            self._changed.clear()
            if not self._open.tokens:
                await self._changed.wait()
                continue
            try:
                async with asyncio.timeout(self._linger_s - waited):
                    await self._changed.wait()
            except TimeoutError:
                continue
        self._taken.set()
        return self._sealed.popleft()


class SeenMessages:
    """The last messages by (device, boot, seq): at least `capacity` of them are remembered, at most twice as many."""

    def __init__(self, capacity: int) -> None:
        self._capacity = max(1, capacity)
        self._young: set[tuple[str, int, int]] = set()
        self._old: set[tuple[str, int, int]] = set()

    def first_time(self, message: tuple[str, int, int]) -> bool:
        """Whether this message has not been seen before; it has been from now on."""
        if message in self._young or message in self._old:
            return False
        if len(self._young) >= self._capacity:
            self._old, self._young = self._young, set()
        self._young.add(message)
        return True
