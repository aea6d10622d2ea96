"""The refund fee as the published tables read, case by case, and as a property over time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit import KST, DomainError
from subgraphs.rail.rules.refunds import refund_fee, refund_terms

FARE = 59_800
RIDE = timedelta(minutes=165)
WEDNESDAY, SATURDAY, CHRISTMAS_FRIDAY, HOLIDAY_MONDAY = "2026-11-25", "2026-11-28", "2026-12-25", "2026-10-05"


def fee(departs: datetime, now: datetime, fare: int = FARE) -> int:
    return refund_fee(refund_terms(departs, departs + RIDE, now).step, fare)


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@pytest.mark.parametrize(
    ("day", "now", "krw"),
    [
        # Monday to Thursday: free to 3 hours before, 5 % to departure, then 15, 40, 70 %.
        (WEDNESDAY, "2026-10-25T07:00", 0),
        (WEDNESDAY, "2026-11-25T08:59:59", 0),
        (WEDNESDAY, "2026-11-25T09:00", 2_990),
        (WEDNESDAY, "2026-11-25T11:59:59", 2_990),
        (WEDNESDAY, "2026-11-25T12:00", 8_970),
        (WEDNESDAY, "2026-11-25T12:19:59", 8_970),
        (WEDNESDAY, "2026-11-25T12:20", 23_920),
        (WEDNESDAY, "2026-11-25T12:59:59", 23_920),
        (WEDNESDAY, "2026-11-25T13:00", 41_860),
        (WEDNESDAY, "2026-11-25T14:44:59", 41_860),
        (WEDNESDAY, "2026-11-25T14:45", None),
        # Friday to Sunday: 400 won to two days before, 5, 10, 20, then 30, 40, 70 %.
        (SATURDAY, "2026-10-28T07:00", 400),
        (SATURDAY, "2026-11-26T23:59:59", 400),
        (SATURDAY, "2026-11-27T00:00", 2_990),
        (SATURDAY, "2026-11-27T23:59:59", 2_990),
        (SATURDAY, "2026-11-28T00:00", 5_980),
        (SATURDAY, "2026-11-28T08:59:59", 5_980),
        (SATURDAY, "2026-11-28T09:00", 11_960),
        (SATURDAY, "2026-11-28T12:00", 17_940),
        (SATURDAY, "2026-11-28T12:20", 23_920),
        (SATURDAY, "2026-11-28T13:00", 41_860),
        (SATURDAY, "2026-11-28T14:45", None),
        # Public holidays count as weekend, substitute holidays on a Monday too.
        (CHRISTMAS_FRIDAY, "2026-12-24T10:00", 2_990),
        (HOLIDAY_MONDAY, "2026-10-04T10:00", 2_990),
        (HOLIDAY_MONDAY, "2026-10-05T08:00", 5_980),
    ],
)
def test_fee_of_a_59800_won_ticket_leaving_at_noon(day: str, now: str, krw: int | None) -> None:
    departs = kst(f"{day}T12:00")
    if krw is None:
        with pytest.raises(DomainError) as refused:
            fee(departs, kst(now))
        assert refused.value.code == "NO_REFUND_AFTER_ARRIVAL"
    else:
        assert fee(departs, kst(now)) == krw


@pytest.mark.parametrize(
    ("fare", "now", "krw"),
    [
        (8_400, "2026-11-27T10:00", 420),
        (7_900, "2026-11-27T10:00", 400),
        (300, "2026-11-27T10:00", 300),
        (0, "2026-11-27T10:00", 0),
        (7_900, "2026-11-28T12:30", 3_160),
    ],
)
def test_a_fee_is_at_least_400_won_and_never_above_the_fare(fare: int, now: str, krw: int) -> None:
    assert fee(kst("2026-11-28T12:00"), kst(now), fare) == krw


def test_three_hours_before_an_early_train_begin_on_the_day_before() -> None:
    """A Saturday train at 01:00: from 22:00 on Friday 20 %, and midnight does not make it cheaper again."""
    departs = kst("2026-11-28T01:00")
    assert fee(departs, kst("2026-11-27T21:59")) == 2_990
    assert fee(departs, kst("2026-11-27T22:00")) == 11_960
    assert fee(departs, kst("2026-11-28T00:30")) == 11_960


departures = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 30)).map(lambda day: day.replace(tzinfo=KST))
minutes = st.integers(-50_000, 164)


@given(departures, minutes, minutes)
def test_waiting_never_makes_a_refund_cheaper(departs: datetime, one: int, other: int) -> None:
    early, late = sorted((one, other))
    assert fee(departs, departs + timedelta(minutes=early)) <= fee(departs, departs + timedelta(minutes=late))


@given(departures, minutes)
def test_a_quote_holds_exactly_until_it_says(departs: datetime, minute: int) -> None:
    now, arrives = departs + timedelta(minutes=minute), departs + RIDE
    terms = refund_terms(departs, arrives, now)
    assert now < terms.until <= arrives
    just_before = terms.until - timedelta(microseconds=1)
    assert refund_terms(departs, arrives, just_before).step == terms.step
    if terms.until < arrives:
        assert refund_terms(departs, arrives, terms.until).step.percent > terms.step.percent
