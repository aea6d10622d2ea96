"""Work that must come to its end: expired holds are released, payments recorded here are told to the provider."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Context
from subgraphs.kit.payments import PaymentProvider
from subgraphs.kit.time import to_ms
from subgraphs.lodge.models import RoomNightRow, StayRow
from subgraphs.lodge.rules.stays import StayState

SWEEP_SECONDS = 5.0
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


async def settle(context: Context, stay: StayRow) -> None:
    """Bring the provider's ledger to what the stay says; every step may be repeated."""
    if stay.payment_id is not None:
        await payments(context).capture(stay.payment_id)
        if stay.refund_krw:
            await payments(context).refund(f"lodge:{stay.id}:cancel", stay.payment_id, stay.refund_krw)
    settled = (
        update(StayRow).where(col(StayRow.id) == stay.id, col(StayRow.state) == stay.state).values(unsettled=False)
    )
    async with context.database.write() as session:
        await session.execute(settled)


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
        open_payments = select(StayRow).where(col(StayRow.unsettled).is_(True)).limit(_SETTLE_AT_ONCE)
        unsettled = (await session.execute(open_payments)).scalars().all()
    if due_ids:
        async with context.database.write() as session:
            await release(session, now, col(RoomNightRow.stay_id).in_(due_ids))
    for stay in unsettled:
        await settle(context, stay)
    return len(due_ids), len(unsettled)


async def sweep(context: Context) -> None:
    """Background work: ``sweep_once`` every few seconds until cancelled."""
    while True:
        await sweep_once(context)
        await asyncio.sleep(SWEEP_SECONDS)
