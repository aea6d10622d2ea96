"""Fares in won. Sources in facts/SOURCES.md.

A published fare wins (Seoul-Busan 59,800, Yongsan-Mokpo 52,800, official series [8]; first class Seoul-Busan 83,700
[10]); other pairs pay by distance at 143 won a kilometre, the rate of the published ones, 8,400 at least.
Fares end in full hundreds, downwards: 59,800 × 1.4 = 83,720 is sold at 83,700. Trains of the Suseo corridor are sold
lower by the discount of their line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from subgraphs.rail.rules.holidays import is_working_day
from subgraphs.rail.rules.passengers import DISCOUNT_PERCENT, WEEKDAYS_ONLY, Passenger

WON_PER_KM = 143
FIRST_CLASS_PERCENT = 140
MINIMUM_KRW = 8_400


class SeatClass(Enum):
    """A class of seats; the value is stored."""

    STANDARD = "STANDARD"
    FIRST = "FIRST"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What an adult pays between two stations, before discounts, by class."""

    standard_krw: int
    first_krw: int

    def of(self, seat_class: SeatClass) -> int:
        """The adult fare of a class."""
        return self.first_krw if seat_class is SeatClass.FIRST else self.standard_krw


def tariff(
    *,
    km: float,
    published_krw: int | None = None,
    published_first_krw: int | None = None,
    line_discount_percent: int = 0,
) -> Tariff:
    """The tariff of a pair ``km`` apart on the train's way; published fares win over the kilometre rule."""
    standard = (
        published_krw
        if published_krw is not None
        else max(MINIMUM_KRW, full_hundreds(round(km * 10) * WON_PER_KM // 10))
    )
    first = published_first_krw if published_first_krw is not None else percent(standard, FIRST_CLASS_PERCENT)
    rest = 100 - line_discount_percent
    return Tariff(percent(standard, rest), percent(first, rest))


def fare(adult_krw: int, passenger: Passenger, day: date) -> int:
    """What one passenger pays on ``day`` where an adult pays ``adult_krw``."""
    if passenger in WEEKDAYS_ONLY and not is_working_day(day):
        return adult_krw
    return percent(adult_krw, 100 - DISCOUNT_PERCENT[passenger])


def percent(amount_krw: int, rate: int) -> int:
    """``rate`` percent of an amount, in full hundreds."""
    return full_hundreds(amount_krw * rate // 100)


def full_hundreds(amount_krw: int) -> int:
    """The amount without what is below a hundred won."""
    return amount_krw // 100 * 100
