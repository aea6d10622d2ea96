"""Booking: hold, confirm, cancel, look up.

A hold inserts one row a night; the primary key (room, night) decides between rivals, on SQLite and PostgreSQL alike.
Payment follows the order of ``kit.payments``: authorise, record here, capture; the sweeper repeats what a crash left.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context, Owner
from subgraphs.kit.errors import KIT_ERRORS, DomainError
from subgraphs.kit.idempotency import fingerprint, once, recall
from subgraphs.kit.pagination import Page, PageRequest, page_of_rows
from subgraphs.kit.time import from_ms, kst_date, to_ms
from subgraphs.lodge.catalogue import RoomFacts
from subgraphs.lodge.errors import LODGE_ERRORS
from subgraphs.lodge.models import IDEMPOTENCY, RoomNightRow, StayRow
from subgraphs.lodge.rules.calendar import nights_from
from subgraphs.lodge.rules.opening import Gate, NightState
from subgraphs.lodge.rules.prices import price_of_stay
from subgraphs.lodge.rules.stays import (
    MAX_UNITS_PER_NIGHT,
    StayEvent,
    StayState,
    after,
    check_request,
    pay_by,
    state_now,
)
from subgraphs.lodge.service.availability import catalogue
from subgraphs.lodge.service.settlement import payments, release, settle

BOOK_SCOPE = "lodge:book"
MAX_TOKEN = 200
_SLOT_ATTEMPTS = MAX_UNITS_PER_NIGHT + 1
_STAY_ID = re.compile(r"stay_[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a caller asks to hold."""

    room_id: str
    first_night: date
    nights: int
    guests: int

    def values(self) -> dict[str, Any]:
        """As JSON values, for the idempotency fingerprint."""
        return {
            "roomId": self.room_id,
            "night": self.first_night.isoformat(),
            "nights": self.nights,
            "guests": self.guests,
        }


class _SlotTaken(Exception):
    """Another stay of the same person took the slot meanwhile; worth another try."""


async def hold_room(context: Context, request: HoldRequest, idempotency_key: str) -> StayRow:
    """Hold a room until its pay-by time. Exactly one of any number of rivals gets it.

    Raises UNKNOWN_ROOM, NIGHTS_OUT_OF_RANGE, GUESTS_OUT_OF_RANGE, DATE_IN_PAST, CLOSED_DAY, NOT_OPEN_YET,
    PRICE_UNKNOWN, SOLD_OUT, TOO_MANY_UNITS and the kit's errors of owner and idempotency key.
    """
    owner = context.owner(BOOK_SCOPE)
    _room(context, request.room_id)
    perform = partial(_hold, context, owner, request)
    for _ in range(_SLOT_ATTEMPTS):
        try:
            async with context.database.write() as session:
                await context.database.line_up(session, "lodge room", request.room_id)
                stay_id = await _once(context, session, owner, idempotency_key, "holdRoom", request.values(), perform)
                return await _stay_of(session, owner, stay_id)
        except _SlotTaken:
            continue
    raise KIT_ERRORS.error("BUSY")


async def _hold(context: Context, owner: Owner, request: HoldRequest, session: AsyncSession) -> str:
    now = context.clock()
    room = _room(context, request.room_id)
    lodge = catalogue(context).lodges[room.lodge_id]
    check_request(request.nights, request.guests, room.capacity)
    _check_gate(lodge.opening.gate(request.first_night, request.nights, now))
    if room.prices is None:
        raise LODGE_ERRORS.error("PRICE_UNKNOWN")
    nights = list(nights_from(request.first_night, request.nights))
    in_the_way = or_(col(RoomNightRow.room_id) == room.id, col(RoomNightRow.subject) == owner.subject)
    await release(session, to_ms(now), and_(in_the_way, col(RoomNightRow.night).in_(nights)))
    until = pay_by(now, request.first_night, lodge.opening.check_in_until)
    stay = StayRow(
        id=f"stay_{secrets.token_hex(12)}",
        subject=owner.subject,
        client_id=owner.client_id,
        room_id=room.id,
        lodge_id=lodge.id,
        first_night=request.first_night,
        nights=request.nights,
        guests=request.guests,
        amount_krw=price_of_stay(room.prices, lodge.fees.peak, request.first_night, request.nights),
        state=StayState.HELD.value,
        held_ms=to_ms(now),
        pay_by_ms=to_ms(until),
    )
    session.add(stay)
    await session.flush()
    await _take_nights(session, stay, nights)
    return stay.id


def _room(context: Context, room_id: str) -> RoomFacts:
    room = catalogue(context).rooms.get(room_id)
    if room is None:
        raise LODGE_ERRORS.error("UNKNOWN_ROOM")
    return room


async def _take_nights(session: AsyncSession, stay: StayRow, nights: list[date]) -> None:
    used: dict[date, set[int]] = {}
    own = select(col(RoomNightRow.night), col(RoomNightRow.slot)).where(
        col(RoomNightRow.subject) == stay.subject, col(RoomNightRow.night).in_(nights)
    )
    for night, slot in (await session.execute(own)).all():
        used.setdefault(night, set()).add(slot)
    free = {night: min(set(range(1, MAX_UNITS_PER_NIGHT + 1)) - used.get(night, set()), default=0) for night in nights}
    rows = [
        {
            "room_id": stay.room_id,
            "night": night,
            "lodge_id": stay.lodge_id,
            "stay_id": stay.id,
            "subject": stay.subject,
            "slot": free[night],
            "held_until_ms": stay.pay_by_ms,
        }
        for night in nights
    ]
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(RoomNightRow)
    taken = await session.execute(insert.values(rows).on_conflict_do_nothing().returning(col(RoomNightRow.night)))
    if len(taken.all()) == len(nights) and all(free.values()):
        return
    rivals = select(func.count()).where(
        col(RoomNightRow.room_id) == stay.room_id,
        col(RoomNightRow.night).in_(nights),
        col(RoomNightRow.stay_id) != stay.id,
    )
    if (await session.execute(rivals)).scalar_one():
        raise LODGE_ERRORS.error("SOLD_OUT")
    if not all(free.values()):
        raise LODGE_ERRORS.error("TOO_MANY_UNITS", maximum=MAX_UNITS_PER_NIGHT)
    raise _SlotTaken


async def confirm_stay(context: Context, stay_id: str, payment_token: str, idempotency_key: str) -> StayRow:
    """Pay for a held stay.

    Raises NOT_FOUND, HOLD_EXPIRED, STAY_STATE and the kit's errors of payment, owner and idempotency key; after a
    declined payment the hold lives on until its pay-by time.
    """
    owner = context.owner(BOOK_SCOPE)
    provider = payments(context)
    if not (payment_token.isascii() and payment_token.isprintable() and len(payment_token) <= MAX_TOKEN):
        raise KIT_ERRORS.error("PAYMENT_METHOD_UNKNOWN")
    asked = {"stayId": stay_id, "token": fingerprint("token", payment_token)}
    async with context.database.read() as session:
        repeated = await recall(
            session, IDEMPOTENCY, owner=owner, key=idempotency_key, operation="confirmStay", request=asked
        )
        stay = await _stay_of(session, owner, stay_id)
    if repeated is not None:
        return stay
    after(current_state(stay, context.clock()), StayEvent.CONFIRM)
    payment = await provider.authorise(
        f"lodge:{stay_id}:{secrets.token_hex(8)}", token=payment_token, amount_krw=stay.amount_krw, order=stay_id
    )
    perform = partial(_confirm, context, owner, stay_id, payment.id)
    try:
        async with context.database.write() as session:
            await _once(context, session, owner, idempotency_key, "confirmStay", asked, perform)
            stay = await _stay_of(session, owner, stay_id)
    except DomainError:
        # Refused and undone, so the authorisation is ours to give up; after a lost connection it is left to lapse.
        await _give_up(context, payment.id)
        raise
    if stay.payment_id != payment.id:
        await _give_up(context, payment.id)
    if stay.unsettled:
        await settle(context, stay)
    return stay


async def _give_up(context: Context, payment_id: str) -> None:
    with suppress(DomainError):
        await payments(context).void(payment_id)


async def _confirm(context: Context, owner: Owner, stay_id: str, payment_id: str, session: AsyncSession) -> str:
    now = context.clock()
    stay = await _stay_of(session, owner, stay_id, lock=True)
    stay.state = after(current_state(stay, now), StayEvent.CONFIRM).value
    stay.payment_id, stay.confirmed_ms, stay.unsettled = payment_id, to_ms(now), True
    session.add(stay)
    nights = update(RoomNightRow).where(col(RoomNightRow.stay_id) == stay_id).values(held_until_ms=None)
    await session.execute(nights)
    return stay_id


async def cancel_stay(context: Context, stay_id: str, idempotency_key: str) -> StayRow:
    """Give a stay up: a hold costs nothing, a confirmed stay its fee; the rest is refunded.

    Raises NOT_FOUND, HOLD_EXPIRED, STAY_STATE, STAY_BEGUN and the kit's errors of owner and idempotency key.
    """
    owner = context.owner(BOOK_SCOPE)
    perform = partial(_cancel, context, owner, stay_id)
    async with context.database.write() as session:
        await _once(context, session, owner, idempotency_key, "cancelStay", {"stayId": stay_id}, perform)
        stay = await _stay_of(session, owner, stay_id)
    if stay.unsettled:
        await settle(context, stay)
    return stay


async def _cancel(context: Context, owner: Owner, stay_id: str, session: AsyncSession) -> str:
    now = context.clock()
    stay = await _stay_of(session, owner, stay_id, lock=True)
    was = current_state(stay, now)
    stay.state = after(was, StayEvent.CANCEL).value
    stay.cancelled_ms = to_ms(now)
    stay.fee_krw = 0
    if was is StayState.CONFIRMED:
        _, stay.fee_krw, stay.refund_krw = cancellation(context, stay)
        stay.unsettled = True
    session.add(stay)
    await session.execute(delete(RoomNightRow).where(col(RoomNightRow.stay_id) == stay_id))
    return stay_id


def cancellation(context: Context, stay: StayRow) -> tuple[int, int, int]:
    """What cancelling a confirmed stay costs now: (percent, fee, refund) in won. Raises STAY_BEGUN."""
    today = kst_date(context.clock())
    if stay.first_night < today:
        raise LODGE_ERRORS.error("STAY_BEGUN")
    fees = catalogue(context).lodges[stay.lodge_id].fees
    fee = fees.fee_krw(stay.amount_krw, stay.first_night, today)
    return fees.percent(stay.first_night, today), fee, stay.amount_krw - fee


def cancellation_quote(context: Context, stay: StayRow) -> tuple[int, int, int] | None:
    """``cancellation`` where it can still be had, else None."""
    bookable = stay.state == StayState.CONFIRMED.value and stay.first_night >= kst_date(context.clock())
    return cancellation(context, stay) if bookable else None


async def find_stay(context: Context, stay_id: str) -> StayRow | None:
    """The caller's stay; None when there is none of this person by this client."""
    owner = context.owner(BOOK_SCOPE)
    async with context.database.read() as session:
        return await _find(session, owner, stay_id)


async def my_stays(context: Context, request: PageRequest) -> Page[StayRow]:
    """The caller's stays, the latest hold first."""
    owner = context.owner(BOOK_SCOPE)
    statement = select(StayRow).where(*_owned_by(owner))
    count = select(func.count()).select_from(StayRow).where(*_owned_by(owner))
    if request.after is not None:
        held, stay_id = _stay_position(request.after)
        statement = statement.where(
            or_(
                col(StayRow.held_ms) < held,
                and_(col(StayRow.held_ms) == held, col(StayRow.id) > stay_id),
            )
        )
    statement = statement.order_by(col(StayRow.held_ms).desc(), col(StayRow.id)).limit(request.first + 1)
    async with context.database.read() as session:
        rows = (await session.execute(statement)).scalars().all()
        total = (await session.execute(count)).scalar_one()
    return page_of_rows(rows, request, lambda row: (row.held_ms, row.id), total=total)


async def _once(
    context: Context,
    session: AsyncSession,
    owner: Owner,
    key: str,
    operation: str,
    request: Mapping[str, Any],
    perform: Callable[[AsyncSession], Awaitable[str]],
) -> str:
    return await once(
        session,
        IDEMPOTENCY,
        owner=owner,
        key=key,
        operation=operation,
        request=request,
        now=context.clock(),
        perform=partial(perform, session),
    )


async def _stay_of(session: AsyncSession, owner: Owner, stay_id: str, *, lock: bool = False) -> StayRow:
    stay = await _find(session, owner, stay_id, lock=lock)
    if stay is None:
        raise LODGE_ERRORS.error("NOT_FOUND")
    return stay


async def _find(session: AsyncSession, owner: Owner, stay_id: str, *, lock: bool = False) -> StayRow | None:
    if not _STAY_ID.fullmatch(stay_id):
        return None
    statement = select(StayRow).where(col(StayRow.id) == stay_id, *_owned_by(owner))
    if lock:
        statement = statement.with_for_update()
    stay: StayRow | None = (await session.execute(statement)).scalar_one_or_none()
    return stay


def current_state(stay: StayRow, now: datetime) -> StayState:
    """The state as of ``now``; a hold past its time counts as expired before the sweeper has been by."""
    return state_now(StayState(stay.state), from_ms(stay.pay_by_ms), now)


def _owned_by(owner: Owner) -> tuple[Any, Any]:
    return col(StayRow.subject) == owner.subject, col(StayRow.client_id) == owner.client_id


def _check_gate(gate: Gate) -> None:
    night = gate.night.isoformat() if gate.night else None
    if gate.state is NightState.PAST:
        raise LODGE_ERRORS.error("DATE_IN_PAST", night=night)
    if gate.state is NightState.CLOSED_DAY:
        raise LODGE_ERRORS.error("CLOSED_DAY", night=night)
    if gate.state is NightState.NOT_OPEN_YET:
        opens_at = gate.opens_at.isoformat(timespec="minutes") if gate.opens_at else None
        raise LODGE_ERRORS.error("NOT_OPEN_YET", night=night, opensAt=opens_at)


def _stay_position(position: tuple[Any, ...]) -> tuple[int, str]:
    match position:
        case (int(held), str(stay_id)) if 0 <= held < 2**53 and _STAY_ID.fullmatch(stay_id):
            return held, stay_id
        case _:
            raise KIT_ERRORS.error("BAD_CURSOR")
