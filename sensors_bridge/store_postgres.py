"""The store on PostgreSQL: COPY for new rows, insert ... on conflict where some are there already."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from msgspec.structs import astuple

from sensors_bridge.areas import BoundingBox, cell_of
from sensors_bridge.catalogue import KINDS
from sensors_bridge.readings import Reading
from sensors_bridge.store import (
    FETCH_AT_MOST,
    DeadLetter,
    Position,
    ReadingStore,
    StoreLimits,
    StoreRefused,
    StoreTooNew,
    StoreUnavailable,
    Written,
    letter_row,
    newest_of_each_cell,
    newest_of_each_device,
    runs_of,
    trimmed,
)

# One tuple of statements a version; a published version is never edited, only followed.
_VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        "create table bridge_readings (device text not null, boot bigint not null, seq bigint not null,"
        " at bigint not null, received bigint not null, lat double precision not null, lon double precision not null,"
        " kind text not null, value double precision not null, primary key (at, device, boot, seq, kind))",
        "create table bridge_latest (device text not null, boot bigint not null, seq bigint not null,"
        " at bigint not null, received bigint not null, lat double precision not null, lon double precision not null,"
        " kind text not null, value double precision not null, cell bigint not null, primary key (device, kind))",
        "create index bridge_latest_by_cell on bridge_latest (kind, cell)",
        "create table bridge_dead_letters (digest bytea primary key, reason text not null, detail text not null,"
        " topic text not null, payload bytea not null, size bigint not null, received bigint not null,"
        " times bigint not null)",
        "create index bridge_dead_letters_by_time on bridge_dead_letters (received)",
        "create table bridge_dead_letter_counts (reason text primary key, total bigint not null)",
    ),
    (
        "create table bridge_cells (device text not null, boot bigint not null, seq bigint not null,"
        " at bigint not null, received bigint not null, lat double precision not null, lon double precision not null,"
        " kind text not null, value double precision not null, cell bigint not null, primary key (kind, cell))",
    ),
)

_FIELDS = ("device", "boot", "seq", "at", "received", "lat", "lon", "kind", "value")
_ARRAYS = (
    "$1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[], $7::float8[], $8::text[],"
    " $9::float8[]"
)
_INSERT = f"insert into bridge_readings select * from unnest({_ARRAYS}) on conflict do nothing"  # noqa: S608
_UPSERT_LATEST = (
    f"insert into bridge_latest select * from unnest({_ARRAYS}, $10::bigint[])"  # noqa: S608
    " on conflict (device, kind) do update set boot = excluded.boot, seq = excluded.seq, at = excluded.at,"
    " received = excluded.received, lat = excluded.lat, lon = excluded.lon, value = excluded.value,"
    " cell = excluded.cell"
    " where (excluded.at, excluded.boot, excluded.seq) > (bridge_latest.at, bridge_latest.boot, bridge_latest.seq)"
)
_UPSERT_CELL = (
    f"insert into bridge_cells select * from unnest({_ARRAYS}, $10::bigint[])"  # noqa: S608
    " on conflict (kind, cell) do update set device = excluded.device, boot = excluded.boot, seq = excluded.seq,"
    " at = excluded.at, received = excluded.received, lat = excluded.lat, lon = excluded.lon, value = excluded.value"
    " where excluded.at > bridge_cells.at"
)
_UPSERT_LETTER = (
    "insert into bridge_dead_letters values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (digest) do update set"
    " received = excluded.received, times = bridge_dead_letters.times + excluded.times"
)
_COUNT_LETTER = (
    "insert into bridge_dead_letter_counts values ($1, $2) on conflict (reason) do update set"
    " total = bridge_dead_letter_counts.total + excluded.total"
)
_TRIM_LETTERS = (
    "delete from bridge_dead_letters where digest in (select digest from bridge_dead_letters"
    " order by received desc, digest offset $1)"
)
_PURGED_AT_ONCE = 10_000
_COPY_AGAIN_AFTER = 20  # writes by insert after a COPY met a row it had: redeliveries come in runs
_UPGRADE_LOCK = 0x6272_6964_6765  # "bridge"

_REFUSALS = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.CharacterNotInRepertoireError,
    OverflowError,
    UnicodeEncodeError,
)


class PostgresStore(ReadingStore):
    """See ReadingStore. One write at a time, reads from a small pool beside it."""

    def __init__(self, pool: Any, limits: StoreLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._writing = asyncio.Lock()
        self._inserts_left = 0

    @classmethod
    async def connect(cls, url: str, limits: StoreLimits) -> PostgresStore:
        """Raises StoreUnavailable, StoreTooNew."""
        try:
            pool = await asyncpg.create_pool(url, min_size=1, max_size=4, command_timeout=30, timeout=10)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error
        store = cls(pool, limits)
        try:
            async with store._connection() as connection, connection.transaction():
                await _upgrade(connection)
        except BaseException:
            await store.aclose()
            raise
        return store

    async def write(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter] = ()) -> Written:
        rows = [astuple(reading) for reading in readings]
        latest = [(*astuple(reading), cell_of(reading.lat, reading.lon)) for reading in newest_of_each_device(readings)]
        cells = [(*astuple(reading), cell) for cell, reading in newest_of_each_cell(readings)]
        letters = [trimmed(letter, self._limits) for letter in dead_letters]
        async with self._writing, self._connection() as connection, connection.transaction():
            stored = await self._insert(connection, rows) if rows else 0
            if latest:
                await connection.execute(_UPSERT_LATEST, *_columns(latest))
                await connection.execute(_UPSERT_CELL, *_columns(cells))
            if letters:
                counts = Counter[str]()
                for letter in letters:
                    counts[letter.reason] += letter.times
                await connection.executemany(_UPSERT_LETTER, [letter_row(letter) for letter in letters])
                await connection.executemany(_COUNT_LETTER, sorted(counts.items()))
                await connection.execute(_TRIM_LETTERS, self._limits.dead_letters)
        return Written(stored, len(rows) - stored)

    async def _insert(self, connection: Any, rows: list[tuple[Any, ...]]) -> int:
        if self._inserts_left == 0:
            try:
                async with connection.transaction():
                    await connection.copy_records_to_table("bridge_readings", records=rows, columns=_FIELDS)
                return len(rows)
            except asyncpg.UniqueViolationError:
                self._inserts_left = _COPY_AGAIN_AFTER
        self._inserts_left -= 1
        status: str = await connection.execute(_INSERT, *_columns(rows))
        return int(status.rpartition(" ")[2])

    async def latest(
        self, kinds: Iterable[str] | None = None, box: BoundingBox | None = None, limit: int = 1_000
    ) -> list[Reading]:
        limit = max(0, min(limit, FETCH_AT_MOST))
        if box is None:
            return await self._select(
                f"select {', '.join(_FIELDS)} from bridge_latest where $1::text[] is null or kind = any($1)"  # noqa: S608
                " order by at desc, device, kind limit $2",
                None if kinds is None else sorted(set(kinds)),
                limit,
            )
        runs = [(kind, *run) for kind in sorted(set(KINDS if kinds is None else kinds)) for run in runs_of(box)]
        return await self._select(
            "select device, boot, seq, at, received, lat, lon, l.kind, value"
            " from unnest($1::text[], $2::bigint[], $3::bigint[]) as wanted(kind, first, last)"
            " join bridge_latest as l on l.kind = wanted.kind and l.cell between wanted.first and wanted.last"
            " where lat between $4 and $5 and lon between $6 and $7 order by at desc, device, l.kind limit $8",
            *(_columns(runs) if runs else ([], [], [])),
            box.south,
            box.north,
            box.west,
            box.east,
            limit,
        )

    async def _latest_of_cells(
        self, wanted: Sequence[tuple[int, str, int, int]], since_ms: int
    ) -> list[tuple[int, Reading]]:
        async with self._connection() as connection:
            found = await connection.fetch(
                "select device, boot, seq, at, received, lat, lon, l.kind, value, wanted.tag"
                " from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) as wanted(tag, kind, first, last)"
                " join bridge_cells as l on l.kind = wanted.kind and l.cell between wanted.first and wanted.last"
                " where at >= $5 limit $6",
                *_columns(wanted),
                since_ms,
                FETCH_AT_MOST,
            )
        return [(row[9], Reading(*tuple(row)[:9])) for row in found]

    async def history(
        self,
        kind: str,
        where: BoundingBox | str | None,
        start: int,
        end: int,
        limit: int,
        after: Position | None = None,
    ) -> list[Reading]:
        values: list[Any] = [start, end, kind, max(0, min(limit, FETCH_AT_MOST))]
        conditions = ["at >= $1", "at < $2", "kind = $3"]
        if isinstance(where, BoundingBox):
            conditions.append("lat between $5 and $6 and lon between $7 and $8")
            values += [where.south, where.north, where.west, where.east]
        elif where is not None:
            conditions.append("device = $5")
            values.append(where)
        if after is not None:
            first = len(values) + 1
            conditions.append(f"(at, device, boot, seq) > (${first}, ${first + 1}, ${first + 2}, ${first + 3})")
            values += after
        return await self._select(
            f"select {', '.join(_FIELDS)} from bridge_readings where {' and '.join(conditions)}"  # noqa: S608
            " order by at, device, boot, seq limit $4",
            *values,
        )

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        async with self._connection() as connection:
            found = await connection.fetch(
                "select reason, detail, topic, payload, size, received, times from bridge_dead_letters"
                " order by received desc, digest limit $1",
                limit,
            )
        return [DeadLetter(*row) for row in found]

    async def dead_letter_counts(self) -> dict[str, int]:
        async with self._connection() as connection:
            found = await connection.fetch("select reason, total from bridge_dead_letter_counts order by reason")
        return {row[0]: row[1] for row in found}

    async def purge(self, before: int) -> int:
        total, gone = 0, 1
        while gone:
            async with self._writing, self._connection() as connection:
                cut = await connection.fetchval(
                    "select at + 1 from bridge_readings order by at limit 1 offset $1", _PURGED_AT_ONCE
                )
                until = before if cut is None else min(before, cut)
                status: str = await connection.execute("delete from bridge_readings where at < $1", until)
            gone = int(status.rpartition(" ")[2])
            total += gone
        async with self._writing, self._connection() as connection:
            await connection.execute("delete from bridge_latest where at < $1", before)
            await connection.execute("delete from bridge_cells where at < $1", before)
        return total

    async def aclose(self) -> None:
        async with self._writing:
            try:
                await asyncio.wait_for(self._pool.close(), 10)
            except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                self._pool.terminate()

    async def _select(self, sql: str, *values: Any) -> list[Reading]:
        async with self._connection() as connection:
            return [Reading(*row) for row in await connection.fetch(sql, *values)]

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        """A pooled connection; the driver's errors come out as StoreRefused or StoreUnavailable."""
        try:
            async with self._pool.acquire(timeout=10) as connection:
                yield connection
        except _REFUSALS as error:
            raise StoreRefused(f"PostgreSQL: {error}") from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise StoreUnavailable(f"PostgreSQL: {error}") from error


async def _upgrade(connection: Any) -> None:
    await connection.execute("select pg_advisory_xact_lock($1)", _UPGRADE_LOCK)
    await connection.execute("create table if not exists bridge_schema (version integer not null)")
    version = await connection.fetchval("select coalesce(max(version), 0) from bridge_schema")
    if version > len(_VERSIONS):
        raise StoreTooNew(f"the tables are at version {version}, this bridge knows {len(_VERSIONS)}")
    for number, statements in enumerate(_VERSIONS[version:], version + 1):
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("insert into bridge_schema values ($1)", number)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
