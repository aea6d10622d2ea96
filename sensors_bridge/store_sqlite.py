"""The store on SQLite: WAL, one writer thread, readers beside it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from msgspec.structs import astuple

from sensors_bridge.areas import BoundingBox, cell_of
from sensors_bridge.catalogue import KINDS
from sensors_bridge.readings import Reading
from sensors_bridge.store import (
    FETCH_AT_MOST,
    BadStoreUrl,
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

T = TypeVar("T")

# One tuple of statements a version; a published version is never edited, only followed.
_VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        "create table bridge_readings (device text not null, boot integer not null, seq integer not null,"
        " at integer not null, received integer not null, lat real not null, lon real not null, kind text not null,"
        " value real not null, primary key (at, device, boot, seq, kind)) without rowid",
        "create table bridge_latest (device text not null, boot integer not null, seq integer not null,"
        " at integer not null, received integer not null, lat real not null, lon real not null, kind text not null,"
        " value real not null, cell integer not null, primary key (device, kind)) without rowid",
        "create index bridge_latest_by_cell on bridge_latest (kind, cell)",
        "create table bridge_dead_letters (digest blob primary key, reason text not null, detail text not null,"
        " topic text not null, payload blob not null, size integer not null, received integer not null,"
        " times integer not null)",
        "create index bridge_dead_letters_by_time on bridge_dead_letters (received)",
        "create table bridge_dead_letter_counts (reason text primary key, total integer not null) without rowid",
    ),
    (
        "create table bridge_cells (device text not null, boot integer not null, seq integer not null,"
        " at integer not null, received integer not null, lat real not null, lon real not null, kind text not null,"
        " value real not null, cell integer not null, primary key (kind, cell)) without rowid",
    ),
)

_INSERT = "insert into bridge_readings values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"
_UPSERT_LATEST = (
    "insert into bridge_latest values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (device, kind) do update set"
    " boot = excluded.boot, seq = excluded.seq, at = excluded.at, received = excluded.received, lat = excluded.lat,"
    " lon = excluded.lon, value = excluded.value, cell = excluded.cell"
    " where (excluded.at, excluded.boot, excluded.seq) > (bridge_latest.at, bridge_latest.boot, bridge_latest.seq)"
)
_UPSERT_CELL = (
    "insert into bridge_cells values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (kind, cell) do update set"
    " device = excluded.device, boot = excluded.boot, seq = excluded.seq, at = excluded.at,"
    " received = excluded.received, lat = excluded.lat, lon = excluded.lon, value = excluded.value"
    " where excluded.at > bridge_cells.at"
)
_UPSERT_LETTER = (
    "insert into bridge_dead_letters values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (digest) do update set"
    " received = excluded.received, times = bridge_dead_letters.times + excluded.times"
)
_COUNT_LETTER = (
    "insert into bridge_dead_letter_counts values (?, ?) on conflict (reason) do update set"
    " total = bridge_dead_letter_counts.total + excluded.total"
)
_TRIM_LETTERS = (
    "delete from bridge_dead_letters where digest in (select digest from bridge_dead_letters"
    " order by received desc, digest limit -1 offset ?)"
)
_FIELDS = "device, boot, seq, at, received, lat, lon, kind, value"
_WANTED_FIELDS = "device, boot, seq, at, received, lat, lon, l.kind, value"
_PURGED_AT_ONCE = 10_000


class SqliteStore(ReadingStore):
    """See ReadingStore. Durable against power loss too (synchronous=full); group commit pays for it."""

    def __init__(self, path: Path, limits: StoreLimits) -> None:
        self._path = path
        self._limits = limits
        self._writer_thread = ThreadPoolExecutor(1, "readings-writer")
        self._reader_threads = ThreadPoolExecutor(2, "readings-reader")
        self._writer: sqlite3.Connection | None = None
        self._reader = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._closed = False

    @classmethod
    async def connect(cls, rest: str, limits: StoreLimits) -> SqliteStore:
        """`rest` is what follows `sqlite://` in the URL. Raises BadStoreUrl, StoreUnavailable, StoreTooNew."""
        path = unquote(rest.partition("?")[0])
        if not path.startswith("/") or path in ("/", "/:memory:"):
            raise BadStoreUrl("a SQLite store needs a file: sqlite:///relative.db or sqlite:////absolute.db")
        store = cls(Path(path[1:]), limits)
        try:
            await store._write(_upgrade)
        except BaseException:
            await store.aclose()
            raise
        return store

    async def write(self, readings: Sequence[Reading], dead_letters: Sequence[DeadLetter] = ()) -> Written:
        kept = self._limits.dead_letters

        def insert(connection: sqlite3.Connection) -> Written:
            rows = [astuple(reading) for reading in readings]
            newest = newest_of_each_device(readings)
            latest = [(*astuple(reading), cell_of(reading.lat, reading.lon)) for reading in newest]
            cells = [(*astuple(reading), cell) for cell, reading in newest_of_each_cell(readings)]
            letters = [trimmed(letter, self._limits) for letter in dead_letters]
            before = connection.total_changes
            connection.executemany(_INSERT, rows)
            stored = connection.total_changes - before
            connection.executemany(_UPSERT_LATEST, latest)
            connection.executemany(_UPSERT_CELL, cells)
            if letters:
                connection.executemany(_UPSERT_LETTER, [letter_row(letter) for letter in letters])
                connection.executemany(_COUNT_LETTER, [(letter.reason, letter.times) for letter in letters])
                connection.execute(_TRIM_LETTERS, (kept,))
            return Written(stored, len(rows) - stored)

        return await self._write(insert)

    async def latest(
        self, kinds: Iterable[str] | None = None, box: BoundingBox | None = None, limit: int = 1_000
    ) -> list[Reading]:
        limit = max(0, min(limit, FETCH_AT_MOST))
        if box is None:
            where, values = "", []
            if kinds is not None:
                where, values = "where kind in (select value from json_each(?))", [json.dumps(sorted(set(kinds)))]
            return await self._select(
                f"select {_FIELDS} from bridge_latest {where} order by at desc, device, kind limit ?",  # noqa: S608
                (*values, limit),
            )
        runs = [(kind, *run) for kind in sorted(set(KINDS if kinds is None else kinds)) for run in runs_of(box)]
        return await self._select(
            f"select {_WANTED_FIELDS} from (select json_extract(value, '$[0]') as kind,"  # noqa: S608
            " json_extract(value, '$[1]') as first, json_extract(value, '$[2]') as last from json_each(?)) as wanted"
            " cross join bridge_latest as l on l.kind = wanted.kind and l.cell between wanted.first and wanted.last"
            " where lat between ? and ? and lon between ? and ? order by at desc, device, l.kind limit ?",
            (json.dumps(runs), box.south, box.north, box.west, box.east, limit),
        )

    async def _latest_of_cells(
        self, wanted: Sequence[tuple[int, str, int, int]], since_ms: int
    ) -> list[tuple[int, Reading]]:
        def select(connection: sqlite3.Connection) -> list[tuple[int, Reading]]:
            found = connection.execute(
                f"select {_WANTED_FIELDS}, wanted.tag from (select json_extract(value, '$[0]') as tag,"  # noqa: S608
                " json_extract(value, '$[1]') as kind, json_extract(value, '$[2]') as first,"
                " json_extract(value, '$[3]') as last from json_each(?)) as wanted cross join bridge_cells as l"
                " on l.kind = wanted.kind and l.cell between wanted.first and wanted.last where at >= ? limit ?",
                (json.dumps(wanted), since_ms, FETCH_AT_MOST),
            )
            return [(row[9], Reading(*row[:9])) for row in found]

        return await self._read(select)

    async def history(
        self,
        kind: str,
        where: BoundingBox | str | None,
        start: int,
        end: int,
        limit: int,
        after: Position | None = None,
    ) -> list[Reading]:
        conditions, values = ["at >= ?", "at < ?", "kind = ?"], [start, end, kind]
        if isinstance(where, BoundingBox):
            conditions += ["lat between ? and ?", "lon between ? and ?"]
            values += [where.south, where.north, where.west, where.east]
        elif where is not None:
            conditions.append("device = ?")
            values.append(where)
        if after is not None:
            conditions.append("(at, device, boot, seq) > (?, ?, ?, ?)")
            values += after
        return await self._select(
            f"select {_FIELDS} from bridge_readings where {' and '.join(conditions)}"  # noqa: S608
            " order by at, device, boot, seq limit ?",
            (*values, max(0, min(limit, FETCH_AT_MOST))),
        )

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        def select(connection: sqlite3.Connection) -> list[DeadLetter]:
            found = connection.execute(
                "select reason, detail, topic, payload, size, received, times from bridge_dead_letters"
                " order by received desc, digest limit ?",
                (limit,),
            )
            return [DeadLetter(*row) for row in found]

        return await self._read(select)

    async def dead_letter_counts(self) -> dict[str, int]:
        def select(connection: sqlite3.Connection) -> dict[str, int]:
            return dict(connection.execute("select reason, total from bridge_dead_letter_counts order by reason"))

        return await self._read(select)

    async def purge(self, before: int) -> int:
        def step(connection: sqlite3.Connection) -> int:
            cut = connection.execute(
                "select at + 1 from bridge_readings order by at limit 1 offset ?", (_PURGED_AT_ONCE,)
            ).fetchone()
            until = before if cut is None else min(before, cut[0])
            return connection.execute("delete from bridge_readings where at < ?", (until,)).rowcount

        total = 0
        while gone := await self._write(step):
            total += gone
        for table in ("bridge_latest", "bridge_cells"):
            sql = f"delete from {table} where at < ?"  # noqa: S608
            await self._write(partial(_run, sql, (before,)))
        return total

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._writer_thread.shutdown)
        await asyncio.to_thread(self._reader_threads.shutdown)
        for connection in (*self._readers, self._writer):
            if connection is not None:
                connection.close()

    async def _select(self, sql: str, values: Sequence[Any]) -> list[Reading]:
        return await self._read(lambda connection: [Reading(*row) for row in connection.execute(sql, values)])

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            try:
                connection: sqlite3.Connection | None = getattr(self._reader, "connection", None)
                if connection is None:
                    connection = _connect(self._path)
                    connection.execute("pragma query_only = on")
                    self._reader.connection = connection
                    self._readers.append(connection)
                return work(connection)
            except sqlite3.Error as error:
                raise _translated(error) from error

        return await self._in(self._reader_threads, run)

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            try:
                if self._writer is None:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    self._writer = _connect(self._path)
                connection = self._writer
                connection.execute("begin immediate")
                try:
                    result = work(connection)
                    connection.execute("commit")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("rollback")
                    raise
                return result
            except (sqlite3.Error, OverflowError, UnicodeEncodeError, OSError) as error:
                raise _translated(error) from error

        return await self._in(self._writer_thread, run)

    async def _in(self, threads: ThreadPoolExecutor, run: Callable[[], T]) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(threads, run)


def _run(sql: str, values: Sequence[Any], connection: sqlite3.Connection) -> int:
    return connection.execute(sql, values).rowcount


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    return connection


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.execute("create table if not exists bridge_schema (version integer not null)")
    version = connection.execute("select coalesce(max(version), 0) from bridge_schema").fetchone()[0]
    if version > len(_VERSIONS):
        raise StoreTooNew(f"the tables are at version {version}, this bridge knows {len(_VERSIONS)}")
    for number, statements in enumerate(_VERSIONS[version:], version + 1):
        for statement in statements:
            connection.execute(statement)
        connection.execute("insert into bridge_schema values (?)", (number,))


def _translated(error: Exception) -> Exception:
    if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.InterfaceError):
        return StoreRefused(str(error))
    if isinstance(error, OverflowError | UnicodeEncodeError):
        return StoreRefused(str(error))
    return StoreUnavailable(str(error))
