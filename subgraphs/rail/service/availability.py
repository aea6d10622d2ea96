"""Free seats by class, for a whole page of rides in one indexed query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Date, SmallInteger, String, column, func, or_, select, values
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context
from subgraphs.kit.time import to_ms
from subgraphs.rail.models import SeatLegRow
from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.seats import Seat
from subgraphs.rail.timetable import Ride


@dataclass(frozen=True, slots=True)
class ClassAvailability:
    """Seats of one class that are free over the whole ride."""

    seat_class: SeatClass
    total: int
    free: int


async def free_seats(context: Context, rides: Sequence[Ride]) -> list[tuple[ClassAvailability, ...]]:
    """Availability of each ride, in order: a batch loader."""
    asked = (
        values(
            column("asked", SmallInteger),
            column("train_number", String),
            column("day", Date),
            column("first_leg", SmallInteger),
            column("end_leg", SmallInteger),
            name="asked_ride",
        )
        .data([(at, ride.train.number, ride.day, ride.origin, ride.destination) for at, ride in enumerate(rides)])
        .cte("asked_ride")
    )
    leg = col(SeatLegRow.leg)
    statement = (
        select(asked.c.asked, col(SeatLegRow.car), func.count(col(SeatLegRow.seat).distinct()))
        .select_from(asked)
        .join(
            SeatLegRow,
            (col(SeatLegRow.train_number) == asked.c.train_number)
            & (col(SeatLegRow.day) == asked.c.day)
            & (leg >= asked.c.first_leg)
            & (leg < asked.c.end_leg),
        )
        .where(still_taken(to_ms(context.clock())))
        .group_by(asked.c.asked, col(SeatLegRow.car))
    )
    taken: list[dict[SeatClass, int]] = [dict.fromkeys(SeatClass, 0) for _ in rides]
    async with context.database.read() as session:
        for at, car, seats in (await session.execute(statement)).all():
            taken[at][rides[at].train.seat_map.by_number[car].seat_class] += seats
    return [
        tuple(ClassAvailability(kind, total, total - gone[kind]) for kind, total in ride.train.seat_map.totals.items())
        for ride, gone in zip(rides, taken, strict=True)
    ]


def still_taken(now_ms: int) -> ColumnElement[bool]:
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
