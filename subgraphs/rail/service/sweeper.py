"""Background work of rail: release lapsed holds, move unsettled money, complete arrived tickets, forget old keys."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col

from subgraphs.kit.context import Context
from subgraphs.kit.errors import DomainError
from subgraphs.kit.idempotency import forget_before
from subgraphs.kit.payments import PaymentConflict
from subgraphs.kit.time import to_ms
from subgraphs.rail.models import IDEMPOTENCY, ReservationRow
from subgraphs.rail.rules.states import State
from subgraphs.rail.service.holds import has_overdue, release_expired
from subgraphs.rail.service.tickets import settle, unsettled

log = logging.getLogger("subgraphs.rail")

EVERY_SECONDS = 10.0
KEYS_KEPT = timedelta(days=2)
_BATCH = 100


async def sweep(context: Context) -> None:
    """Run until cancelled."""
    while True:
        await sweep_once(context)
        await asyncio.sleep(EVERY_SECONDS)


async def sweep_once(context: Context) -> None:
    """One round; safe beside requests and beside other processes sweeping too."""
    now = context.clock()
    async with context.database.read() as session:
        overdue = await has_overdue(session, now)
    if overdue:
        async with context.database.write() as session:
            await release_expired(session, now)
    for row in await unsettled(context, _BATCH):
        try:
            await settle(context, row)
        except PaymentConflict:
            log.exception("the ledger refuses to settle %s", row.id)
        except DomainError:
            break
    async with context.database.write() as session:
        await session.execute(
            update(ReservationRow)
            .where(
                col(ReservationRow.state) == State.TICKETED.value,
                col(ReservationRow.arrives_ms) <= to_ms(now),
                col(ReservationRow.settled).is_(True),
            )
            .values(state=State.COMPLETED.value)
        )
        await forget_before(session, IDEMPOTENCY, now - KEYS_KEPT)
