"""What cancelling a ticket costs. Sources in facts/SOURCES.md: [9] and [11].

The fee grows in steps towards departure from the *ticketed* origin and ends with arrival at the ticketed destination.
A step that has begun stays begun, so where two overlap (a train at 01:00 is within three hours before its day starts)
the dearer counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from subgraphs.kit.time import kst_at, kst_date
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.rules.holidays import is_weekend_or_holiday

MINIMUM_FEE_KRW = 400


@dataclass(frozen=True, slots=True)
class Step:
    """A fee from a moment on: ``days`` before the day of departure at midnight, or ``minutes`` from departure.

    ``percent`` of the fare, at least ``minimum_krw``.
    """

    name: str
    percent: int
    minimum_krw: int = MINIMUM_FEE_KRW
    days: int | None = None
    minutes: int | None = None

    def starts(self, departs: datetime) -> datetime | None:
        """When the step begins for a train; None for the step that holds from the start."""
        if self.days is not None:
            return kst_at(kst_date(departs) - timedelta(days=self.days), time())
        if self.minutes is not None:
            return departs + timedelta(minutes=self.minutes)
        return None


_AFTER_DEPARTURE = (Step("UNTIL_60_MIN_AFTER", 40, minutes=20), Step("UNTIL_ARRIVAL", 70, minutes=60))

MONDAY_TO_THURSDAY = (
    Step("UNTIL_3_HOURS_BEFORE", 0, minimum_krw=0),
    Step("UNTIL_DEPARTURE", 5, minutes=-180),
    Step("UNTIL_20_MIN_AFTER", 15, minutes=0),
    *_AFTER_DEPARTURE,
)
WEEKEND_AND_HOLIDAYS = (
    Step("UNTIL_2_DAYS_BEFORE", 0),
    Step("DAY_BEFORE", 5, days=1),
    Step("DAY_OF_DEPARTURE", 10, days=0),
    Step("UNTIL_DEPARTURE", 20, minutes=-180),
    Step("UNTIL_20_MIN_AFTER", 30, minutes=0),
    *_AFTER_DEPARTURE,
)
"""In force for trains from 2025-05-28 on, all that can be booked here."""


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What holds now: the step, and when it gives way to the next (arrival for the last)."""

    step: Step
    until: datetime


def steps_for(departs: datetime) -> tuple[Step, ...]:
    """The table for a train's day of departure."""
    return WEEKEND_AND_HOLIDAYS if is_weekend_or_holiday(_day(departs)) else MONDAY_TO_THURSDAY


def refund_terms(departs: datetime, arrives: datetime, now: datetime) -> RefundTerms:
    """The step in force at ``now``. Raises DomainError NO_REFUND_AFTER_ARRIVAL."""
    if now >= arrives:
        raise ERRORS.error("NO_REFUND_AFTER_ARRIVAL", arrivedAt=arrives.isoformat())
    steps = [(step, step.starts(departs)) for step in steps_for(departs)]
    current = max((step for step, start in steps if start is None or start <= now), key=lambda step: step.percent)
    later = [start for step, start in steps if start is not None and start > now and step.percent > current.percent]
    return RefundTerms(current, min([*later, arrives]))


def refund_fee(step: Step, fare_krw: int) -> int:
    """The fee for one ticket in won, in full tens, at least the step's minimum and never above the fare."""
    return min(fare_krw, max(step.minimum_krw, fare_krw * step.percent // 100 // 10 * 10))


def _day(departs: datetime) -> date:
    return kst_date(departs)
