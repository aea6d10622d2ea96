"""A busy hour: many people hold, pay, cancel and the sweeper runs, all at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

from subgraphs.kit.context import Identity
from subgraphs.lodge.service.settlement import sweep_once
from tests.subgraphs.lodge.conftest import Lodges
from tests.subgraphs.lodge.test_lodge_never_double_booked import no_night_is_sold_twice

PEOPLE = [Identity(f"person-{number}", "app", frozenset({"lodge:book"})) for number in range(12)]
NIGHTS = ["2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05"]
EXPECTED = {
    "HELD", "CONFIRMED", "CANCELLED", "swept",
    "SOLD_OUT", "TOO_MANY_UNITS", "HOLD_EXPIRED", "STAY_STATE", "NOT_FOUND", "PAYMENT_DECLINED",
}  # fmt: skip


async def test_everyone_gets_an_answer_that_makes_sense_and_no_night_is_sold_twice(lodges: Lodges) -> None:
    chance = random.Random(20261123)
    rooms = [node["id"] for node in (await lodges.free("0111", NIGHTS[0]))["nodes"]][:6]
    stays: list[tuple[str, Identity]] = []
    outcomes: Counter[str] = Counter()

    async def someone_acts() -> str:
        action = chance.random()
        if action < 0.6 or not stays:
            person = chance.choice(PEOPLE)
            made = await lodges.hold(chance.choice(rooms), chance.choice(NIGHTS), chance.randint(1, 3), identity=person)
            if "id" in made:
                stays.append((made["id"], person))
            return str(made.get("code", made.get("state")))
        stay, person = chance.choice(stays)
        if action < 0.75:
            answer = await lodges.confirm(stay, chance.choice(["tok_test_ok", "tok_test_declined"]), identity=person)
        elif action < 0.97:
            answer = await lodges.cancel(stay, identity=person)
        else:
            await sweep_once(lodges.subgraph.context())
            return "swept"
        return str(answer.get("code", answer.get("state")))

    for _ in range(8):
        outcomes.update(await asyncio.gather(*(someone_acts() for _ in range(40))))
        await no_night_is_sold_twice(lodges)
        lodges.moment += timedelta(minutes=chance.choice([1, 8, 21]))

    assert outcomes.keys() <= EXPECTED, outcomes
    assert {"HELD", "CONFIRMED", "CANCELLED", "SOLD_OUT", "HOLD_EXPIRED"} <= outcomes.keys(), outcomes
