"""The bridge: messages in, readings stored, acknowledged, and handed to the subscribers.

Two tasks and a bounded queue. The reader decodes, leaves out what it has seen, and fills batches; the writer commits a
batch, then acknowledges it, then publishes it. Since batches are committed in order, a duplicate that is acknowledged
with a later batch was stored with an earlier one. When the store fails the writer tries the same batch again for ever;
nothing is acknowledged meanwhile, the broker stops at Receive Maximum, and live subscribers still get the batch once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from sensors_bridge.batches import Batch, Batcher, SeenMessages
from sensors_bridge.fanout import Fanout
from sensors_bridge.mqtt import Message, MqttSource
from sensors_bridge.readings import Reading
from sensors_bridge.store import DeadLetter, ReadingStore, StoreRefused, StoreUnavailable, Written
from sensors_bridge.topics import DecodeLimits, Reason, decode

log = logging.getLogger("sensors_bridge")

_DAY_MS = 86_400_000


def wall_clock_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """How the bridge groups and keeps. Times in seconds unless named otherwise.

    A batch is committed at `batch_rows` rows or when its first message has waited `linger_s`. `retention_days` None
    keeps readings for ever. On stop, what is pending gets `drain_s` to be stored.
    """

    batch_rows: int = 500
    linger_s: float = 0.004
    remembered_messages: int = 100_000
    retention_days: float | None = 7.0
    purge_every_s: float = 3_600.0
    report_every_s: float = 30.0
    first_retry_s: float = 0.05
    slowest_retry_s: float = 5.0
    drain_s: float = 10.0
    limits: DecodeLimits = DecodeLimits()


@dataclass(slots=True)
class BridgeCounters:
    """What the bridge did since it started. Messages: received, duplicates, acknowledged. Rows: stored, known.

    `rejected` counts by reason: messages and single values alike. `lag_ms` is how long the last batch waited from its
    first message to its commit.
    """

    received: int = 0
    duplicates: int = 0
    acknowledged: int = 0
    stored: int = 0
    known: int = 0
    batches: int = 0
    retries: int = 0
    published_unstored: int = 0
    lag_ms: float = 0.0
    rejected: Counter[str] = field(default_factory=Counter)

    def copy(self) -> BridgeCounters:
        return replace(self, rejected=Counter(self.rejected))

    def line(self) -> str:
        """One log line."""
        rejected = ", ".join(f"{reason} {count}" for reason, count in sorted(self.rejected.items())) or "none"
        return (
            f"received {self.received} messages ({self.duplicates} again), stored {self.stored} readings"
            f" ({self.known} known), acknowledged {self.acknowledged}, rejected {rejected}, lag {self.lag_ms:.1f} ms"
        )


class Bridge:
    """Runs until `stop` or cancellation. The store and the fan-out belong to the caller and stay open."""

    def __init__(
        self,
        source: MqttSource,
        store: ReadingStore,
        fanout: Fanout | None = None,
        settings: BridgeSettings | None = None,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.counters = BridgeCounters()
        self.settings = settings or BridgeSettings()
        self._source = source
        self._store = store
        self._fanout = fanout or Fanout()
        self._clock_ms = clock_ms
        self._seen = SeenMessages(self.settings.remembered_messages)
        self._batcher = Batcher(self.settings.batch_rows, self.settings.linger_s)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask `run` to stop reading, store what is pending, and return."""
        self._stopping.set()

    async def run(self) -> None:
        """Read, store, acknowledge and publish until `stop`. A second run needs a new Bridge."""
        async with self._source, asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read(), name="bridge-reader")
            writer = tasks.create_task(self._write(), name="bridge-writer")
            aside = [tasks.create_task(self._report()), tasks.create_task(self._purge())]
            await self._stopping.wait()
            for task in (reader, *aside):
                task.cancel()
            self._batcher.end()
            done, _ = await asyncio.wait((writer,), timeout=self.settings.drain_s)
            if not done:
                log.warning("stopped with %d rows not stored; the broker will send them again", self._batcher.pending)
                writer.cancel()
        log.info("bridge stopped: %s", self.counters.line())

    async def _read(self) -> None:
        async for messages in self._source.batches():
            for start in range(0, len(messages), self.settings.batch_rows):
                await self._batcher.room()
                now = self._clock_ms()
                for message in messages[start : start + self.settings.batch_rows]:
                    self._accept(message, now)

    def _accept(self, message: Message, now: int) -> None:
        counters = self.counters
        counters.received += 1
        decoded = decode(message.topic, message.payload, now, self.settings.limits)
        if decoded.message is not None and not self._seen.first_time(decoded.message):
            counters.duplicates += 1
            self._batcher.add((), (), message.token)
            return
        letters: Sequence[DeadLetter] = ()
        if decoded.rejects:
            letters = [
                DeadLetter(reject.reason, reject.detail, message.topic, message.payload, len(message.payload), now)
                for reject in decoded.rejects
            ]
            counters.rejected.update(letter.reason for letter in letters)
        self._batcher.add(decoded.readings, letters, message.token)

    async def _write(self) -> None:
        while (batch := await self._batcher.take()) is not None:
            published = await self._commit(batch)
            self._source.acknowledge(batch.tokens)
            counters = self.counters
            counters.batches += 1
            counters.acknowledged += len(batch.tokens)
            counters.lag_ms = (time.monotonic() - batch.opened) * 1000
            if not published:
                self._fanout.publish(batch.readings)

    async def _commit(self, batch: Batch) -> bool:
        """Store a batch however long it takes; returns whether it has been published meanwhile."""
        if not batch.rows:
            return True
        pause, published = self.settings.first_retry_s, False
        while True:
            try:
                written = await self._store_all(batch.readings, batch.letters)
            except StoreUnavailable as problem:
                self.counters.retries += 1
                if not published:
                    published = True
                    self.counters.published_unstored += len(batch.readings)
                    self._fanout.publish(batch.readings)
                log.warning("store unavailable (%s); %d rows wait, again in %.2f s", problem, batch.rows, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self.settings.slowest_retry_s)
            else:
                self.counters.stored += written.stored
                self.counters.known += written.duplicates
                return published

    async def _store_all(self, readings: Sequence[Reading], letters: Sequence[DeadLetter]) -> Written:
        """One transaction; where the database refuses a reading, halves, down to the one that becomes a dead letter."""
        try:
            return await self._store.write(readings, letters)
        except StoreRefused as refusal:
            if not readings:
                log.error("dead letters refused by the store: %s", refusal)
                return Written(0, 0)
            if len(readings) == 1:
                self.counters.rejected[Reason.STORE_REFUSED] += 1
                payload = msgspec.json.encode(readings[0])
                refused = DeadLetter(Reason.STORE_REFUSED, str(refusal), "", payload, len(payload), self._clock_ms())
                return await self._store_all((), [*letters, refused])
            middle = len(readings) // 2
            first = await self._store_all(readings[:middle], letters)
            second = await self._store_all(readings[middle:], ())
            return Written(first.stored + second.stored, first.duplicates + second.duplicates)

    async def _report(self) -> None:
        before = self.counters.copy()
        while True:
            await asyncio.sleep(self.settings.report_every_s)
            if self.counters != before:
                before = self.counters.copy()
                log.info("%s", before.line())

    async def _purge(self) -> None:
        while self.settings.retention_days is not None:
            with contextlib.suppress(StoreUnavailable):
                gone = await self._store.purge(self._clock_ms() - int(self.settings.retention_days * _DAY_MS))
                if gone:
                    log.info("deleted %d readings older than %g days", gone, self.settings.retention_days)
            await asyncio.sleep(self.settings.purge_every_s)
