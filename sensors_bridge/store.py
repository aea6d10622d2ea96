"""Where readings are kept: SQLite or PostgreSQL, chosen by URL.

One `write` is one transaction: the readings, the latest value of every (device, kind) and of every (kind, fine cell)
they touch, and the dead letters of the same flush stand or fall together. The key (at, device, boot, seq, kind) leads
with time, so inserts go to the end of the index, and a redelivered message finds its own rows and changes nothing. SQL
is written against the drivers (sqlite3 in one writer thread, asyncpg), because the ORM costs forty times more a row
(docs/adr/0046).
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sensors_bridge.areas import FINE, BoundingBox, box_around, cell_of, cell_rows, cell_runs, metres_between
from sensors_bridge.readings import Reading, newer

Position = tuple[int, str, int, int]
"""Where a page of history ended: (at, device, boot, seq) of its last reading."""

FETCH_AT_MOST = 100_000  # rows one question may bring back
RADIUS_AT_MOST_M = 50_000.0
_RUNS_AT_MOST = 256  # a taller box is asked as one range of cells and filtered exactly


class StoreError(Exception):
    """Base of the store's errors."""


class BadStoreUrl(StoreError, ValueError):
    """The URL names no store this bridge can use."""


class StoreUnavailable(StoreError):
    """Locked, full, down or out of reach: the same write may succeed later."""


class StoreRefused(StoreError):
    """The data itself cannot be stored; trying again cannot help."""


class StoreTooNew(StoreError):
    """The tables were made by a newer version of the bridge."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one write did: rows stored, and rows left out because they were there already."""

    stored: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message, or one value of it, that could not be read. `times` counts identical ones."""

    reason: str
    detail: str
    topic: str
    payload: bytes
    size: int
    received: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """Bounds on what is kept: dead letters (the oldest go first) and bytes of a dead letter's payload."""

    dead_letters: int = 10_000
    dead_letter_bytes: int = 4_096


class ReadingStore(ABC):
    """The bridge's store. Every method may raise StoreUnavailable."""

    @classmethod
    async def open(cls, url: str, limits: StoreLimits | None = None) -> ReadingStore:
        """Open, and make or upgrade the tables.

        `url` is `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/database`; a
        driver suffix (`+aiosqlite`, `+asyncpg`) is accepted and ignored. Raises BadStoreUrl, StoreUnavailable,
        StoreTooNew.
        """
        scheme, separator, rest = url.partition("://")
        limits = limits or StoreLimits()
        base = scheme.partition("+")[0]
        if separator and base == "sqlite":
            from sensors_bridge.store_sqlite import SqliteStore

            return await SqliteStore.connect(rest, limits)
        if separator and base in ("postgresql", "postgres"):
            from sensors_bridge.store_postgres import PostgresStore

            return await PostgresStore.connect(f"postgresql://{rest}", limits)
        raise BadStoreUrl(f"expected sqlite:///path or postgresql://…, got a URL of scheme {scheme[:20]!r}")

    @abstractmethod
    async def write(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter] = ()) -> Written:
        """Store readings and dead letters in one transaction, durable on return. Raises StoreRefused as well."""

    @abstractmethod
    async def latest(
        self, kinds: Iterable[str] | None = None, box: BoundingBox | None = None, limit: int = 1_000
    ) -> list[Reading]:
        """The latest reading of each (device, kind) in the box, the newest first."""

    async def latest_near(
        self,
        points: Sequence[tuple[float, float]],
        kinds: Iterable[str],
        radius_m: float,
        since_ms: int,
        limit: int = 200,
    ) -> list[list[Reading]]:
        """For each (lat, lon), what was last measured within `radius_m` since `since_ms`, the nearest first.

        That is the latest reading of each kind in each fine cell (about 200 m), also of a device that has driven on
        since. One SQL query a call, whatever the number of points. At most `limit` readings a point. Raises ValueError
        for a radius that is not in (0, 50 km].
        """
        if not 0 < radius_m <= RADIUS_AT_MOST_M:
            raise ValueError(f"radius_m must be in (0, {RADIUS_AT_MOST_M:.0f}], got {radius_m}")
        wanted = [
            (index, kind, first, last)
            for index, (lat, lon) in enumerate(points)
            for first, last in cell_runs(box_around(lat, lon, radius_m), FINE)
            for kind in sorted(set(kinds))
        ]
        near: list[list[tuple[float, Reading]]] = [[] for _ in points]
        for index, reading in await self._latest_of_cells(wanted, since_ms) if wanted else ():
            distance = metres_between(*points[index], reading.lat, reading.lon)
            if distance <= radius_m:
                near[index].append((distance, reading))
        for found in near:
            found.sort(key=lambda pair: (pair[0], -pair[1].at, pair[1].device, pair[1].kind))
        return [[reading for _, reading in found[:limit]] for found in near]

    @abstractmethod
    async def _latest_of_cells(
        self, wanted: Sequence[tuple[int, str, int, int]], since_ms: int
    ) -> list[tuple[int, Reading]]:
        """The latest reading of each fine cell in a (tag, kind, first cell, last cell), with that tag. One query."""

    @abstractmethod
    async def history(
        self,
        kind: str,
        where: BoundingBox | str | None,
        start: int,
        end: int,
        limit: int,
        after: Position | None = None,
    ) -> list[Reading]:
        """Readings of one kind in a box, of a device (its id), or all (None), in time order.

        `start` is included and `end` is not, both milliseconds UTC by the device's clock. `after` is `position_of` the
        last reading of the page before.
        """

    @abstractmethod
    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """The dead letters kept, the latest first."""

    @abstractmethod
    async def dead_letter_counts(self) -> dict[str, int]:
        """How many dead letters of each reason there ever were, also those no longer kept."""

    @abstractmethod
    async def purge(self, before: int) -> int:
        """Delete readings measured before this moment (ms UTC), in small transactions; returns how many."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close after the writes under way. Safe to call twice."""


def position_of(reading: Reading) -> Position:
    """The `after` of the page that follows this reading."""
    return reading.at, reading.device, reading.boot, reading.seq


def newest_of_each_device(readings: Iterable[Reading]) -> list[Reading]:
    """The newest reading of each (device, kind), ordered by that pair so that two writers lock rows in one order."""
    newest: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        key = (reading.device, reading.kind)
        known = newest.get(key)
        if known is None or newer(reading, known):
            newest[key] = reading
    return [newest[key] for key in sorted(newest)]


def newest_of_each_cell(readings: Iterable[Reading]) -> list[tuple[int, Reading]]:
    """The fine cell and newest reading of each (kind, fine cell), ordered by that pair."""
    newest: dict[tuple[str, int], Reading] = {}
    for reading in readings:
        key = (reading.kind, cell_of(reading.lat, reading.lon, FINE))
        known = newest.get(key)
        if known is None or reading.at > known.at:
            newest[key] = reading
    return [(key[1], newest[key]) for key in sorted(newest)]


def runs_of(box: BoundingBox) -> list[tuple[int, int]]:
    """The ranges of cells to look through for a box: one a row, or one over all rows when there are many."""
    if cell_rows(box) <= _RUNS_AT_MOST:
        return list(cell_runs(box))
    first = next(cell_runs(box))[0]
    top = BoundingBox(box.west, box.north, box.east, box.north)
    return [(first, next(cell_runs(top))[1])]


def trimmed(letter: DeadLetter, limits: StoreLimits) -> DeadLetter:
    """The letter as it is kept: text without U+0000 (PostgreSQL has none), payload cut."""
    return DeadLetter(
        reason=letter.reason,
        detail=_plain(letter.detail)[:500],
        topic=_plain(letter.topic)[:500],
        payload=letter.payload[: limits.dead_letter_bytes],
        size=letter.size,
        received=letter.received,
        times=letter.times,
    )


def letter_row(letter: DeadLetter) -> tuple[bytes, str, str, str, bytes, int, int, int]:
    """The row of a letter. Two letters are the same when reason, detail, topic and kept payload are."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (letter.reason.encode(), letter.detail.encode(), letter.topic.encode(), letter.payload):
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return (
        digest.digest(),
        letter.reason,
        letter.detail,
        letter.topic,
        letter.payload,
        letter.size,
        letter.received,
        letter.times,
    )


def _plain(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
