"""Holding seats, cancelling a hold, and letting holds lapse."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context, Owner
from subgraphs.kit.database import lost_a_race
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.idempotency import once
from subgraphs.kit.time import to_ms
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.models import IDEMPOTENCY, ReservationRow, SeatLegRow, TicketRow
from subgraphs.rail.rules.fares import SeatClass, fare
from subgraphs.rail.rules.passengers import Passenger, check_party, seated
from subgraphs.rail.rules.seats import Preference, Seat, choose_seats
from subgraphs.rail.rules.states import Event, State, refusal
from subgraphs.rail.rules.window import check_day, check_hold_time, pay_by
from subgraphs.rail.service.availability import taken_seats
from subgraphs.rail.service.reservations import Reservation, own_reservation, read_reservation
from subgraphs.rail.timetable import Ride, Timetable

BOOK = "rail:book"
_ATTEMPTS = 5
_RELEASED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a citizen asks to hold. Origin and destination default to those of the run id."""

    run_id: str
    seat_class: SeatClass
    party: tuple[Passenger, ...]
    preference: Preference
    idempotency_key: str
    origin_id: str | None = None
    destination_id: str | None = None

    def content(self) -> dict[str, Any]:
        """What must be equal when the key is used again."""
        return {
            "run": self.run_id,
            "class": self.seat_class.value,
            "party": [passenger.value for passenger in self.party],
            "preference": self.preference.value,
            "between": [self.origin_id, self.destination_id],
        }


async def hold_seats(context: Context, request: HoldRequest) -> Reservation:
    """Hold seats for a party until the pay-by time.

    Raises DomainError UNKNOWN_RUN, UNKNOWN_STATION, SAME_STATION, DATE_IN_PAST, BEYOND_BOOKING_HORIZON,
    TOO_LATE_TO_HOLD, BAD_PASSENGERS, TOO_MANY_INFANTS, SOLD_OUT, and those of ``once``.
    """
    owner = context.owner(BOOK)
    ride = requested_ride(context.model, request)
    for _ in range(_ATTEMPTS):
        try:
            return await _hold(context, owner, ride, request)
        except DBAPIError as error:
            # A seat that looked free was sold by a writer that did not line up, and the key of the table refused the
            # second sale: look again.
            if not lost_a_race(error):
                raise
            conflict = error
    raise KIT_ERRORS.error("BUSY") from conflict


async def _hold(context: Context, owner: Owner, ride: Ride, request: HoldRequest) -> Reservation:
    async with context.database.write() as session:
        now = context.clock()

        async def perform() -> str:
            # Checked inside, so that a retry after departure still gets its first answer.
            policy = ride.train.branding(ride.day).operator.policy
            check_day(ride.day, now)
            check_hold_time(ride.departs, now, policy)
            check_party(request.party, policy.max_passengers)
            return await _store_hold(context, session, owner, ride, request, now)

        reservation_id = await once(
            session,
            IDEMPOTENCY,
            owner=owner,
            key=request.idempotency_key,
            operation="holdSeat",
            request=request.content(),
            now=now,
            perform=perform,
        )
        return await read_reservation(session, context.model, reservation_id)


def requested_ride(timetable: Timetable, request: HoldRequest) -> Ride:
    """The ride of a request. Raises DomainError UNKNOWN_RUN, UNKNOWN_STATION, SAME_STATION."""
    ride = timetable.read_ride_id(request.run_id)
    if ride is None:
        raise ERRORS.error("UNKNOWN_RUN", runId=request.run_id[:100])
    stops = ride.train.stops
    origin = timetable.station(request.origin_id or stops[ride.origin].station.id)
    destination = timetable.station(request.destination_id or stops[ride.destination].station.id)
    if origin.id == destination.id:
        raise ERRORS.error("SAME_STATION")
    wanted = timetable.ride(ride.train.number, ride.day, origin.id, destination.id)
    if wanted is None:
        raise ERRORS.error("UNKNOWN_RUN", runId=request.run_id[:100])
    return wanted


async def _store_hold(
    context: Context, session: AsyncSession, owner: Owner, ride: Ride, request: HoldRequest, now: datetime
) -> str:
    await context.database.line_up(session, "rail", ride.train.number, ride.day.isoformat())
    await release_expired(session, now, train_number=ride.train.number, day=ride.day)
    seats = choose_seats(
        ride.train.seat_map,
        await taken_seats(session, ride, to_ms(now)),
        request.seat_class,
        len(seated(request.party)),
        request.preference,
    )
    if seats is None:
        raise ERRORS.error("SOLD_OUT")
    limit = to_ms(pay_by(ride.departs, now, ride.train.branding(ride.day).operator.policy))
    reservation = _reservation_row(context.model, owner, ride, request, now, limit)
    session.add(reservation)
    await session.flush()
    session.add_all(_tickets(context.model, ride, request, seats, reservation.id))
    session.add_all(
        SeatLegRow(
            train_number=ride.train.number,
            day=ride.day,
            car=seat.car,
            seat=seat.number,
            leg=leg,
            reservation_id=reservation.id,
            held_until_ms=limit,
        )
        for seat in sorted(seats)
        for leg in ride.legs
    )
    await session.flush()
    return reservation.id


def _reservation_row(
    timetable: Timetable, owner: Owner, ride: Ride, request: HoldRequest, now: datetime, limit: int
) -> ReservationRow:
    adult = timetable.tariff(ride).of(request.seat_class)
    return ReservationRow(
        id=f"rsv_{secrets.token_hex(12)}",
        subject=owner.subject,
        client_id=owner.client_id,
        train_number=ride.train.number,
        day=ride.day,
        origin_id=ride.train.stops[ride.origin].station.id,
        destination_id=ride.train.stops[ride.destination].station.id,
        departs_ms=to_ms(ride.departs),
        arrives_ms=to_ms(ride.arrives),
        seat_class=request.seat_class.value,
        state=State.HELD.value,
        pay_by_ms=limit,
        total_krw=sum(fare(adult, passenger, ride.day) for passenger in request.party),
        created_ms=to_ms(now),
    )


def _tickets(
    timetable: Timetable, ride: Ride, request: HoldRequest, seats: Sequence[Seat], reservation_id: str
) -> list[TicketRow]:
    adult = timetable.tariff(ride).of(request.seat_class)
    remaining = iter(seats)
    tickets = []
    for position, passenger in enumerate(request.party):
        seat = None if passenger is Passenger.INFANT_ON_LAP else next(remaining)
        tickets.append(
            TicketRow(
                reservation_id=reservation_id,
                position=position,
                passenger=passenger.value,
                car=seat.car if seat else None,
                seat=seat.number if seat else None,
                fare_krw=fare(adult, passenger, ride.day),
            )
        )
    return tickets


async def cancel_hold(context: Context, reservation_id: str) -> Reservation:
    """Give a hold up, free of charge; cancelling again answers the same.

    Raises DomainError NOT_FOUND, HOLD_EXPIRED, ALREADY_TICKETED, ALREADY_CLOSED.
    """
    owner, now = context.owner(BOOK), context.clock()
    async with context.database.write() as session:
        changed = await session.execute(
            update(ReservationRow)
            .where(
                col(ReservationRow.id) == reservation_id,
                col(ReservationRow.subject) == owner.subject,
                col(ReservationRow.client_id) == owner.client_id,
                col(ReservationRow.state) == State.HELD.value,
                col(ReservationRow.pay_by_ms) > to_ms(now),
            )
            .values(state=State.CANCELLED.value, closed_ms=to_ms(now))
            .returning(col(ReservationRow.id))
        )
        if changed.first() is not None:
            await free_legs(session, reservation_id)
        reservation = await own_reservation(session, context.model, reservation_id, owner)
        state = reservation.state_at(now)
        if state is not State.CANCELLED:
            raise refusal(state, Event.CANCEL)
        return reservation


async def free_legs(session: AsyncSession, reservation_id: str) -> None:
    """Let the seats of a reservation go."""
    await session.execute(delete(SeatLegRow).where(col(SeatLegRow.reservation_id) == reservation_id))


async def release_expired(
    session: AsyncSession, now: datetime, *, train_number: str | None = None, day: date | None = None
) -> int:
    """End the holds whose pay-by time has passed, of one run or of all, and free their seats; how many there were.

    Rows that another transaction has locked (a payment under way, another sweeper) are left to it.
    """
    overdue = select(col(ReservationRow.id)).where(
        col(ReservationRow.state) == State.HELD.value, col(ReservationRow.pay_by_ms) <= to_ms(now)
    )
    if train_number is not None:
        overdue = overdue.where(col(ReservationRow.train_number) == train_number, col(ReservationRow.day) == day)
    locked = await session.execute(overdue.limit(_RELEASED_AT_ONCE).with_for_update(skip_locked=True))
    ids = list(locked.scalars())
    if ids:
        await session.execute(
            update(ReservationRow)
            .where(col(ReservationRow.id).in_(ids))
            .values(state=State.EXPIRED.value, closed_ms=to_ms(now))
        )
        await session.execute(delete(SeatLegRow).where(col(SeatLegRow.reservation_id).in_(ids)))
    return len(ids)


async def has_overdue(session: AsyncSession, now: datetime) -> bool:
    """Whether any hold waits to be released; asked before a write is opened for it."""
    overdue = select(
        exists().where(col(ReservationRow.state) == State.HELD.value, col(ReservationRow.pay_by_ms) <= to_ms(now))
    )
    return bool((await session.execute(overdue)).scalar())
