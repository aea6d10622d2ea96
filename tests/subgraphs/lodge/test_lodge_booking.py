"""Holding, paying and cancelling nights, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from subgraphs.kit.context import Identity
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.lodge.models import RoomNightRow, StayRow
from subgraphs.lodge.service.settlement import sweep_once
from tests.subgraphs.lodge.conftest import KIM, LEE, Lodges, kst

NIGHT = "2026-12-02"  # a Wednesday, on sale since 2026-10-28


async def room_of(lodges: Lodges, lodge: str = "0111", at: int = 0) -> str:
    rooms = await lodges.free(lodge, NIGHT)
    return str(rooms["nodes"][at]["id"])


async def nights_taken(lodges: Lodges) -> int:
    async with lodges.subgraph.database.read() as session:
        return int((await session.execute(select(func.count()).select_from(RoomNightRow))).scalar_one())


async def test_of_two_hundred_rivals_for_the_last_room_one_wins_and_the_others_hear_sold_out(lodges: Lodges) -> None:
    room = await room_of(lodges)
    people = [Identity(f"person-{number}", "app", frozenset({"lodge:book"})) for number in range(200)]

    answers = await asyncio.gather(*(lodges.hold(room, NIGHT, 2, identity=person) for person in people))

    assert Counter(answer.get("code", answer.get("state")) for answer in answers) == {"HELD": 1, "SOLD_OUT": 199}
    assert await nights_taken(lodges) == 2
    async with lodges.subgraph.database.read() as session:
        assert (await session.execute(select(func.count()).select_from(StayRow))).scalar_one() == 1


async def test_a_held_room_is_not_free_and_is_free_again_when_the_hold_runs_out(lodges: Lodges) -> None:
    room = await room_of(lodges)
    before = (await lodges.free("0111", NIGHT))["totalCount"]

    stay = await lodges.hold(room, NIGHT)
    assert stay["payBy"] == "2026-11-23T10:20:00+09:00"
    assert (await lodges.free("0111", NIGHT))["totalCount"] == before - 1
    assert (await lodges.hold(room, NIGHT, identity=LEE))["code"] == "SOLD_OUT"

    lodges.moment += timedelta(minutes=20)
    assert (await lodges.free("0111", NIGHT))["totalCount"] == before
    assert (await lodges.confirm(stay["id"]))["code"] == "HOLD_EXPIRED"
    assert (await lodges.cancel(stay["id"]))["code"] == "HOLD_EXPIRED"
    again = await lodges.hold(room, NIGHT, identity=LEE)
    assert again["state"] == "HELD", "the next hold releases the old one in its own transaction"
    assert await states(lodges, stay["id"]) == ["EXPIRED"]


async def states(lodges: Lodges, *stay_ids: str) -> list[str]:
    async with lodges.subgraph.database.read() as session:
        rows = (await session.execute(select(StayRow.id, StayRow.state))).all()
    known: dict[str, str] = {row[0]: row[1] for row in rows}
    return [known[stay_id] for stay_id in stay_ids]


async def test_the_sweeper_ends_holds_that_have_run_out_and_no_others(lodges: Lodges) -> None:
    old = await lodges.hold(await room_of(lodges, at=0), NIGHT, 3 - 1)
    lodges.moment += timedelta(minutes=10)
    young = await lodges.hold(await room_of(lodges, at=1), NIGHT)
    lodges.moment += timedelta(minutes=10)

    assert await sweep_once(lodges.subgraph.context()) == (1, 0)
    assert await states(lodges, old["id"], young["id"]) == ["EXPIRED", "HELD"]
    assert await nights_taken(lodges) == 1
    assert await sweep_once(lodges.subgraph.context()) == (0, 0)


async def test_a_paid_stay_is_confirmed_and_its_room_stays_taken(lodges: Lodges) -> None:
    room = await room_of(lodges)
    stay = await lodges.hold(room, NIGHT)
    paid = await lodges.confirm(stay["id"])
    assert (paid["state"], paid["confirmedAt"]) == ("CONFIRMED", "2026-11-23T10:00:00+09:00")

    lodges.moment += timedelta(days=1)
    await sweep_once(lodges.subgraph.context())
    assert (await lodges.hold(room, NIGHT, identity=LEE))["code"] == "SOLD_OUT"
    assert (await lodges.confirm(stay["id"]))["code"] == "STAY_STATE"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_test_declined", "PAYMENT_DECLINED"),
        ("tok_test_unavailable", "PAYMENT_UNAVAILABLE"),
        ("tok_nonsense", "PAYMENT_METHOD_UNKNOWN"),
        ("4111 1111 1111 1111", "CARD_NUMBER_NOT_ACCEPTED"),
    ],
)
async def test_a_refused_payment_leaves_the_hold_to_be_paid_otherwise(
    sqlite_lodges: Lodges, token: str, code: str
) -> None:
    stay = await sqlite_lodges.hold(await room_of(sqlite_lodges), NIGHT)
    assert (await sqlite_lodges.confirm(stay["id"], token))["code"] == code
    assert (await sqlite_lodges.confirm(stay["id"]))["state"] == "CONFIRMED"


@pytest.mark.parametrize(
    ("night", "cancelled", "fee_percent"),
    [
        (NIGHT, "2026-11-30T23:59", 0),
        (NIGHT, "2026-12-01T00:00", 10),
        (NIGHT, "2026-12-02T09:00", 20),
        ("2026-12-04", "2026-12-03T12:00", 20),
        ("2026-12-04", "2026-12-04T12:00", 30),
    ],
)
async def test_cancelling_keeps_the_fee_pays_the_rest_back_and_frees_the_room(
    sqlite_lodges: Lodges, night: str, cancelled: str, fee_percent: int
) -> None:
    room = await room_of(sqlite_lodges)
    stay = await sqlite_lodges.hold(room, night)
    await sqlite_lodges.confirm(stay["id"])
    sqlite_lodges.moment = kst(cancelled)
    quoted = await sqlite_lodges.data(
        "query($id: ID!) { stay(id: $id) { cancellation { feePercent feeKrw refundKrw } } }", id=stay["id"]
    )

    gone = await sqlite_lodges.cancel(stay["id"])

    fee = stay["amountKrw"] * fee_percent // 100
    assert (gone["state"], gone["feeKrw"], gone["refundKrw"]) == ("CANCELLED", fee, stay["amountKrw"] - fee)
    assert quoted["stay"]["cancellation"] == {
        "feePercent": fee_percent,
        "feeKrw": fee,
        "refundKrw": stay["amountKrw"] - fee,
    }
    assert await nights_taken(sqlite_lodges) == 0
    assert (await sqlite_lodges.cancel(stay["id"]))["code"] == "STAY_STATE"


async def test_a_hold_is_given_up_for_nothing_and_a_begun_stay_not_at_all(sqlite_lodges: Lodges) -> None:
    held = await sqlite_lodges.hold(await room_of(sqlite_lodges), NIGHT)
    assert await sqlite_lodges.cancel(held["id"]) == {
        "id": held["id"],
        "state": "CANCELLED",
        "feeKrw": 0,
        "refundKrw": None,
    }

    begun = await sqlite_lodges.hold(await room_of(sqlite_lodges), NIGHT)
    await sqlite_lodges.confirm(begun["id"])
    sqlite_lodges.moment = kst("2026-12-03T08:00")
    assert (await sqlite_lodges.cancel(begun["id"]))["code"] == "STAY_BEGUN"


async def test_the_same_key_answers_the_same_stay_and_other_input_is_refused(lodges: Lodges) -> None:
    room, key = await room_of(lodges), "trip-2026-0001"
    first = await lodges.hold(room, NIGHT, key=key)
    assert await lodges.hold(room, NIGHT, key=key) == first
    assert (await lodges.hold(room, NIGHT, 2, key=key))["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert (await lodges.hold(room, NIGHT, key="short"))["code"] == "BAD_IDEMPOTENCY_KEY"
    assert await nights_taken(lodges) == 1

    paid = await lodges.confirm(first["id"], key="pay-0000001")
    lodges.moment += timedelta(hours=1)
    assert await lodges.confirm(first["id"], key="pay-0000001") == paid
    gone = await lodges.cancel(first["id"], key="cancel-00001")
    assert await lodges.cancel(first["id"], key="cancel-00001") == gone
    assert (await lodges.hold(room, NIGHT, key=key))["state"] == "CANCELLED", "the stay as it is now"


async def test_fifty_repeats_of_one_request_at_once_make_one_stay(lodges: Lodges) -> None:
    room = await room_of(lodges)
    answers = await asyncio.gather(*(lodges.hold(room, NIGHT, key="one-request") for _ in range(50)))
    assert len({answer["id"] for answer in answers}) == 1
    payments = await asyncio.gather(*(lodges.confirm(answers[0]["id"], key="one-payment") for _ in range(10)))
    assert {payment["state"] for payment in payments} == {"CONFIRMED"}


async def test_one_person_has_at_most_five_rooms_a_night_however_fast_they_ask(lodges: Lodges) -> None:
    rooms = [node["id"] for node in (await lodges.free("0111", NIGHT))["nodes"]][:8]
    answers = await asyncio.gather(*(lodges.hold(room, NIGHT) for room in rooms))
    assert Counter(answer.get("code", answer.get("state")) for answer in answers) == {"HELD": 5, "TOO_MANY_UNITS": 3}

    assert (await lodges.hold(rooms[7], "2026-12-03"))["state"] == "HELD", "another night has its own five"
    given_up = next(answer["id"] for answer in answers if "id" in answer)
    await lodges.cancel(given_up)
    free_room = next(room for room, answer in zip(rooms, answers, strict=True) if "code" in answer)
    assert (await lodges.hold(free_room, NIGHT))["state"] == "HELD"


async def test_a_stay_belongs_to_its_person_and_client(lodges: Lodges) -> None:
    stay = await lodges.hold(await room_of(lodges), NIGHT)
    other_app = Identity("kim", "other-app", frozenset({"lodge:book"}))
    for stranger in (LEE, other_app):
        assert (await lodges.confirm(stay["id"], identity=stranger))["code"] == "NOT_FOUND"
        assert (await lodges.cancel(stay["id"], identity=stranger))["code"] == "NOT_FOUND"
        seen = await lodges.data("query($id: ID!) { stay(id: $id) { id } }", stranger, id=stay["id"])
        assert seen == {"stay": None}
    without = {
        Identity(): "UNAUTHENTICATED",
        Identity("kim", "travel-app", frozenset({"lodge:read"})): "FORBIDDEN",
    }
    for identity, code in without.items():
        assert (await lodges.hold(await room_of(lodges), NIGHT, identity=identity))["code"] == code
    for bad in ("", "stay_x", "stay_" + "0" * 24, "stay_\x00", "x" * 5000):
        assert (await lodges.cancel(bad))["code"] == "NOT_FOUND"


async def test_my_stays_page_through_the_latest_first(sqlite_lodges: Lodges) -> None:
    made = []
    for at in range(3):
        sqlite_lodges.moment += timedelta(seconds=1)
        made.append((await sqlite_lodges.hold(await room_of(sqlite_lodges), f"2026-12-0{2 + at}"))["id"])
    query = """query($after: String) { myStays(first: 2, after: $after) {
                 totalCount nodes { id lodge { name(lang: KO) } } pageInfo { hasNextPage endCursor } } }"""
    first = (await sqlite_lodges.data(query, after=None))["myStays"]
    second = (await sqlite_lodges.data(query, after=first["pageInfo"]["endCursor"]))["myStays"]
    assert [node["id"] for node in first["nodes"] + second["nodes"]] == made[::-1]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (
        3,
        True,
        False,
    )
    assert first["nodes"][0]["lodge"] == {"name": "대관령자연휴양림"}


@pytest.mark.parametrize(
    ("request_values", "code", "more"),
    [
        ({"night": "2026-12-01"}, "CLOSED_DAY", {"night": "2026-12-01"}),
        ({"night": "2026-11-30", "nights": 2}, "CLOSED_DAY", {"night": "2026-12-01"}),
        ({"night": "2027-01-04"}, "NOT_OPEN_YET", {"opensAt": "2026-11-25T09:00+09:00"}),
        ({"night": "2027-01-02"}, "NOT_OPEN_YET", {"opensAt": "2026-12-15T09:00+09:00"}),
        ({"night": "9999-12-31"}, "NOT_OPEN_YET", {"opensAt": None}),
        ({"night": "2026-11-22"}, "DATE_IN_PAST", {"night": "2026-11-22"}),
        ({"night": "0001-01-01"}, "DATE_IN_PAST", {}),
        ({"nights": 4}, "NIGHTS_OUT_OF_RANGE", {"maximum": 3}),
        ({"guests": 99}, "GUESTS_OUT_OF_RANGE", {}),
        ({"room": "0111-nothing"}, "UNKNOWN_ROOM", {}),
        ({"room": "\x00"}, "UNKNOWN_ROOM", {}),
    ],
)
async def test_a_hold_that_cannot_be_is_refused_with_its_reason(
    sqlite_lodges: Lodges, request_values: dict[str, Any], code: str, more: dict[str, Any]
) -> None:
    values: dict[str, Any] = {"room": await room_of(sqlite_lodges), "night": NIGHT, **request_values}
    refused = await sqlite_lodges.hold(**values)
    assert refused["code"] == code
    assert more.items() <= refused.items()
    assert await nights_taken(sqlite_lodges) == 0


async def test_money_follows_when_the_provider_was_away(lodges: Lodges, monkeypatch: pytest.MonkeyPatch) -> None:
    payments = lodges.subgraph.services["payments"]
    stay = await lodges.hold(await room_of(lodges), NIGHT)

    async def away(_payment_id: str) -> Any:
        raise KIT_ERRORS.error("PAYMENT_UNAVAILABLE")

    with monkeypatch.context() as patch:
        patch.setattr(payments, "capture", away)
        assert (await lodges.confirm(stay["id"]))["state"] == "CONFIRMED"
        assert await sweep_once(lodges.subgraph.context()) == (0, 0)
    assert await sweep_once(lodges.subgraph.context()) == (0, 1)
    async with lodges.subgraph.database.read() as session:
        payment_id = (await session.execute(select(StayRow.payment_id))).scalar_one()
    assert (await payments.capture(payment_id)).state == "CAPTURED"


async def test_refusals_speak_the_language_of_the_caller(sqlite_lodges: Lodges) -> None:
    korean = Identity("kim", "travel-app", KIM.scopes, "ko")
    answer = await sqlite_lodges.ask(
        'mutation { holdRoom(input: {roomId: "x", night: "2026-12-02", idempotencyKey: "12345678"}) { id } }', korean
    )
    assert answer["errors"][0]["message"] == "알 수 없는 객실입니다."
    assert answer["errors"][0]["path"] == ["holdRoom"]
    assert answer["data"] == {"holdRoom": None}
