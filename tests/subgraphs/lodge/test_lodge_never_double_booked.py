"""Whatever people do and in whatever order, no room has two stays for one night."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from subgraphs.kit.context import Identity
from subgraphs.kit.time import from_ms
from subgraphs.lodge.models import RoomNightRow, StayRow
from subgraphs.lodge.rules.calendar import nights_from
from subgraphs.lodge.rules.stays import StayState, state_now
from subgraphs.lodge.service.settlement import sweep_once
from tests.subgraphs.lodge.conftest import Lodges, closed, opened

PEOPLE = [Identity(name, "app", frozenset({"lodge:book"})) for name in ("kim", "lee", "park")]
NIGHTS = ["2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05"]


@dataclass(frozen=True)
class Step:
    """One thing someone does; steps of one round happen at the same time."""

    kind: str
    person: int
    room: int
    night: int
    nights: int


steps = st.builds(
    Step,
    kind=st.sampled_from(["hold", "hold", "hold", "confirm", "cancel", "sweep"]),
    person=st.integers(0, 2),
    room=st.integers(0, 2),
    night=st.integers(0, 3),
    nights=st.integers(1, 3),
)
rounds = st.lists(st.tuples(st.lists(steps, min_size=1, max_size=6), st.sampled_from([0, 5, 21])), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rounds)
def test_no_room_night_is_ever_double_booked(played: list[tuple[list[Step], int]]) -> None:
    asyncio.run(play(played))


async def play(played: list[tuple[list[Step], int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lodges = await opened(f"sqlite+aiosqlite:///{folder}/lodge.db", Path(folder))
        try:
            rooms = [node["id"] for node in (await lodges.free("0111", NIGHTS[0]))["nodes"]][:3]
            held: list[str] = []
            for together, minutes in played:
                answers = await asyncio.gather(*(do(lodges, step, rooms, held) for step in together))
                held += [answer for answer in answers if answer]
                await no_night_is_sold_twice(lodges)
                lodges.moment += timedelta(minutes=minutes)
        finally:
            await closed(lodges)


async def do(lodges: Lodges, step: Step, rooms: list[str], held: list[str]) -> str | None:
    person = PEOPLE[step.person]
    if step.kind == "hold":
        return (await lodges.hold(rooms[step.room], NIGHTS[step.night], step.nights, identity=person)).get("id")
    if step.kind == "sweep":
        await sweep_once(lodges.subgraph.context())
    elif held:
        stay = held[(step.room + step.night) % len(held)]
        await (lodges.confirm if step.kind == "confirm" else lodges.cancel)(stay, identity=person)
    return None


async def no_night_is_sold_twice(lodges: Lodges) -> None:
    async with lodges.subgraph.database.read() as session:
        stays = (await session.execute(select(StayRow))).scalars().all()
        rows = (await session.execute(select(RoomNightRow))).scalars().all()
    alive = [
        stay
        for stay in stays
        if state_now(StayState(stay.state), from_ms(stay.pay_by_ms), lodges.moment)
        in (StayState.HELD, StayState.CONFIRMED)
    ]
    sold = sorted((stay.room_id, night) for stay in alive for night in nights_from(stay.first_night, stay.nights))
    assert all(len(list(same)) == 1 for _, same in groupby(sold)), "two living stays share a room night"
    assert set(sold) <= {(row.room_id, row.night) for row in rows}, "a living stay has lost a night"
