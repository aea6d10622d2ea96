"""When a train can be booked. Sources in facts/SOURCES.md: opening one month ahead [12] at 07:00, no booking within 20
minutes of departure [13]; the time to pay differs between sources [13], hence a policy of the operator.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from subgraphs.kit.time import in_kst, kst_at, kst_date
from subgraphs.rail.errors import ERRORS

SALES_OPEN = time(7, 0)


@dataclass(frozen=True, slots=True)
class SalesPolicy:
    """What an operator decides for itself, in minutes and persons."""

    hold_minutes: int = 20
    close_minutes: int = 20
    max_passengers: int = 9


def one_month_before(day: date) -> date:
    """The same day of the month before; its last day where that month is shorter (31 March → 28 February)."""
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def opens_at(day: date) -> datetime:
    """When the sale of a day's trains opens, in KST."""
    return kst_at(one_month_before(day), SALES_OPEN)


def check_day(day: date, now: datetime) -> None:
    """Raise DomainError DATE_IN_PAST or BEYOND_BOOKING_HORIZON unless the day's trains are on sale."""
    if day < kst_date(now):
        raise ERRORS.error("DATE_IN_PAST", date=day.isoformat())
    # The year 1 has no month before it; every such day is in the past and has been refused above.
    opening = opens_at(day)
    if now < opening:
        raise ERRORS.error("BEYOND_BOOKING_HORIZON", date=day.isoformat(), opensAt=opening.isoformat())


def check_hold_time(departs: datetime, now: datetime, policy: SalesPolicy) -> None:
    """Raise DomainError TOO_LATE_TO_HOLD when departure from the origin is nearer than the policy allows."""
    if now > departs - timedelta(minutes=policy.close_minutes):
        raise ERRORS.error("TOO_LATE_TO_HOLD", minutes=policy.close_minutes, departsAt=in_kst(departs).isoformat())


def pay_by(departs: datetime, now: datetime, policy: SalesPolicy) -> datetime:
    """Until when a hold made now must be paid: the policy's minutes, never past departure."""
    return in_kst(min(now + timedelta(minutes=policy.hold_minutes), departs))
