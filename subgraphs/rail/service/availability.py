"""Free seats by class, for a whole page of rides in one indexed query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import BindParameter, Executable, bindparam, func, literal_column, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context
from subgraphs.kit.time import to_ms
from subgraphs.rail.models import SeatLegRow
from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.seats import Seat
from subgraphs.rail.timetable import Ride

_ARMS_AT_ONCE = 100
"""SQLite joins at most 500 selects; a page of a search needs one."""


@dataclass(frozen=True, slots=True)
class ClassAvailability:
    """Seats of one class that are free over the whole ride."""

    seat_class: SeatClass
    total: int
    free: int


async def free_seats(context: Context, rides: Sequence[Ride]) -> list[tuple[ClassAvailability, ...]]:
    """Availability of each ride, in order: a batch loader.

    Rides of one day over the same legs (a page of a search) are one arm of the query, on a prefix of the table's key.
    """
    arms: dict[tuple[date, int, int], list[int]] = {}
    for at, ride in enumerate(rides):
        arms.setdefault((ride.day, ride.origin, ride.destination), []).append(at)
    taken: list[dict[SeatClass, int]] = [dict.fromkeys(SeatClass, 0) for _ in rides]
    async with context.database.read_connection() as connection:
        groups = list(arms.items())
        for start in range(0, len(groups), _ARMS_AT_ONCE):
            some = groups[start : start + _ARMS_AT_ONCE]
            parameters: dict[str, object] = {"now": to_ms(context.clock())}
            for arm, ((day, first, end), places) in enumerate(some):
                trains = [rides[at].train.number for at in places]
                parameters |= {f"day{arm}": day, f"first{arm}": first, f"end{arm}": end, f"trains{arm}": trains}
            for arm, number, car, seats in (await connection.execute(_statement(len(some)), parameters)).all():
                for at in some[arm][1]:
                    train = rides[at].train
                    if train.number == number:
                        taken[at][train.seat_map.by_number[car].seat_class] += seats
    return [
        tuple(ClassAvailability(kind, total, total - gone[kind]) for kind, total in ride.train.seat_map.totals.items())
        for ride, gone in zip(rides, taken, strict=True)
    ]


@lru_cache(maxsize=_ARMS_AT_ONCE)
def _statement(arms: int) -> Executable:
    """Taken seats by arm, train and car; made once for a number of arms, so that its compilation is found again."""
    return union_all(
        *(
            select(
                literal_column(str(arm)).label("arm"),
                col(SeatLegRow.train_number),
                col(SeatLegRow.car),
                func.count(col(SeatLegRow.seat).distinct()).label("seats"),
            )
            .where(
                col(SeatLegRow.train_number).in_(bindparam(f"trains{arm}", expanding=True)),
                col(SeatLegRow.day) == bindparam(f"day{arm}"),
                col(SeatLegRow.leg) >= bindparam(f"first{arm}"),
                col(SeatLegRow.leg) < bindparam(f"end{arm}"),
                still_taken(bindparam("now")),
            )
            .group_by(col(SeatLegRow.train_number), col(SeatLegRow.car))
            for arm in range(arms)
        )
    )


def still_taken(now_ms: int | BindParameter[int]) -> ColumnElement[bool]:
    """Whether a seat leg counts: ticketed, or held and not expired."""
    until = col(SeatLegRow.held_until_ms)
    return or_(until.is_(None), until > now_ms)


async def taken_seats(session: AsyncSession, ride: Ride, now_ms: int) -> frozenset[Seat]:
    """Seats of a run that are not free over the whole ride."""
    statement = (
        select(col(SeatLegRow.car), col(SeatLegRow.seat))
        .where(
            col(SeatLegRow.train_number) == ride.train.number,
            col(SeatLegRow.day) == ride.day,
            col(SeatLegRow.leg) >= ride.origin,
            col(SeatLegRow.leg) < ride.destination,
            still_taken(now_ms),
        )
        .distinct()
    )
    return frozenset(Seat(car, seat) for car, seat in (await session.execute(statement)).all())
