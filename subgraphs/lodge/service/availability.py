"""What is free, and what was seen vacant: the reading statements, one a batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import bindparam, func, or_, select, tuple_
from sqlmodel import col

from subgraphs.kit.context import Context
from subgraphs.kit.time import to_ms
from subgraphs.lodge.catalogue import Catalogue, LodgeFacts, RoomFacts
from subgraphs.lodge.models import RoomNightRow, VacancyRow
from subgraphs.lodge.rules.opening import Gate, NightState
from subgraphs.lodge.rules.stays import check_request


def catalogue(context: Context) -> Catalogue:
    """The read model of this request."""
    model: Catalogue = context.model
    return model


_TAKEN = select(col(RoomNightRow.lodge_id), col(RoomNightRow.room_id)).where(
    col(RoomNightRow.lodge_id).in_(bindparam("lodges", expanding=True)),
    col(RoomNightRow.night) >= bindparam("first"),
    col(RoomNightRow.night) < bindparam("end"),
    or_(col(RoomNightRow.held_until_ms).is_(None), col(RoomNightRow.held_until_ms) > bindparam("now")),
)
"""Made once: to make it costs more than to run it."""


async def load_taken(
    context: Context, lodge_ids: Sequence[str], first_night: date, nights: int
) -> list[frozenset[str]]:
    """For each lodge, the rooms taken on one of the nights: a batch loader, one statement a batch."""
    parameters = {
        "lodges": list(set(lodge_ids)),
        "first": first_night,
        "end": first_night + timedelta(days=nights),
        "now": to_ms(context.clock()),
    }
    async with context.database.read_connection() as connection:
        rows = (await connection.execute(_TAKEN, parameters)).all()
    taken: dict[str, set[str]] = {}
    for lodge_id, room_id in rows:
        taken.setdefault(lodge_id, set()).add(room_id)
    return [frozenset(taken.get(lodge_id, ())) for lodge_id in lodge_ids]


async def free_rooms(
    context: Context, lodge: LodgeFacts, first_night: date, nights: int, guests: int
) -> tuple[Gate, list[RoomFacts]]:
    """Whether the nights may be booked now, and the rooms free on all of them that hold so many guests.

    Raises NIGHTS_OUT_OF_RANGE and GUESTS_OUT_OF_RANGE.
    """
    check_request(nights, guests, None)
    gate = lodge.opening.gate(first_night, nights, context.clock())
    if gate.state is not NightState.OPEN:
        return gate, []
    taken = await context.loader(load_taken, first_night, nights).load(lodge.id)
    return gate, [room for room in lodge.rooms if room.id not in taken and (room.capacity or guests) >= guests]


async def load_vacancy(context: Context, lodge_ids: Sequence[str], night: date) -> list[VacancyRow | None]:
    """For each lodge, what was last seen vacant for the night: a batch loader, one statement a batch."""
    latest = (
        select(col(VacancyRow.lodge_id), func.max(col(VacancyRow.observed_ms)))
        .where(col(VacancyRow.lodge_id).in_(set(lodge_ids)), col(VacancyRow.night) == night)
        .group_by(col(VacancyRow.lodge_id))
    )
    statement = select(VacancyRow).where(
        col(VacancyRow.night) == night, tuple_(col(VacancyRow.lodge_id), col(VacancyRow.observed_ms)).in_(latest)
    )
    async with context.database.read() as session:
        rows = {row.lodge_id: row for row in (await session.execute(statement)).scalars()}
    return [rows.get(lodge_id) for lodge_id in lodge_ids]
