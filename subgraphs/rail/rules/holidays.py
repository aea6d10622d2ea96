"""Days on which the weekend rules apply: Friday to Sunday and public holidays of Korea."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays

_FRIDAY = 4


@lru_cache(maxsize=64)
def _of_year(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year))


def is_holiday(day: date) -> bool:
    """A public holiday, substitutes included (PyPI ``holidays``, which follows the Regulation on Public Holidays)."""
    return day in _of_year(day.year)


def is_weekend_or_holiday(day: date) -> bool:
    """Friday, Saturday, Sunday or a public holiday: the refund fees of [9] apply to trains of these days."""
    return day.weekday() >= _FRIDAY or is_holiday(day)


def is_working_day(day: date) -> bool:
    """Monday to Friday and no holiday: the days of weekday discounts."""
    return day.weekday() <= _FRIDAY and not is_holiday(day)
