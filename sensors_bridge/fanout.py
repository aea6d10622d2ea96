"""Fan-out inside one process: stored readings to subscribers, by grid cell and kind.

`publish` never waits. A subscriber that falls behind is conflated: its backlog shrinks to the latest reading of each
(device, kind), and what was overwritten is counted and told with the next batch. Nothing here can slow the ingest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sensors_bridge.areas import BoundingBox, cell_count, cell_of, cell_runs
from sensors_bridge.readings import Reading, newer

_INDEXED_AT_MOST = 16_384  # index entries (cells x kinds) a subscription may take; a wider one is checked one by one

_Key = tuple[int | None, str | None]


@dataclass(frozen=True, slots=True)
class FanoutBatch:
    """What arrived since the last batch, oldest first, and how many readings conflation left out."""

    readings: tuple[Reading, ...]
    dropped: int


class FanoutClosed(RuntimeError):
    """The fan-out has been closed; it takes no more subscribers."""


class FanoutSubscription:
    """An async iterator of FanoutBatch. It ends after `aclose`, or when the fan-out closes."""

    def __init__(self, owner: Fanout, kinds: frozenset[str] | None, box: BoundingBox | None, capacity: int) -> None:
        self.kinds = kinds
        self.box = box
        self._owner = owner
        self._capacity = capacity
        self._pending: list[Reading] = []
        self._dropped = 0
        self._closed = False
        self._wake = asyncio.Event()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FanoutBatch:
        while not self._pending:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        batch = FanoutBatch(tuple(self._pending), self._dropped)
        self._pending.clear()
        self._dropped = 0
        return batch

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Leave the fan-out. What is pending can still be read; safe to call twice."""
        self._owner.forget(self)
        self.close()

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    def offer(self, reading: Reading) -> int:
        """Take one reading; returns how many pending ones conflation left out to make room."""
        box = self.box
        if box is not None and not box.contains(reading.lat, reading.lon):
            return 0
        left_out = self._conflate() if len(self._pending) >= self._capacity else 0
        self._pending.append(reading)
        self._wake.set()
        return left_out

    def _conflate(self) -> int:
        """Keep the latest of each (device, kind); if even these fill half the room, keep the newest half."""
        latest: dict[tuple[str, str], Reading] = {}
        for reading in self._pending:
            key = (reading.device, reading.kind)
            known = latest.get(key)
            if known is None or not newer(known, reading):
                latest.pop(key, None)
                latest[key] = reading
        kept = list(latest.values())[-max(1, self._capacity // 2) :]
        left_out = len(self._pending) - len(kept)
        self._pending = kept
        self._dropped += left_out
        return left_out


class Fanout:
    """Publish and subscribe by area and kind, in one event loop.

    `capacity` bounds the readings kept for one subscriber, `max_subscribers` the subscribers; `dropped` counts the
    readings that conflation left out, over all subscribers.
    """

    def __init__(self, capacity: int = 8_192, max_subscribers: int = 100_000) -> None:
        self.dropped = 0
        self.published = 0
        self._capacity = max(2, capacity)
        self._max_subscribers = max_subscribers
        self._index: dict[_Key, dict[FanoutSubscription, None]] = {}
        self._keys: dict[FanoutSubscription, tuple[_Key, ...]] = {}
        self._closed = False

    @property
    def subscribers(self) -> int:
        return len(self._keys)

    def subscribe(
        self, kinds: frozenset[str] | None = None, box: BoundingBox | None = None, *, capacity: int | None = None
    ) -> FanoutSubscription:
        """A subscription to these kinds (None: all) in this box (None: everywhere), from now on.

        Raises FanoutClosed, also when `max_subscribers` is reached.
        """
        if self._closed or len(self._keys) >= self._max_subscribers:
            raise FanoutClosed("the fan-out is closed" if self._closed else "the fan-out has no room for a subscriber")
        subscription = FanoutSubscription(self, kinds, box, max(2, capacity or self._capacity))
        keys = tuple(_keys_of(kinds, box))
        for key in keys:
            self._index.setdefault(key, {})[subscription] = None
        self._keys[subscription] = keys
        return subscription

    def forget(self, subscription: FanoutSubscription) -> None:
        for key in self._keys.pop(subscription, ()):
            listeners = self._index[key]
            del listeners[subscription]
            if not listeners:
                del self._index[key]

    def publish(self, readings: Sequence[Reading]) -> None:
        """Hand readings to every subscriber that wants them. Never waits, never raises for a slow subscriber."""
        self.published += len(readings)
        index = self._index
        if not index:
            return
        for reading in readings:
            cell, kind = cell_of(reading.lat, reading.lon), reading.kind
            for key in ((cell, kind), (cell, None), (None, kind), (None, None)):
                for subscription in index.get(key, ()):
                    self.dropped += subscription.offer(reading)

    def close(self) -> None:
        """End every subscription after what it has pending."""
        self._closed = True
        for subscription in tuple(self._keys):
            self.forget(subscription)
            subscription.close()


def _keys_of(kinds: frozenset[str] | None, box: BoundingBox | None) -> Iterable[_Key]:
    wanted: tuple[str | None, ...] = (None,) if kinds is None else tuple(sorted(kinds))
    if box is None or cell_count(box) * len(wanted) > _INDEXED_AT_MOST:
        return [(None, kind) for kind in wanted]
    cells = [cell for first, last in cell_runs(box) for cell in range(first, last + 1)]
    return [(cell, kind) for cell in cells for kind in wanted]
