"""Booking on both databases: hold, pay, refund, expiry, retries, and the race for the last seat."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from subgraphs.kit import DomainError, Identity
from subgraphs.kit.simulated_payments import ENTRIES, PAYMENTS
from subgraphs.rail.service.sweeper import sweep_once
from tests.subgraphs.rail.conftest import (
    CANCEL,
    CITIZEN,
    HOLD,
    OTHER_CITIZEN,
    PAY,
    REFUND,
    SAME_CITIZEN_OTHER_APP,
    Rail,
)

RUN = "00801.2026-11-26.seoul.gangneung"
SATURDAY_RUN = "00801.2026-11-28.seoul.gangneung"
FIRST_HALF, SECOND_HALF = "00801.2026-11-26.seoul.hoengsong", "00801.2026-11-26.hoengsong.gangneung"


async def ledger(rail: Rail) -> list[tuple[str, int]]:
    async with rail.subgraph.database.read() as session:
        rows = await session.execute(
            select(ENTRIES.c.kind, ENTRIES.c.amount_krw).order_by(ENTRIES.c.at_ms, ENTRIES.c.kind)
        )
        return [(row.kind, row.amount_krw) for row in rows]


async def leave_free(rail: Rail, run_id: str, seat_class: str, left: int) -> None:
    """Take the seats of a class until ``left`` remain."""
    remaining = await rail.free(run_id, seat_class) - left
    while remaining:
        party = min(9, remaining)
        held = await rail.hold(run_id, ("ADULT",) * party, **{"class": seat_class})
        assert held["state"] == "HELD"
        remaining -= party


async def test_hold_pay_and_refund(rail: Rail) -> None:
    before = await rail.free(RUN)
    held = await rail.hold(RUN, ("ADULT", "CHILD", "INFANT_ON_LAP"), preference="WINDOW")
    assert held["state"] == "HELD"
    assert held["payBy"] == "2026-11-24T12:20:00+09:00"
    assert held["totalKrw"] == 31_900 + 15_900
    assert [ticket["seat"] for ticket in held["tickets"]] == ["1A", "1B", None]
    assert await rail.free(RUN) == before - 2

    paid = await rail.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok")
    assert paid == {"id": held["id"], "state": "TICKETED"}
    assert await ledger(rail) == [("CAPTURE", 47_800)]

    refunded = await rail.change(REFUND, reservationId=held["id"])
    assert refunded == {"id": held["id"], "state": "REFUNDED", "feeKrw": 0, "refundKrw": 47_800}
    assert await rail.free(RUN) == before
    assert ("REFUND", 47_800) in await ledger(rail)


async def test_the_refund_fee_is_that_of_the_moment_and_each_ticket_bears_its_own(sqlite_rail: Rail) -> None:
    reservation = await sqlite_rail.ticket(SATURDAY_RUN, ("ADULT", "CHILD"))
    quote = "query($id: ID!) { refundQuote(reservationId: $id) { feeKrw refundKrw step percent until } }"

    early = await sqlite_rail.ask(quote, id=reservation)
    assert early["data"]["refundQuote"] == {
        "feeKrw": 800,
        "refundKrw": 47_000,
        "step": "UNTIL_2_DAYS_BEFORE",
        "percent": 0,
        "until": "2026-11-27T00:00:00+09:00",
    }
    sqlite_rail.set_time("2026-11-28T04:00")
    late = await sqlite_rail.ask(quote, id=reservation)
    assert (late["data"]["refundQuote"]["feeKrw"], late["data"]["refundQuote"]["percent"]) == (6_380 + 3_180, 20)
    refunded = await sqlite_rail.change(REFUND, reservationId=reservation)
    assert (refunded["feeKrw"], refunded["refundKrw"]) == (9_560, 38_240)


async def test_the_fee_counts_from_the_ticketed_origin(sqlite_rail: Rail) -> None:
    """The train leaves Seoul at 05:06 and Hoengseong an hour later; who boards there pays by that departure."""
    from_seoul, later = await sqlite_rail.ticket(RUN), await sqlite_rail.ticket(SECOND_HALF)
    sqlite_rail.set_time("2026-11-26T02:30")
    assert (await sqlite_rail.change(REFUND, reservationId=from_seoul))["feeKrw"] > 0
    assert (await sqlite_rail.change(REFUND, reservationId=later))["feeKrw"] == 0


@pytest.mark.parametrize(
    ("now", "run", "options", "code"),
    [
        ("2026-11-24T12:00", "00801.2026-11-23.seoul.gangneung", {}, "DATE_IN_PAST"),
        ("2026-11-24T12:00", "00801.2026-12-25.seoul.gangneung", {}, "BEYOND_BOOKING_HORIZON"),
        ("2026-11-26T04:46:01", RUN, {}, "TOO_LATE_TO_HOLD"),
        ("2026-11-26T06:00", RUN, {}, "TOO_LATE_TO_HOLD"),
        ("2026-11-24T12:00", "nonsense", {}, "UNKNOWN_RUN"),
        ("2026-11-24T12:00", "00801.2026-13-45.seoul.gangneung", {}, "UNKNOWN_RUN"),
        ("2026-11-24T12:00", "00801.2026-11-26.gangneung.seoul", {}, "UNKNOWN_RUN"),
        ("2026-11-24T12:00", RUN, {"destinationId": "atlantis"}, "UNKNOWN_STATION"),
        ("2026-11-24T12:00", RUN, {"destinationId": "seoul"}, "SAME_STATION"),
        ("2026-11-24T12:00", RUN, {"destinationId": "busan"}, "UNKNOWN_RUN"),
        ("2026-11-24T12:00", RUN, {"passengers": ("INFANT_ON_LAP",)}, "BAD_PASSENGERS"),
        ("2026-11-24T12:00", RUN, {"passengers": ("ADULT",) * 10}, "BAD_PASSENGERS"),
        ("2026-11-24T12:00", RUN, {"passengers": ("ADULT", "INFANT_ON_LAP", "INFANT_ON_LAP")}, "TOO_MANY_INFANTS"),
        ("2026-11-24T12:00", RUN, {"idempotencyKey": "short"}, "BAD_IDEMPOTENCY_KEY"),
        ("2026-11-24T12:00", RUN, {"idempotencyKey": "한글열쇠는안됩니다"}, "BAD_IDEMPOTENCY_KEY"),
    ],
)
async def test_what_cannot_be_held(sqlite_rail: Rail, now: str, run: str, options: dict[str, Any], code: str) -> None:
    sqlite_rail.set_time(now)
    assert await sqlite_rail.hold(run, **options) == code
    assert await sqlite_rail.taken_legs() == 0


async def test_the_segment_of_the_run_id_can_be_narrowed(sqlite_rail: Rail) -> None:
    held = await sqlite_rail.hold(RUN, originId="0090", destinationId="hoengsong")
    assert held["run"]["id"] == "00801.2026-11-26.cheongnyangni.hoengsong"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("tok_test_declined", "PAYMENT_DECLINED"),
        ("tok_test_insufficient_funds", "PAYMENT_DECLINED"),
        ("tok_test_expired_card", "PAYMENT_DECLINED"),
        ("tok_test_unavailable", "PAYMENT_UNAVAILABLE"),
        ("tok_of_another_shop", "PAYMENT_METHOD_UNKNOWN"),
        ("4111-1111-1111-1111", "CARD_NUMBER_NOT_ACCEPTED"),
    ],
)
async def test_a_refused_payment_leaves_the_hold_to_be_paid_otherwise(sqlite_rail: Rail, token: str, code: str) -> None:
    held = await sqlite_rail.hold(RUN)
    key = sqlite_rail.key()
    assert await sqlite_rail.change(PAY, reservationId=held["id"], paymentToken=token, idempotencyKey=key) == code
    assert await ledger(sqlite_rail) == []
    paid = await sqlite_rail.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok", idempotencyKey=key)
    assert paid["state"] == "TICKETED"


async def test_no_card_number_and_no_token_is_ever_stored(sqlite_rail: Rail) -> None:
    held = await sqlite_rail.hold(RUN)
    for token in ("4111 1111 1111 1111", "tok_test_declined", "tok_test_ok"):
        await sqlite_rail.change(PAY, reservationId=held["id"], paymentToken=token)
    async with sqlite_rail.subgraph.database.read() as session:
        stored = repr((await session.execute(select(PAYMENTS))).all())
    assert "tok_test" not in stored and "4111" not in stored


async def test_a_hold_expires_and_its_seat_is_free_before_any_sweeper_runs(rail: Rail) -> None:
    before = await rail.free(RUN)
    held = await rail.hold(RUN)
    rail.pass_time(minutes=20)
    assert await rail.free(RUN) == before
    assert await rail.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok") == "HOLD_EXPIRED"
    assert await rail.change(CANCEL, reservationId=held["id"]) == "HOLD_EXPIRED"
    mine = await rail.ask("{ myReservations { nodes { id state } totalCount } }")
    assert mine["data"]["myReservations"] == {"nodes": [{"id": held["id"], "state": "EXPIRED"}], "totalCount": 1}
    assert await ledger(rail) == []


async def test_the_seats_of_an_expired_hold_are_sold_again(rail: Rail) -> None:
    await leave_free(rail, RUN, "FIRST", 1)
    first = await rail.hold(RUN, **{"class": "FIRST"})
    assert await rail.hold(RUN, **{"class": "FIRST"}) == "SOLD_OUT"
    rail.pass_time(minutes=21)
    second = await rail.hold(RUN, **{"class": "FIRST"})
    assert second["state"] == "HELD" and second["id"] != first["id"]


async def test_the_sweeper_releases_settles_and_completes(rail: Rail) -> None:
    await rail.hold(RUN)
    rail.pass_time(minutes=1)
    await rail.ticket(RUN)
    rail.pass_time(minutes=30)
    await sweep_once(rail.subgraph.context())
    assert await rail.taken_legs() == 9, "only the ticket's legs are left"
    rail.set_time("2026-11-26T07:03")
    await sweep_once(rail.subgraph.context())
    mine = await rail.ask("{ myReservations { nodes { state } } }")
    assert [node["state"] for node in mine["data"]["myReservations"]["nodes"]] == ["COMPLETED", "EXPIRED"]


async def test_money_the_provider_could_not_move_is_moved_later(rail: Rail, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await rail.hold(RUN)
    capture = rail.payments.capture

    async def unreachable(payment_id: str) -> Any:
        raise DomainError("PAYMENT_UNAVAILABLE", ko="-", en="-")

    monkeypatch.setattr(rail.payments, "capture", unreachable)
    paid = await rail.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok")
    assert paid["state"] == "TICKETED", "the sale stands"
    assert await ledger(rail) == []
    monkeypatch.setattr(rail.payments, "capture", capture)
    await sweep_once(rail.subgraph.context())
    assert await ledger(rail) == [("CAPTURE", 31_900)]
    await sweep_once(rail.subgraph.context())
    assert await ledger(rail) == [("CAPTURE", 31_900)]


async def test_cancelling_a_hold_is_free_and_can_be_repeated(rail: Rail) -> None:
    before = await rail.free(RUN)
    held = await rail.hold(RUN)
    for _ in range(2):
        assert await rail.change(CANCEL, reservationId=held["id"]) == {"id": held["id"], "state": "CANCELLED"}
    assert await rail.free(RUN) == before
    assert await rail.change(PAY, reservationId=held["id"], paymentToken="tok_test_ok") == "ALREADY_CLOSED"
    assert await rail.change(REFUND, reservationId=held["id"]) == "ALREADY_CLOSED"


async def test_a_ticket_cannot_be_paid_or_cancelled_again_nor_refunded_after_arrival(rail: Rail) -> None:
    reservation = await rail.ticket(RUN)
    assert await rail.change(PAY, reservationId=reservation, paymentToken="tok_test_ok") == "ALREADY_TICKETED"
    assert await rail.change(CANCEL, reservationId=reservation) == "ALREADY_TICKETED"
    rail.set_time("2026-11-26T07:03")
    assert await rail.change(REFUND, reservationId=reservation) == "NO_REFUND_AFTER_ARRIVAL"


@pytest.mark.parametrize("stranger", [OTHER_CITIZEN, SAME_CITIZEN_OTHER_APP])
async def test_a_booking_is_nobody_elses_business(rail: Rail, stranger: Identity) -> None:
    held = await rail.hold(RUN)
    payment = {"reservationId": held["id"], "paymentToken": "tok_test_ok"}
    assert await rail.change(PAY, stranger, **payment) == "NOT_FOUND"
    assert await rail.change(CANCEL, stranger, reservationId=held["id"]) == "NOT_FOUND"
    assert await rail.change(REFUND, stranger, reservationId=held["id"]) == "NOT_FOUND"
    entity = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Reservation { id } } }"
    representation = [{"__typename": "Reservation", "id": held["id"]}]
    assert (await rail.ask(entity, stranger, r=representation))["data"]["_entities"] == [None]
    assert (await rail.ask(entity, CITIZEN, r=representation))["data"]["_entities"] == [{"id": held["id"]}]


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (Identity(), "UNAUTHENTICATED"),
        (Identity("citizen-1", "app-1", frozenset({"rail:read"})), "FORBIDDEN"),
    ],
)
async def test_booking_needs_a_person_and_the_scope(sqlite_rail: Rail, identity: Identity, code: str) -> None:
    assert await sqlite_rail.change(HOLD, identity, runId=RUN, passengers=["ADULT"]) == code


async def test_the_same_request_twice_changes_things_once(rail: Rail) -> None:
    key, before = rail.key(), await rail.free(RUN)
    first = await rail.hold(RUN, idempotencyKey=key)
    assert await rail.hold(RUN, idempotencyKey=key) == first
    assert await rail.free(RUN) == before - 1
    assert await rail.hold(RUN, ("ADULT", "ADULT"), idempotencyKey=key) == "IDEMPOTENCY_KEY_REUSED"
    theirs = await rail.change(HOLD, OTHER_CITIZEN, runId=RUN, passengers=["ADULT"], idempotencyKey=key)
    assert theirs["id"] != first["id"], "keys belong to their owner"


async def test_twenty_equal_requests_at_once_are_one(rail: Rail) -> None:
    hold_key, pay_key, refund_key = rail.key(), rail.key(), rail.key()
    holds = await asyncio.gather(*(rail.hold(RUN, idempotencyKey=hold_key) for _ in range(20)))
    assert len({held["id"] for held in holds}) == 1
    reservation = holds[0]["id"]
    payment = {"reservationId": reservation, "paymentToken": "tok_test_ok", "idempotencyKey": pay_key}
    paid = await asyncio.gather(*(rail.change(PAY, **payment) for _ in range(20)))
    assert {one["state"] for one in paid} == {"TICKETED"}
    captured = [amount for kind, amount in await ledger(rail) if kind == "CAPTURE"]
    assert captured == [31_900]
    again = {"reservationId": reservation, "idempotencyKey": refund_key}
    refunds = await asyncio.gather(*(rail.change(REFUND, **again) for _ in range(20)))
    assert {one["state"] for one in refunds} == {"REFUNDED"}
    assert [amount for kind, amount in await ledger(rail) if kind == "REFUND"] == [31_900]


async def test_rival_payments_of_one_hold_take_the_money_once(rail: Rail) -> None:
    held = await rail.hold(RUN)
    payment = {"reservationId": held["id"], "paymentToken": "tok_test_ok"}
    outcomes = await asyncio.gather(*(rail.change(PAY, **payment) for _ in range(8)))
    assert sum(isinstance(one, dict) for one in outcomes) == 1
    assert {one for one in outcomes if isinstance(one, str)} <= {"ALREADY_TICKETED"}
    assert Counter(kind for kind, _ in await ledger(rail))["CAPTURE"] == 1


async def test_of_two_hundred_rivals_for_the_last_seat_exactly_one_wins(rail: Rail) -> None:
    await leave_free(rail, RUN, "FIRST", 1)
    rivals = [Identity(f"citizen-{number}", "app-1", CITIZEN.scopes) for number in range(200)]
    outcomes = await asyncio.gather(
        *(rail.change(HOLD, rival, **{"runId": RUN, "passengers": ["ADULT"], "class": "FIRST"}) for rival in rivals)
    )
    assert Counter(one if isinstance(one, str) else "won" for one in outcomes) == {"won": 1, "SOLD_OUT": 199}
    assert await rail.free(RUN, "FIRST") == 0


async def test_a_seat_is_sold_leg_by_leg(rail: Rail) -> None:
    await leave_free(rail, RUN, "FIRST", 1)
    one = await rail.hold(FIRST_HALF, **{"class": "FIRST"})
    assert await rail.hold(RUN, **{"class": "FIRST"}) == "SOLD_OUT"
    other = await rail.hold(SECOND_HALF, **{"class": "FIRST"})
    assert one["tickets"][0]["seat"] == other["tickets"][0]["seat"]
    assert (await rail.free(FIRST_HALF, "FIRST"), await rail.free(SECOND_HALF, "FIRST")) == (0, 0)
