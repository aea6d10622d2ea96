"""Paying a hold and refunding a ticket, with money and seats kept in step.

The payment provider is another system, so its calls stay outside our transactions. ``settled`` is false from the moment
the sale (or refund) is recorded until the provider has captured (or paid back); the sweeper repeats what is left over.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context, Owner
from subgraphs.kit.errors import DomainError
from subgraphs.kit.idempotency import once, recall
from subgraphs.kit.payments import PaymentProvider
from subgraphs.kit.time import to_ms
from subgraphs.rail.models import IDEMPOTENCY, ReservationRow, SeatLegRow
from subgraphs.rail.rules.refunds import Step, refund_fee, refund_terms
from subgraphs.rail.rules.states import Event, State, next_state, refusal
from subgraphs.rail.service.holds import BOOK, free_legs
from subgraphs.rail.service.reservations import Reservation, Ticket, own_reservation


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What a refund costs at this moment, and until when that holds."""

    step: Step
    until: datetime
    fee_krw: int
    refund_krw: int


async def pay(context: Context, reservation_id: str, token: str, key: str) -> Reservation:
    """Pay a hold; the reservation is ticketed.

    Raises DomainError NOT_FOUND, HOLD_EXPIRED, ALREADY_TICKETED, ALREADY_CLOSED, those of the payment provider
    (PAYMENT_DECLINED leaves the hold as it was) and of ``once``.
    """
    owner, now = context.owner(BOOK), context.clock()
    request = [reservation_id, hashlib.sha256(token.encode()).hexdigest()]
    async with context.database.read() as session:
        repeated = await recall(session, IDEMPOTENCY, owner=owner, key=key, operation="payReservation", request=request)
        reservation = await own_reservation(session, context.model, reservation_id, owner)
    if repeated is not None:
        return await _settle(context, reservation)
    next_state(reservation.state_at(now), Event.PAY)
    payment = await _provider(context).authorise(
        f"rail:{reservation_id}:{secrets.token_hex(8)}",
        token=token,
        amount_krw=reservation.row.total_krw,
        order=reservation_id,
    )
    try:
        async with context.database.write() as session:

            async def perform() -> str:
                await _ticket(session, context, owner, reservation_id, payment.id)
                return reservation_id

            await once(
                session,
                IDEMPOTENCY,
                owner=owner,
                key=key,
                operation="payReservation",
                request=request,
                now=context.clock(),
                perform=perform,
            )
            reservation = await own_reservation(session, context.model, reservation_id, owner)
    except DomainError:
        # Refused and undone, so the authorisation is ours to give up; after a lost connection it is left to lapse.
        await _give_up(context, payment.id)
        raise
    if reservation.row.payment_id != payment.id:
        await _give_up(context, payment.id)
    return await _settle(context, reservation)


async def _give_up(context: Context, payment_id: str) -> None:
    with suppress(DomainError):
        await _provider(context).void(payment_id)


async def _ticket(session: AsyncSession, context: Context, owner: Owner, reservation_id: str, payment_id: str) -> None:
    now = to_ms(context.clock())
    changed = await session.execute(
        update(ReservationRow)
        .where(
            col(ReservationRow.id) == reservation_id,
            col(ReservationRow.state) == State.HELD.value,
            col(ReservationRow.pay_by_ms) > now,
        )
        .values(state=State.TICKETED.value, ticketed_ms=now, payment_id=payment_id, settled=False)
        .returning(col(ReservationRow.id))
    )
    if changed.first() is None:
        rival = await own_reservation(session, context.model, reservation_id, owner)
        raise refusal(rival.state_at(context.clock()), Event.PAY)
    await session.execute(
        update(SeatLegRow).where(col(SeatLegRow.reservation_id) == reservation_id).values(held_until_ms=None)
    )


def quote(reservation: Reservation, now: datetime) -> RefundQuote:
    """The refund at ``now``. Raises DomainError NOT_TICKETED, ALREADY_CLOSED, NO_REFUND_AFTER_ARRIVAL."""
    next_state(reservation.state_at(now), Event.REFUND)
    terms = refund_terms(reservation.departs, reservation.arrives, now)
    fee = fee_of(terms.step, reservation.tickets)
    return RefundQuote(terms.step, terms.until, fee, reservation.row.total_krw - fee)


def fee_of(step: Step, tickets: Sequence[Ticket]) -> int:
    """The fee of a party: each ticket bears its own, with its own minimum."""
    return sum(refund_fee(step, ticket.fare_krw) for ticket in tickets)


async def refund_quote(context: Context, reservation_id: str) -> RefundQuote:
    """What refunding would cost now. Raises as ``quote``, and NOT_FOUND."""
    owner = context.owner(BOOK)
    async with context.database.read() as session:
        reservation = await own_reservation(session, context.model, reservation_id, owner)
    return quote(reservation, context.clock())


async def refund(context: Context, reservation_id: str, key: str) -> Reservation:
    """Give a ticket back; the seats are free at once and the fare less the fee is paid back.

    Raises DomainError NOT_FOUND, NOT_TICKETED, ALREADY_CLOSED, NO_REFUND_AFTER_ARRIVAL, and those of ``once``.
    """
    owner = context.owner(BOOK)
    async with context.database.write() as session:

        async def perform() -> str:
            now = context.clock()
            reservation = await own_reservation(session, context.model, reservation_id, owner)
            offer = quote(reservation, now)
            changed = await session.execute(
                update(ReservationRow)
                .where(col(ReservationRow.id) == reservation_id, col(ReservationRow.state) == State.TICKETED.value)
                .values(state=State.REFUNDED.value, closed_ms=to_ms(now), fee_krw=offer.fee_krw, settled=False)
                .returning(col(ReservationRow.id))
            )
            if changed.first() is None:
                rival = await own_reservation(session, context.model, reservation_id, owner)
                raise refusal(rival.state_at(now), Event.REFUND)
            await free_legs(session, reservation_id)
            return reservation_id

        await once(
            session,
            IDEMPOTENCY,
            owner=owner,
            key=key,
            operation="refundTicket",
            request=[reservation_id],
            now=context.clock(),
            perform=perform,
        )
        reservation = await own_reservation(session, context.model, reservation_id, owner)
    return await _settle(context, reservation)


async def _settle(context: Context, reservation: Reservation) -> Reservation:
    """Carry the money over now; when the provider is away the sweeper does it later, the booking stands."""
    if reservation.row.settled:
        return reservation
    try:
        await settle(context, reservation.row)
    except DomainError:
        return reservation
    async with context.database.read() as session:
        owner = Owner(reservation.row.subject, reservation.row.client_id)
        return await own_reservation(session, context.model, reservation.row.id, owner)


async def settle(context: Context, row: ReservationRow) -> None:
    """Capture or refund what the row says, then mark it settled; repeating it changes nothing."""
    if row.payment_id is None:
        return
    provider = _provider(context)
    await provider.capture(row.payment_id)
    state = State(row.state)
    back = row.total_krw - (row.fee_krw or 0) if state is State.REFUNDED else 0
    if back > 0:
        await provider.refund(f"rail:{row.id}:refund", row.payment_id, back)
    async with context.database.write() as session:
        await session.execute(
            update(ReservationRow)
            # Refunded meanwhile: then there is more to settle, and not by us.
            .where(col(ReservationRow.id) == row.id, col(ReservationRow.state) == row.state)
            .values(settled=True)
        )


async def unsettled(context: Context, limit: int) -> list[ReservationRow]:
    """Reservations whose money still has to move."""
    statement = select(ReservationRow).where(col(ReservationRow.settled).is_(False)).limit(limit)
    async with context.database.read() as session:
        return list((await session.execute(statement)).scalars())


def _provider(context: Context) -> PaymentProvider:
    provider: PaymentProvider = context.services["payments"]
    return provider
