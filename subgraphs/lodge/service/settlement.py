"""Work that must come to its end: expired holds are released, payments recorded here are told to the provider."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context
from subgraphs.kit.errors import DomainError
from subgraphs.kit.idempotency import forget_before
from subgraphs.kit.payments import PaymentConflict, PaymentProvider
from subgraphs.kit.time import to_ms
from subgraphs.lodge.models import IDEMPOTENCY, RoomNightRow, StayRow
from subgraphs.lodge.rules.stays import StayState

log = logging.getLogger("subgraphs.lodge")

SWEEP_SECONDS = 5.0
KEYS_KEPT = timedelta(days=7)
_FORGET_EVERY = timedelta(hours=1)
_SWEEP_AT_ONCE = 500
_SETTLE_AT_ONCE = 100


def payments(context: Context) -> PaymentProvider:
    """The payment provider of this process."""
    provider: PaymentProvider = context.services["payments"]
    return provider


async def release(session: AsyncSession, now_ms: int, which: Any) -> None:
    """Free the nights of holds that have run out among ``which`` (a condition on room nights) and end those holds."""
    run_out = select(col(RoomNightRow.stay_id)).where(which, col(RoomNightRow.held_until_ms) <= now_ms).distinct()
    stay_ids = (await session.execute(run_out)).scalars().all()
    if not stay_ids:
        return
    # Locked in one order, so two transactions that release the same holds never wait for each other in a circle.
    ours = select(col(StayRow.id)).where(col(StayRow.id).in_(stay_ids)).order_by(col(StayRow.id)).with_for_update()
    await session.execute(ours)
    ended = (
        update(StayRow)
        .where(col(StayRow.id).in_(stay_ids), col(StayRow.state) == StayState.HELD.value)
        .values(state=StayState.EXPIRED.value)
        .execution_options(synchronize_session=False)
    )
    await session.execute(ended)
    gone = (
        delete(RoomNightRow)
        .where(col(RoomNightRow.stay_id).in_(stay_ids), col(RoomNightRow.held_until_ms) <= now_ms)
        .execution_options(synchronize_session=False)
    )
    await session.execute(gone)


async def settle(context: Context, stay: StayRow) -> bool:
    """Bring the provider's ledger to what the stay says; every step may be repeated.

    False when the provider gave no answer: the stay stays unsettled and the sweeper comes back to it.
    """
    try:
        if stay.payment_id is not None:
            await payments(context).capture(stay.payment_id)
            if stay.refund_krw:
                await payments(context).refund(f"lodge:{stay.id}:cancel", stay.payment_id, stay.refund_krw)
    except DomainError as error:
        log.warning("stay %s is not settled yet: %s", stay.id, error.code)
        return False
    except PaymentConflict:
        log.exception("stay %s and the payment ledger disagree", stay.id)
        return False
    same_state = col(StayRow.state) == stay.state
    settled = update(StayRow).where(col(StayRow.id) == stay.id, same_state).values(unsettled=False)
    async with context.database.write() as session:
        await session.execute(settled)
    return True


async def sweep_once(context: Context) -> tuple[int, int]:
    """Expire holds past their time and repeat payments left undone; returns how many of each."""
    now = to_ms(context.clock())
    due = (
        select(col(StayRow.id))
        .where(col(StayRow.state) == StayState.HELD.value, col(StayRow.pay_by_ms) <= now)
        .limit(_SWEEP_AT_ONCE)
    )
    async with context.database.read() as session:
        due_ids = (await session.execute(due)).scalars().all()
        open_payments = select(StayRow).where(col(StayRow.unsettled).is_(True)).order_by(func.random())
        unsettled = (await session.execute(open_payments.limit(_SETTLE_AT_ONCE))).scalars().all()
    if due_ids:
        async with context.database.write() as session:
            await release(session, now, col(RoomNightRow.stay_id).in_(due_ids))
    settled = [await settle(context, stay) for stay in unsettled]
    return len(due_ids), sum(settled)


async def sweep(context: Context) -> None:
    """Background work: ``sweep_once`` every few seconds until cancelled; old idempotency keys go once an hour."""
    forgotten = None
    while True:
        await sweep_once(context)
        now = context.clock()
        if forgotten is None or now - forgotten >= _FORGET_EVERY:
            async with context.database.write() as session:
                await forget_before(session, IDEMPOTENCY, now - KEYS_KEPT)
            forgotten = now
        await asyncio.sleep(SWEEP_SECONDS)
