"""When trains can be booked: the day's sale, the last minutes before departure, the time to pay."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from subgraphs.kit import KST, DomainError
from subgraphs.rail.rules.window import SalesPolicy, check_day, check_hold_time, one_month_before, opens_at, pay_by


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@pytest.mark.parametrize(
    ("day", "earlier"),
    [
        ("2026-12-22", "2026-11-22"),
        ("2027-01-15", "2026-12-15"),
        ("2026-03-31", "2026-02-28"),
        ("2028-03-30", "2028-02-29"),
        ("2026-05-31", "2026-04-30"),
    ],
)
def test_one_month_before_is_clamped_to_the_shorter_month(day: str, earlier: str) -> None:
    assert one_month_before(date.fromisoformat(day)) == date.fromisoformat(earlier)


@pytest.mark.parametrize(
    ("day", "now", "code"),
    [
        ("2026-12-22", "2026-11-22T07:00", None),
        ("2026-12-22", "2026-11-22T06:59:59", "BEYOND_BOOKING_HORIZON"),
        ("2026-12-23", "2026-11-22T23:59", "BEYOND_BOOKING_HORIZON"),
        ("2026-11-22", "2026-11-22T23:59", None),
        ("2026-11-21", "2026-11-22T00:00", "DATE_IN_PAST"),
        ("9999-12-31", "2026-11-22T12:00", "BEYOND_BOOKING_HORIZON"),
        ("0001-01-01", "2026-11-22T12:00", "DATE_IN_PAST"),
    ],
)
def test_a_day_is_on_sale_from_seven_one_month_before(day: str, now: str, code: str | None) -> None:
    if code is None:
        check_day(date.fromisoformat(day), kst(now))
        return
    with pytest.raises(DomainError) as refused:
        check_day(date.fromisoformat(day), kst(now))
    assert refused.value.code == code


def test_the_day_is_the_day_in_korea_not_in_greenwich() -> None:
    late_evening_in_greenwich = datetime.fromisoformat("2026-11-22T16:00:00+00:00")
    with pytest.raises(DomainError) as refused:
        check_day(date(2026, 11, 22), late_evening_in_greenwich)
    assert refused.value.code == "DATE_IN_PAST"


def test_the_error_says_when_the_sale_opens() -> None:
    with pytest.raises(DomainError) as refused:
        check_day(date(2026, 12, 25), kst("2026-11-22T12:00"))
    assert (
        refused.value.extensions["opensAt"] == "2026-11-25T07:00:00+09:00" == opens_at(date(2026, 12, 25)).isoformat()
    )
    assert "2026-11-25T07:00:00+09:00" in refused.value.message("ko")


@pytest.mark.parametrize(("before", "allowed"), [(21, True), (20, True), (19, False), (0, False), (-5, False)])
def test_no_hold_within_twenty_minutes_of_departure(before: int, allowed: bool) -> None:
    departs = kst("2026-11-25T05:06")
    now = departs - timedelta(minutes=before)
    if allowed:
        check_hold_time(departs, now, SalesPolicy())
        return
    with pytest.raises(DomainError) as refused:
        check_hold_time(departs, now, SalesPolicy())
    assert refused.value.code == "TOO_LATE_TO_HOLD"


@pytest.mark.parametrize(
    ("policy", "before_departure", "minutes_to_pay"),
    [
        (SalesPolicy(hold_minutes=20), 600, 20),
        (SalesPolicy(hold_minutes=10), 600, 10),
        (SalesPolicy(hold_minutes=20, close_minutes=5), 12, 12),
    ],
)
def test_the_time_to_pay_is_the_operators_and_ends_with_departure(
    policy: SalesPolicy, before_departure: int, minutes_to_pay: int
) -> None:
    departs = kst("2026-11-25T05:06")
    now = departs - timedelta(minutes=before_departure)
    assert pay_by(departs, now, policy) - now == timedelta(minutes=minutes_to_pay)
