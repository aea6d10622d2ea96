"""What cancelling a confirmed stay costs: a share of the whole price by days left and season of the first night.

NATIONAL   Korea Forest Service for national forests since 2021-07-06: peak from 7.15 to 8.24, free to 5 days before,
           then 10, 30, 50, 80 and 100 % (domain.md section 2 [18]; the shares between are from popular pages)
STANDARD   the consumer dispute resolution standard for lodgings, which municipal and private forests follow: in the
           peak season free to 10 days before, then 10, 30, 50, 80 % (weekend nights 20, 40, 60, 90 %)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from subgraphs.lodge.rules.calendar import SUMMER_PEAK, Season, is_weekend_night

Steps = tuple[tuple[int, int], ...]
"""(days before the first night at least, percent of the price), the earliest day first; the last reaches to day 0."""


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """The fee steps of one kind of operator."""

    code: str
    name_ko: str
    name_en: str
    peak: Season
    peak_weekday: Steps
    peak_weekend: Steps
    off_weekday: Steps
    off_weekend: Steps

    def steps(self, first_night: date) -> Steps:
        """The steps for a stay that begins on ``first_night``."""
        weekend = is_weekend_night(first_night)
        if self.peak.contains(first_night):
            return self.peak_weekend if weekend else self.peak_weekday
        return self.off_weekend if weekend else self.off_weekday

    def percent(self, first_night: date, today: date) -> int:
        """The share kept when cancelled ``today`` (a date in Korea); 100 once the first night has passed."""
        left = (first_night - today).days
        return next((percent for days, percent in self.steps(first_night) if left >= days), 100)

    def fee_krw(self, amount_krw: int, first_night: date, today: date) -> int:
        """The fee in won, fractions of a won dropped."""
        return amount_krw * self.percent(first_night, today) // 100


_OFF_WEEKDAY: Steps = ((2, 0), (1, 10), (0, 20))
_OFF_WEEKEND: Steps = ((2, 0), (1, 20), (0, 30))
_NATIONAL_PEAK: Steps = ((5, 0), (4, 10), (3, 30), (2, 50), (1, 80), (0, 100))

NATIONAL = FeePolicy(
    "NATIONAL",
    "국립자연휴양림 위약금 기준",
    "National recreation forests",
    SUMMER_PEAK,
    _NATIONAL_PEAK,
    _NATIONAL_PEAK,
    _OFF_WEEKDAY,
    _OFF_WEEKEND,
)

STANDARD = FeePolicy(
    "STANDARD",
    "소비자분쟁해결기준 (숙박업)",
    "Consumer dispute resolution standard for lodgings",
    Season((7, 15), (8, 24)),
    ((10, 0), (7, 10), (5, 30), (3, 50), (0, 80)),
    ((10, 0), (7, 20), (5, 40), (3, 60), (0, 90)),
    _OFF_WEEKDAY,
    _OFF_WEEKEND,
)

YEONGWOL = FeePolicy(
    "YEONGWOL",
    "영월군 자연휴양림 위약금 기준",
    "Recreation forests of Yeongwol county",
    Season((7, 1), (8, 31)),
    STANDARD.peak_weekday,
    STANDARD.peak_weekend,
    _OFF_WEEKDAY,
    _OFF_WEEKEND,
)

FEE_POLICIES: Mapping[str, FeePolicy] = MappingProxyType(
    {policy.code: policy for policy in (NATIONAL, STANDARD, YEONGWOL)}
)
"""Fee policy by code, as the lodge table names it."""
