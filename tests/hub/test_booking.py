"""Booking through the router: hold, pay, refund; and two hundred callers for the last seat and the last room."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from datetime import date
from typing import Any

import httpx

from tests.hub.conftest import Hub

RUNS = """query Runs($date: Date!) {
  trains(from: "seoul", to: "gangneung", date: $date, first: 20) {
    nodes { id seats { class available total } } } }"""
HOLD_SEAT = """mutation Hold($input: HoldSeatInput!) {
  holdSeat(input: $input) { id state payBy totalKrw tickets { car seat fareKrw } } }"""
PAY = """mutation Pay($input: PayReservationInput!) { payReservation(input: $input) { id state totalKrw } }"""
QUOTE = """query Quote($id: ID!) { refundQuote(reservationId: $id) { feeKrw refundKrw step percent } }"""
REFUND = """mutation Refund($input: RefundTicketInput!) { refundTicket(input: $input) { state feeKrw refundKrw } }"""
MINE = """{ myReservations { nodes { id state } totalCount } }"""

ROOMS = """query Rooms($night: Date!) {
  lodges(region: "강원", first: 20) { nodes { id freeRooms(night: $night, first: 5) { nodes { id priceKrw } } } } }"""
HOLD_ROOM = """mutation Hold($input: HoldRoomInput!) { holdRoom(input: $input) { id state payBy amountKrw } }"""
CONFIRM = """mutation Confirm($input: ConfirmStayInput!) { confirmStay(input: $input) { id state amountKrw } }"""
CANCEL = """mutation Cancel($input: CancelStayInput!) { cancelStay(input: $input) { state feeKrw refundKrw } }"""


def key() -> str:
    return uuid.uuid4().hex


async def all_at_once(hub: Hub, token: str, query: str, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    limits = httpx.Limits(max_connections=len(inputs))
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=hub.url, timeout=60, limits=limits, headers=headers) as client:
        bodies = [{"query": query, "variables": {"input": one}} for one in inputs]
        answers = await asyncio.gather(*(client.post("/graphql", json=body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


def outcomes(answers: list[dict[str, Any]], field: str) -> Counter[str]:
    return Counter(
        "won" if "errors" not in answer and answer["data"][field] else answer["errors"][0]["extensions"]["code"]
        for answer in answers
    )


def test_a_seat_is_held_paid_and_refunded_by_the_published_steps(any_hub: Hub, travel_day: date) -> None:
    token = any_hub.token("rail:read", "rail:book")
    runs = any_hub.ask(RUNS, {"date": travel_day.isoformat()}, token=token)["data"]["trains"]["nodes"]
    wanted = {"runId": runs[-1]["id"], "passengers": ["ADULT", "CHILD"], "idempotencyKey": key()}

    held = any_hub.ask(HOLD_SEAT, {"input": wanted}, token=token)
    assert "errors" not in held
    reservation = held["data"]["holdSeat"]
    assert reservation["state"] == "HELD"
    assert len({(ticket["car"], ticket["seat"]) for ticket in reservation["tickets"]}) == 2
    assert reservation["totalKrw"] == sum(ticket["fareKrw"] for ticket in reservation["tickets"]) > 0

    again = any_hub.ask(HOLD_SEAT, {"input": wanted}, token=token)
    assert again["data"]["holdSeat"]["id"] == reservation["id"], "the same key answers the same hold"
    other = any_hub.ask(HOLD_SEAT, {"input": {**wanted, "passengers": ["ADULT"]}}, token=token)
    assert other["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert other["errors"][0]["path"] == ["holdSeat"]

    payment = {"reservationId": reservation["id"], "paymentToken": "tok_test_ok", "idempotencyKey": key()}
    paid = any_hub.ask(PAY, {"input": payment}, token=token)
    assert "errors" not in paid
    assert paid["data"] == {
        "payReservation": {"id": reservation["id"], "state": "TICKETED", "totalKrw": reservation["totalKrw"]}
    }
    assert any_hub.ask(PAY, {"input": payment}, token=token) == paid

    quote = any_hub.ask(QUOTE, {"id": reservation["id"]}, token=token)["data"]["refundQuote"]
    assert quote["feeKrw"] + quote["refundKrw"] == reservation["totalKrw"]
    refund = any_hub.ask(REFUND, {"input": {"reservationId": reservation["id"], "idempotencyKey": key()}}, token=token)
    assert refund["data"]["refundTicket"] == {
        "state": "REFUNDED",
        "feeKrw": quote["feeKrw"],
        "refundKrw": quote["refundKrw"],
    }


def test_a_booking_is_invisible_to_another_client(hub: Hub, travel_day: date) -> None:
    mine, theirs = hub.token("rail:read", "rail:book"), hub.token("rail:read", "rail:book")
    runs = hub.ask(RUNS, {"date": travel_day.isoformat()}, token=mine)["data"]["trains"]["nodes"]
    wanted = {"runId": runs[0]["id"], "passengers": ["ADULT"], "idempotencyKey": key()}
    reservation = hub.ask(HOLD_SEAT, {"input": wanted}, token=mine)["data"]["holdSeat"]

    assert hub.ask(MINE, token=theirs)["data"]["myReservations"]["totalCount"] == 0
    payment = {"reservationId": reservation["id"], "paymentToken": "tok_test_ok", "idempotencyKey": key()}
    refused = hub.ask(PAY, {"input": payment}, token=theirs)
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert hub.ask(MINE, token=mine)["data"]["myReservations"]["nodes"] == [{"id": reservation["id"], "state": "HELD"}]


async def test_of_two_hundred_callers_for_the_last_seat_exactly_one_wins(any_hub: Hub, travel_day: date) -> None:
    token = any_hub.token("rail:read", "rail:book")
    runs = any_hub.ask(RUNS, {"date": travel_day.isoformat()}, token=token)["data"]["trains"]["nodes"]
    run, seats = min(
        ((run["id"], seats) for run in runs for seats in run["seats"] if seats["available"] > 1),
        key=lambda pair: pair[1]["available"],
    )

    def wanted(passengers: int) -> dict[str, Any]:
        who = ["ADULT"] * passengers
        return {"runId": run, "class": seats["class"], "passengers": who, "idempotencyKey": key()}

    groups, rest = divmod(seats["available"] - 1, 9)
    inputs = [wanted(9) for _ in range(groups)] + ([wanted(rest)] if rest else [])
    assert outcomes(await all_at_once(any_hub, token, HOLD_SEAT, inputs), "holdSeat") == {"won": len(inputs)}

    answers = await all_at_once(any_hub, token, HOLD_SEAT, [wanted(1) for _ in range(200)])
    assert outcomes(answers, "holdSeat") == {"won": 1, "SOLD_OUT": 199}
    left = any_hub.ask(RUNS, {"date": travel_day.isoformat()}, token=token)["data"]["trains"]["nodes"]
    (now,) = [one for node in left if node["id"] == run for one in node["seats"] if one["class"] == seats["class"]]
    assert now["available"] == 0


async def test_of_two_hundred_callers_for_the_last_room_exactly_one_wins(any_hub: Hub, travel_day: date) -> None:
    token = any_hub.token("lodge:read", "lodge:book")
    lodges = any_hub.ask(ROOMS, {"night": travel_day.isoformat()}, token=token)["data"]["lodges"]["nodes"]
    room = next(room for lodge in lodges for room in lodge["freeRooms"]["nodes"] if room["priceKrw"])

    def wanted() -> dict[str, Any]:
        return {"roomId": room["id"], "night": travel_day.isoformat(), "idempotencyKey": key()}

    answers = await all_at_once(any_hub, token, HOLD_ROOM, [wanted() for _ in range(200)])
    assert outcomes(answers, "holdRoom") == {"won": 1, "SOLD_OUT": 199}

    (stay,) = [answer["data"]["holdRoom"] for answer in answers if "errors" not in answer]
    payment = {"stayId": stay["id"], "paymentToken": "tok_test_ok", "idempotencyKey": key()}
    confirmed = any_hub.ask(CONFIRM, {"input": payment}, token=token)
    assert "errors" not in confirmed
    assert confirmed["data"]["confirmStay"]["state"] == "CONFIRMED"
    assert confirmed["data"]["confirmStay"]["amountKrw"] == room["priceKrw"]
    cancelled = any_hub.ask(CANCEL, {"input": {"stayId": stay["id"], "idempotencyKey": key()}}, token=token)
    assert cancelled["data"]["cancelStay"]["state"] == "CANCELLED"
    assert cancelled["data"]["cancelStay"]["feeKrw"] + cancelled["data"]["cancelStay"]["refundKrw"] == stay["amountKrw"]
