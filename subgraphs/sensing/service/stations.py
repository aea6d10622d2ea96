"""Rows of fixed stations: history in pages, and the simulated hours written as time goes by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import col

from subgraphs.kit.bulk import store_rows
from subgraphs.kit.context import Context
from subgraphs.kit.database import Database
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.pagination import Page, PageRequest, page_of_rows
from subgraphs.kit.time import from_ms, to_ms
from subgraphs.sensing.models import DailyRow, HourlyRow, StationRow
from subgraphs.sensing.rules.simulated import simulated_hour

HOUR_MS = 3_600_000
KEPT = timedelta(days=7)
"""How long simulated hours stay."""
_FILLED_HOURS = 24
_CHECK_SECONDS = 60.0


async def hourly_page(
    context: Context, station_id: str, period: tuple[int, int], request: PageRequest
) -> Page[HourlyRow]:
    """Hours of a station in [start, end) milliseconds, oldest first."""
    start, end = period
    where = [col(HourlyRow.station_id) == station_id, col(HourlyRow.at_ms) >= start, col(HourlyRow.at_ms) < end]
    count = select(func.count()).select_from(HourlyRow).where(*where)
    statement = select(HourlyRow).where(*where).order_by(col(HourlyRow.at_ms)).limit(request.first + 1)
    if request.after is not None:
        statement = statement.where(col(HourlyRow.at_ms) > _moment_after(request.after))
    async with context.database.read() as session:
        rows = (await session.execute(statement)).scalars().all()
        total = (await session.execute(count)).scalar_one()
    return page_of_rows(rows, request, lambda row: (row.at_ms,), total=total)


async def daily_page(context: Context, station_id: str, start: date, end: date, request: PageRequest) -> Page[DailyRow]:
    """Days of a station from ``start`` to ``end``, both included, oldest first."""
    where = [col(DailyRow.station_id) == station_id, col(DailyRow.day) >= start, col(DailyRow.day) <= end]
    count = select(func.count()).select_from(DailyRow).where(*where)
    statement = select(DailyRow).where(*where).order_by(col(DailyRow.day)).limit(request.first + 1)
    if request.after is not None:
        statement = statement.where(col(DailyRow.day) > _day_after(request.after))
    async with context.database.read() as session:
        rows = (await session.execute(statement)).scalars().all()
        total = (await session.execute(count)).scalar_one()
    return page_of_rows(rows, request, lambda row: (row.day.isoformat(),), total=total)


def _moment_after(position: tuple[Any, ...]) -> int:
    match position:
        case (int(at_ms),) if abs(at_ms) < 2**53:
            return at_ms
        case _:
            raise KIT_ERRORS.error("BAD_CURSOR")


def _day_after(position: tuple[Any, ...]) -> date:
    try:
        (day,) = position
        return date.fromisoformat(day)
    except (TypeError, ValueError) as error:
        raise KIT_ERRORS.error("BAD_CURSOR") from error


async def load_latest(context: Context, station_ids: list[str]) -> list[HourlyRow | None]:
    """The latest hour of each station: a batch loader, one statement a batch."""
    latest = (
        select(col(HourlyRow.station_id), func.max(col(HourlyRow.at_ms)).label("at_ms"))
        .where(col(HourlyRow.station_id).in_(set(station_ids)))
        .group_by(col(HourlyRow.station_id))
        .subquery()
    )
    statement = select(HourlyRow).join(
        latest, (col(HourlyRow.station_id) == latest.c.station_id) & (col(HourlyRow.at_ms) == latest.c.at_ms)
    )
    async with context.database.read() as session:
        rows = {row.station_id: row for row in (await session.execute(statement)).scalars()}
    return [rows.get(station_id) for station_id in station_ids]


async def fill_simulated(database: Database, now: datetime) -> int:
    """Write the simulated hours of the last day that are missing; returns how many were looked at.

    Every station with coordinates has a simulated course. Measured rows are never replaced.
    """
    async with database.read() as session:
        statement = select(col(StationRow.id)).where(col(StationRow.lat).is_not(None))
        station_ids = (await session.execute(statement)).scalars().all()
    rows = list(_simulated_rows(station_ids, to_ms(now)))
    async with database.write() as session:
        await store_rows(session, HourlyRow, rows, replace=False)
        gone = delete(HourlyRow).where(col(HourlyRow.at_ms) < to_ms(now - KEPT), col(HourlyRow.origin) == "SIMULATED")
        await session.execute(gone)
    return len(rows)


def _simulated_rows(station_ids: Iterable[str], now_ms: int) -> Iterable[dict[str, Any]]:
    newest = now_ms - now_ms % HOUR_MS
    for station_id in station_ids:
        for ago in range(_FILLED_HOURS):
            at_ms = newest - ago * HOUR_MS
            values = simulated_hour(station_id, from_ms(at_ms))
            yield {
                "station_id": station_id,
                "at_ms": at_ms,
                "origin": "SIMULATED",
                **{pollutant.value: value for pollutant, value in values.items()},
            }


async def keep_simulated(context: Context) -> None:
    """Background work: write each new hour soon after it begins, until cancelled."""
    written = -1
    while True:
        now = context.clock()
        hour = to_ms(now) // HOUR_MS
        if hour != written:
            await fill_simulated(context.database, now)
            written = hour
        await asyncio.sleep(_CHECK_SECONDS)
