"""Random rounds of concurrent holds, payments, cancellations and refunds never put two parties on one seat.

The train is tiny so that nearly everything collides, and the queue that keeps rivals apart is switched off: only
the key of the table stands between two buyers. What was sold is read from the tickets, not from that table.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from subgraphs.kit import Database, OpenSubgraph, SimulatedPayments
from subgraphs.rail.domain import RAIL
from subgraphs.rail.models import IDEMPOTENCY, ReservationRow, SeatLegRow, TicketRow
from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.seats import Car, SeatMap
from subgraphs.rail.rules.states import State
from subgraphs.rail.timetable import Timetable
from tests.subgraphs.rail.conftest import CANCEL, HOLD, PAY, REFUND, Rail

STOPS = ("seoul", "cheongnyangni", "hoengsong", "gangneung")
TINY = SeatMap("tiny", (Car(1, SeatClass.FIRST, 2, 3), Car(2, SeatClass.STANDARD, 3, 4)))


@dataclass(frozen=True)
class Step:
    """One request of a round; ``which`` picks among the reservations known before the round."""

    kind: str
    first: int = 0
    last: int = 1
    seat_class: str = "STANDARD"
    seats: int = 1
    which: int = 0


holds = st.builds(
    lambda ends, kind, seats: Step("hold", min(ends), max(ends), kind, seats),
    st.sets(st.integers(0, 3), min_size=2, max_size=2),
    st.sampled_from(["STANDARD", "STANDARD", "FIRST"]),
    st.integers(1, 2),
)
changes = st.builds(
    lambda kind, which: Step(kind, which=which), st.sampled_from(["pay", "pay", "cancel", "refund"]), st.integers(0, 20)
)
rounds = st.lists(
    st.tuples(st.lists(st.one_of(holds, holds, changes), min_size=1, max_size=10), st.sampled_from([0, 0, 5, 21])),
    min_size=1,
    max_size=5,
)


async def open_tiny(url: str) -> Rail:
    database = Database(url)

    async def no_queue(*_: Any) -> None:
        return None

    database.line_up = no_queue  # type: ignore[method-assign]
    rail = Rail(None, None)  # type: ignore[arg-type]
    rail.payments = await SimulatedPayments.open(database, rail.clock)
    rail.subgraph = await OpenSubgraph.open(RAIL, database, clock=rail.clock, services={"payments": rail.payments})
    model: Timetable = rail.subgraph.model
    train = replace(model.trains["00801"], seat_map=TINY)
    rail.subgraph.model = Timetable(model.stations, {"00801": train}, model.published_fares, model.brands)
    return rail


async def play(rail: Rail, script: list[tuple[list[Step], int]]) -> None:
    """Start over, then play the rounds, each with all its requests at once."""
    async with rail.subgraph.database.write() as session:
        for table in (SeatLegRow, TicketRow, ReservationRow):
            await session.execute(delete(table))
        await session.execute(delete(IDEMPOTENCY))
    rail.set_time("2026-11-24T12:00")
    known: list[str] = []
    for steps, minutes in script:
        outcomes = await asyncio.gather(*(perform(rail, step, known) for step in steps))
        known += [outcome["id"] for outcome in outcomes if isinstance(outcome, dict) and outcome["id"] not in known]
        assert "INTERNAL_SERVER_ERROR" not in outcomes
        await check(rail)
        rail.now += timedelta(minutes=minutes)


async def perform(rail: Rail, step: Step, known: list[str]) -> Any:
    if step.kind == "hold":
        run = f"00801.2026-11-26.{STOPS[step.first]}.{STOPS[step.last]}"
        return await rail.change(HOLD, runId=run, passengers=["ADULT"] * step.seats, **{"class": step.seat_class})
    if not known:
        return None
    reservation = known[step.which % len(known)]
    if step.kind == "pay":
        return await rail.change(PAY, reservationId=reservation, paymentToken="tok_test_ok")
    return await rail.change(CANCEL if step.kind == "cancel" else REFUND, reservationId=reservation)


async def check(rail: Rail) -> None:
    """Every seat leg of a live ticket is sold once, and the table with the key holds exactly these."""
    positions = rail.subgraph.model.trains["00801"].positions
    async with rail.subgraph.database.read() as session:
        sold = (
            await session.execute(
                select(ReservationRow, TicketRow).join(TicketRow, TicketRow.reservation_id == ReservationRow.id)
            )
        ).all()
        legs = (await session.execute(select(SeatLegRow))).scalars().all()
    now_ms = rail.now.timestamp() * 1000
    live: list[tuple[int | None, int | None, int]] = []
    for reservation, ticket in sold:
        held = reservation.state == State.HELD.value and reservation.pay_by_ms > now_ms
        if held or reservation.state == State.TICKETED.value:
            way = range(positions[reservation.origin_id], positions[reservation.destination_id])
            live += [(ticket.car, ticket.seat, leg) for leg in way]
    assert len(live) == len(set(live)), "a seat leg was sold twice"
    kept = {(row.car, row.seat, row.leg) for row in legs if row.held_until_ms is None or row.held_until_ms > now_ms}
    assert kept == set(live)


@pytest.fixture
def tiny(database_url: str) -> Any:
    with asyncio.Runner() as runner:
        rail = runner.run(open_tiny(database_url))
        yield runner, rail
        runner.run(rail.subgraph.aclose())


# An interleaving cannot be repeated at will, so there is nothing to shrink.
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(script=rounds)
def test_no_seat_leg_is_ever_sold_twice(
    tiny: tuple[asyncio.Runner, Rail], script: list[tuple[list[Step], int]]
) -> None:
    runner, rail = tiny
    runner.run(play(rail, script))
