"""Rail on a real database, with a clock the test sets and the simulated payment provider beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from subgraphs.kit import KST, Database, Identity, OpenSubgraph, SimulatedPayments
from subgraphs.rail.domain import RAIL
from subgraphs.rail.models import SeatLegRow

HOLD = """mutation Hold($input: HoldSeatInput!) { holdSeat(input: $input) {
  id state payBy totalKrw class tickets { passenger car seat fareKrw } run { id } } }"""
PAY = "mutation Pay($input: PayReservationInput!) { payReservation(input: $input) { id state } }"
REFUND = "mutation Refund($input: RefundTicketInput!) { refundTicket(input: $input) { id state feeKrw refundKrw } }"
CANCEL = "mutation Cancel($input: CancelHoldInput!) { cancelHold(input: $input) { id state } }"

BOTH_SCOPES = frozenset({"rail:read", "rail:book"})
CITIZEN = Identity("citizen-1", "app-1", BOTH_SCOPES)
SAME_CITIZEN_OTHER_APP = Identity("citizen-1", "app-2", BOTH_SCOPES)
OTHER_CITIZEN = Identity("citizen-2", "app-1", BOTH_SCOPES)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The SQL statements a database runs inside the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engines = (database.reader.sync_engine, database.writer.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


@dataclass
class Rail:
    """The domain under test."""

    subgraph: OpenSubgraph
    payments: SimulatedPayments
    now: datetime = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    keys: int = field(default=0)

    def clock(self) -> datetime:
        return self.now

    def set_time(self, korean: str) -> None:
        self.now = datetime.fromisoformat(korean).replace(tzinfo=KST)

    def pass_time(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def key(self) -> str:
        self.keys += 1
        return f"test-key-{self.keys:06d}"

    async def ask(self, query: str, identity: Identity = CITIZEN, **variables: Any) -> dict[str, Any]:
        return await self.subgraph.execute(query, variables, None, identity)

    async def change(self, query: str, identity: Identity = CITIZEN, **input: Any) -> Any:
        """The one field of a mutation, or the code of its error."""
        if query is not CANCEL:
            input.setdefault("idempotencyKey", self.key())
        answer = await self.ask(query, identity, input=input)
        if "errors" in answer:
            (error,) = answer["errors"]
            return error["extensions"]["code"]
        (value,) = answer["data"].values()
        return value

    async def hold(self, run_id: str, passengers: tuple[str, ...] = ("ADULT",), **options: Any) -> Any:
        return await self.change(HOLD, runId=run_id, passengers=list(passengers), **options)

    async def ticket(self, run_id: str, passengers: tuple[str, ...] = ("ADULT",), **options: Any) -> str:
        """Hold and pay; the id of the reservation."""
        held = await self.hold(run_id, passengers, **options)
        paid = await self.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok")
        assert paid["state"] == "TICKETED"
        return str(held["id"])

    async def free(self, run_id: str, seat_class: str = "STANDARD") -> int:
        answer = await self.ask("query($id: ID!) { trainRun(id: $id) { seats { class available } } }", id=run_id)
        return {seats["class"]: seats["available"] for seats in answer["data"]["trainRun"]["seats"]}[seat_class]

    async def taken_legs(self) -> int:
        async with self.subgraph.database.read() as session:
            return (await session.execute(select(func.count()).select_from(SeatLegRow))).scalar_one()


@pytest.fixture
async def rail(database_url: str) -> AsyncIterator[Rail]:
    """Seeded rail on SQLite and on PostgreSQL; it is Tuesday 24 November 2026, noon."""
    async with running_rail(database_url) as running:
        yield running


@pytest.fixture
async def sqlite_rail(sqlite_url: str) -> AsyncIterator[Rail]:
    """The same on SQLite alone, for what no database decides."""
    async with running_rail(sqlite_url) as running:
        yield running


@asynccontextmanager
async def running_rail(url: str) -> AsyncIterator[Rail]:
    database = Database(url)
    running = Rail(None, None)  # type: ignore[arg-type]
    running.payments = await SimulatedPayments.open(database, running.clock)
    running.subgraph = await OpenSubgraph.open(
        RAIL, database, clock=running.clock, services={"payments": running.payments}
    )
    yield running
    await running.subgraph.aclose()


@pytest.fixture
def count_statements() -> Any:
    """A context manager: the SQL statements a database runs inside it."""
    return counted
