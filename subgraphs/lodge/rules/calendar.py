"""Nights as the forests see them. A night is named by the day it begins on, in Korea.

Public holidays come from the PyPI package ``holidays`` (the presidential decree on public holidays of government
offices, with substitute days).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

_ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=64)
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year).keys())


def is_holiday(day: date) -> bool:
    """Whether the day is a public holiday in Korea (Sundays as such are not)."""
    return day in _holidays_of(day.year)


def warm_calendar(day: date) -> None:
    """Work out the holidays of the years around a day, so that no request waits for it."""
    for year in (day.year - 1, day.year, day.year + 1, day.year + 2):
        _holidays_of(year)


def is_weekend_night(night: date) -> bool:
    """Friday, Saturday, or the eve of a public holiday: the nights with weekend prices, fees and lotteries."""
    return night.weekday() in (FRIDAY, SATURDAY) or is_holiday(night + _ONE_DAY)


@dataclass(frozen=True, slots=True)
class Season:
    """A part of every year, first and last day included, as (month, day); it does not cross New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def contains(self, day: date) -> bool:
        """Whether the day is in the season."""
        return self.first <= (day.month, day.day) <= self.last


SUMMER_PEAK = Season((7, 15), (8, 24))
"""National forests since 2021-07-06 (Korea Forest Service notice, domain.md section 2 [18])."""


def nights_from(first: date, count: int) -> Iterator[date]:
    """The nights of a stay of ``count`` nights."""
    return (first + timedelta(days=offset) for offset in range(count))


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """The weekly closing of a forest: ``weekdays`` (0 is Monday). The peak season has no closing days."""

    weekdays: frozenset[int]
    peak: Season = SUMMER_PEAK

    def closes(self, night: date) -> bool:
        """Whether no one stays this night."""
        return night.weekday() in self.weekdays and not self.peak.contains(night)
