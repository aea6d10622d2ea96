"""Air grades and the Comprehensive Air-quality Index (통합대기환경지수, CAI) of Korea.

    index of a pollutant = (I_hi - I_lo) / (BP_hi - BP_lo) x (C - BP_lo) + I_lo, cut to a whole number
    CAI = the largest of them, +50 when two pollutants are unhealthy or worse, +75 when three or more are

Particles enter as a 24-hour forecast average: C24E = (C12 x 12 + C4 x 12) / 24, where C12 is the mean of the last 12
hours and C4 that of Ca over the last 4, Ca = 0.75 C where C >= M and 0.9 <= C / C12 <= 1.7, else C; M is 70 for PM10
and 30 for PM2.5. Source: airkorea.or.kr, air.jeju.go.kr (domain.md section 9 [38][39]). Arithmetic is decimal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from subgraphs.sensing.rules.pollutants import STANDARDS, Pollutant

_INDEX = ((0, 50), (51, 100), (101, 250), (251, 500))
_NEEDED = (Pollutant.PM10, Pollutant.PM25, Pollutant.O3, Pollutant.NO2)
_FORECAST_M = {Pollutant.PM10: Decimal(70), Pollutant.PM25: Decimal(30)}
_HOURS_OF_12 = 9
_HOURS_OF_4 = 3


class Grade(Enum):
    """The four grades; the value is AirKorea's number."""

    GOOD = 1
    MODERATE = 2
    UNHEALTHY = 3
    VERY_UNHEALTHY = 4

    @property
    def name_ko(self) -> str:
        """As AirKorea words it."""
        return ("좋음", "보통", "나쁨", "매우나쁨")[self.value - 1]

    @property
    def name_en(self) -> str:
        """As AirKorea's English pages word it."""
        return ("Good", "Moderate", "Unhealthy", "Very unhealthy")[self.value - 1]


def grade_of(pollutant: Pollutant, value: float) -> Grade:
    """The grade of a concentration in the pollutant's unit; negative values grade as zero."""
    return Grade(_band(pollutant, STANDARDS[pollutant].truncated(max(value, 0.0))) + 1)


def _band(pollutant: Pollutant, concentration: Decimal) -> int:
    upper = STANDARDS[pollutant].upper
    return next((band for band in range(3) if concentration <= upper[band]), 3)


def index_of(pollutant: Pollutant, value: float) -> int:
    """The index (0 to 500) of a concentration in the pollutant's unit."""
    standard = STANDARDS[pollutant]
    concentration = min(standard.truncated(max(value, 0.0)), standard.upper[3])
    band = _band(pollutant, concentration)
    low = standard.upper[band - 1] + standard.step if band else Decimal(0)
    index_low, index_high = _INDEX[band]
    slope = Decimal(index_high - index_low) / (standard.upper[band] - low)
    return int(slope * (concentration - low) + index_low)


@dataclass(frozen=True, slots=True)
class Cai:
    """The index, its grade, and the pollutant that decided it."""

    value: int
    grade: Grade
    dominant: Pollutant


def cai_of(concentrations: Mapping[Pollutant, float]) -> Cai | None:
    """The CAI of concentrations (particles as ``forecast_average``); None without PM10, PM2.5, O3 and NO2."""
    if any(pollutant not in concentrations for pollutant in _NEEDED):
        return None
    indices = {pollutant: index_of(pollutant, value) for pollutant, value in concentrations.items()}
    dominant = max(indices, key=lambda pollutant: indices[pollutant])
    unhealthy = sum(
        _band(pollutant, STANDARDS[pollutant].truncated(value)) >= 2 for pollutant, value in concentrations.items()
    )
    value = indices[dominant] + (75 if unhealthy >= 3 else 50 if unhealthy == 2 else 0)
    return Cai(value, grade_of_index(value), dominant)


def grade_of_index(value: int) -> Grade:
    """The grade of an index."""
    return Grade(next((band for band, (_, high) in enumerate(_INDEX) if value <= high), 3) + 1)


def forecast_average(pollutant: Pollutant, hours: Sequence[float | None]) -> float | None:
    """C24E of PM10 or PM2.5 from the last hours, the latest last; None marks a missing hour.

    None when fewer than 9 of the last 12 or 3 of the last 4 hours are there.
    """
    last_12 = [_exact(value) for value in hours[-12:] if value is not None]
    last_4 = [_exact(value) for value in hours[-4:] if value is not None]
    if len(last_12) < _HOURS_OF_12 or len(last_4) < _HOURS_OF_4:
        return None
    c12 = _mean(last_12)
    c4 = _mean([_damped(pollutant, value, c12) for value in last_4])
    return float((c12 * 12 + c4 * 12) / 24)


def _damped(pollutant: Pollutant, value: Decimal, c12: Decimal) -> Decimal:
    steady = value >= _FORECAST_M[pollutant] and Decimal("0.9") * c12 <= value <= Decimal("1.7") * c12
    return value * Decimal("0.75") if steady else value


def _mean(values: Sequence[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values)


def _exact(value: float) -> Decimal:
    return Decimal(repr(value))
