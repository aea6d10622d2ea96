"""Reading reservations: one by id, or an owner's, newest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context, Owner
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.pagination import Page, PageRequest, page_of_rows
from subgraphs.kit.time import from_ms, to_ms
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.models import ReservationRow, TicketRow
from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.passengers import Passenger
from subgraphs.rail.rules.seats import Seat
from subgraphs.rail.rules.states import State
from subgraphs.rail.timetable import Ride, Timetable


@dataclass(frozen=True, slots=True)
class Ticket:
    """One passenger's part of a reservation."""

    passenger: Passenger
    seat: Seat | None
    fare_krw: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation as stored, with its ride found in the timetable (None when the train was withdrawn since)."""

    row: ReservationRow
    ride: Ride | None
    tickets: tuple[Ticket, ...]

    def state_at(self, now: datetime) -> State:
        """The state at ``now``: what the sweeper has not written yet is already so."""
        state = State(self.row.state)
        if state is State.HELD and self.row.pay_by_ms <= to_ms(now):
            return State.EXPIRED
        if state is State.TICKETED and self.row.arrives_ms <= to_ms(now):
            return State.COMPLETED
        return state

    @property
    def departs(self) -> datetime:
        """Departure from the ticketed origin, as sold."""
        return from_ms(self.row.departs_ms)

    @property
    def arrives(self) -> datetime:
        """Arrival at the ticketed destination, as sold."""
        return from_ms(self.row.arrives_ms)

    @property
    def seat_class(self) -> SeatClass:
        """The class of its seats."""
        return SeatClass(self.row.seat_class)


async def read_reservation(session: AsyncSession, timetable: Timetable, reservation_id: str) -> Reservation:
    """The reservation of an id. Raises DomainError NOT_FOUND."""
    found = await _read(session, timetable, select(ReservationRow).where(col(ReservationRow.id) == reservation_id))
    if not found:
        raise ERRORS.error("NOT_FOUND")
    return found[0]


async def own_reservation(
    session: AsyncSession, timetable: Timetable, reservation_id: str, owner: Owner
) -> Reservation:
    """As ``read_reservation``, and NOT_FOUND for another owner's: whether the id exists is nobody else's business."""
    reservation = await read_reservation(session, timetable, reservation_id)
    if (reservation.row.subject, reservation.row.client_id) != (owner.subject, owner.client_id):
        raise ERRORS.error("NOT_FOUND")
    return reservation


async def own_reservations(context: Context, request: PageRequest) -> Page[Reservation]:
    """The caller's reservations, newest first."""
    owner = context.owner("rail:book")
    mine = (col(ReservationRow.subject) == owner.subject, col(ReservationRow.client_id) == owner.client_id)
    created, identity = col(ReservationRow.created_ms), col(ReservationRow.id)
    statement = select(ReservationRow).where(*mine).order_by(created.desc(), identity.desc())
    if request.after is not None:
        statement = statement.where(tuple_(created, identity) < tuple_(*before_position(request.after)))
    async with context.database.read() as session:
        found = await _read(session, context.model, statement.limit(request.first + 1))
        total = (await session.execute(select(func.count()).select_from(ReservationRow).where(*mine))).scalar_one()
    return page_of_rows(found, request, lambda item: (item.row.created_ms, item.row.id), total=total)


def before_position(after: tuple[str | int | float, ...]) -> tuple[int, str]:
    """The (moment, id) of a cursor. Raises DomainError BAD_CURSOR."""
    match after:
        case (int() as moment, str() as identity) if abs(moment) < 2**63:
            return moment, identity
    raise KIT_ERRORS.error("BAD_CURSOR")


async def reservations_by_id(context: Context, ids: Sequence[str]) -> list[Reservation | None]:
    """Reservations in the order of ``ids``, None for those unknown or another owner's: a batch loader."""
    owner = context.owner("rail:book")
    statement = select(ReservationRow).where(
        col(ReservationRow.id).in_(ids),
        col(ReservationRow.subject) == owner.subject,
        col(ReservationRow.client_id) == owner.client_id,
    )
    async with context.database.read() as session:
        found = {item.row.id: item for item in await _read(session, context.model, statement)}
    return [found.get(identity) for identity in ids]


async def _read(session: AsyncSession, timetable: Timetable, chosen: Select[ReservationRow]) -> list[Reservation]:
    """The chosen reservations with their tickets in one query, newest first."""
    reservation = aliased(ReservationRow, chosen.subquery())
    statement = (
        select(reservation, TicketRow)
        .join(TicketRow, col(TicketRow.reservation_id) == reservation.id)
        .order_by(col(reservation.created_ms).desc(), col(reservation.id).desc(), col(TicketRow.position))
    )
    rows: dict[str, ReservationRow] = {}
    tickets: dict[str, list[Ticket]] = defaultdict(list)
    # The session may hold these rows from before an UPDATE of this transaction.
    for row, ticket in (await session.execute(statement, execution_options={"populate_existing": True})).all():
        rows[row.id] = row
        seat = None if ticket.car is None or ticket.seat is None else Seat(ticket.car, ticket.seat)
        tickets[row.id].append(Ticket(Passenger(ticket.passenger), seat, ticket.fare_krw))
    return [
        Reservation(
            row, timetable.ride(row.train_number, row.day, row.origin_id, row.destination_id), tuple(tickets[row.id])
        )
        for row in rows.values()
    ]
