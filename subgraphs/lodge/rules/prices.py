"""The price of a night: four prices a room, by season and weekday, as the Forest Service publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from subgraphs.lodge.rules.calendar import Season, is_weekend_night, nights_from


class Rate(Enum):
    """Which of a room's four prices counts."""

    OFF_PEAK_WEEKDAY = "OFF_PEAK_WEEKDAY"
    OFF_PEAK_WEEKEND = "OFF_PEAK_WEEKEND"
    PEAK_WEEKDAY = "PEAK_WEEKDAY"
    PEAK_WEEKEND = "PEAK_WEEKEND"


@dataclass(frozen=True, slots=True)
class Prices:
    """A room's prices in won for one night."""

    off_weekday: int
    off_weekend: int
    peak_weekday: int
    peak_weekend: int

    def at(self, rate: Rate) -> int:
        """The price in won."""
        return {
            Rate.OFF_PEAK_WEEKDAY: self.off_weekday,
            Rate.OFF_PEAK_WEEKEND: self.off_weekend,
            Rate.PEAK_WEEKDAY: self.peak_weekday,
            Rate.PEAK_WEEKEND: self.peak_weekend,
        }[rate]


def rate_of(night: date, peak: Season) -> Rate:
    """Which price counts for a night."""
    if peak.contains(night):
        return Rate.PEAK_WEEKEND if is_weekend_night(night) else Rate.PEAK_WEEKDAY
    return Rate.OFF_PEAK_WEEKEND if is_weekend_night(night) else Rate.OFF_PEAK_WEEKDAY


def price_of_stay(prices: Prices, peak: Season, first_night: date, nights: int) -> int:
    """The sum of the nights in won."""
    return sum(prices.at(rate_of(night, peak)) for night in nights_from(first_night, nights))
