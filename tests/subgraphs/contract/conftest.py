"""Every domain of the registry, seeded on a real database, with known entities to ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit import Database, Identity, OpenSubgraph, Point, SimulatedPayments
from subgraphs.kit.idempotency import fingerprint
from subgraphs.rail.models import ReservationRow, TicketRow
from subgraphs.registry import DOMAINS, domain

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EVERYTHING = Identity(
    "citizen-1",
    "app-1",
    frozenset(f"{name}:{verb}" for name in ("rail", "lodge", "sensing") for verb in ("read", "book", "live")),
)

Representation = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """Representations of one entity by one key that exist after the seed, and one of the same form that does not."""

    exists: list[Representation]
    unknown: Representation


def places() -> Known:
    found = [{"id": Point(37.5 + step / 100, 127.0).place_id} for step in range(12)]
    return Known(found, {"id": "not a place"})


async def rail_entities(opened: OpenSubgraph) -> dict[tuple[str, str], Known]:
    model = opened.model
    rides = model.rides("seoul", "busan", date(2026, 11, 26))
    async with opened.database.write() as session:
        reservations = [await stored_reservation(session, number) for number in range(12)]
    return {
        ("Station", "id"): Known([{"id": station} for station in list(model.stations)[:12]], {"id": "atlantis"}),
        ("Station", "korailCode"): Known(
            [{"korailCode": code} for code in list(model.by_korail_code)[:12]], {"korailCode": "9999"}
        ),
        ("TrainRun", "id"): Known([{"id": ride.id} for ride in rides], {"id": "00801.2026-11-26.busan.seoul"}),
        ("Reservation", "id"): Known([{"id": identity} for identity in reservations], {"id": "rsv_none"}),
        ("Place", "id"): places(),
    }


async def stored_reservation(session: AsyncSession, number: int) -> str:
    identity = f"rsv_{fingerprint('contract', number)[:24]}"
    session.add(
        ReservationRow(
            id=identity,
            subject="citizen-1",
            client_id="app-1",
            train_number="00801",
            day=date(2026, 11, 26),
            origin_id="seoul",
            destination_id="gangneung",
            departs_ms=1,
            arrives_ms=2,
            seat_class="STANDARD",
            state="CANCELLED",
            pay_by_ms=1,
            total_krw=31_900,
            created_ms=number,
        )
    )
    await session.flush()
    session.add(TicketRow(reservation_id=identity, position=0, passenger="ADULT", car=1, seat=1, fare_krw=31_900))
    return identity


async def lodge_entities(opened: OpenSubgraph) -> dict[tuple[str, str], Known]:
    model = opened.model
    return {
        ("Lodge", "id"): Known([{"id": lodge} for lodge in list(model.lodges)[:12]], {"id": "ID99999999"}),
        ("Room", "id"): Known([{"id": room} for room in list(model.rooms)[:12]], {"id": "no-room"}),
        ("Place", "id"): places(),
    }


async def sensing_entities(opened: OpenSubgraph) -> dict[tuple[str, str], Known]:
    return {
        ("Region", "code"): Known([{"code": code} for code in list(opened.model.regions)[:12]], {"code": "99999"}),
        ("Place", "id"): places(),
    }


ENTITIES: dict[str, Callable[[OpenSubgraph], Any]] = {
    "rail": rail_entities,
    "lodge": lodge_entities,
    "sensing": sensing_entities,
}


@pytest.fixture(params=[subgraph.name for subgraph in DOMAINS])
def name(request: pytest.FixtureRequest) -> str:
    """Each test runs for each domain of the registry."""
    return str(request.param)


@pytest.fixture
async def opened(name: str, database_url: str) -> AsyncIterator[OpenSubgraph]:
    """The domain, seeded, on SQLite and on PostgreSQL."""
    database = Database(database_url)
    payments = await SimulatedPayments.open(database)
    running = await OpenSubgraph.open(domain(name), database, clock=lambda: NOW, services={"payments": payments})
    yield running
    await running.aclose()
