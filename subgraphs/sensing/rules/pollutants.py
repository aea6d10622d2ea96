"""The six pollutants of Korea's air-quality standards, as AirKorea publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from types import MappingProxyType


class Pollutant(Enum):
    """The value is the kind code of roof-light readings and the column of station rows."""

    PM10 = "pm10"
    PM25 = "pm25"
    O3 = "o3"
    NO2 = "no2"
    CO = "co"
    SO2 = "so2"


@dataclass(frozen=True, slots=True)
class Standard:
    """Unit (UCUM), the step values are truncated to, and the upper ends of the four bands of the index.

    Upper ends (good, moderate, unhealthy, very unhealthy): airkorea.or.kr calculator and air.jeju.go.kr
    (domain.md section 9 [37][39]); the last is where the index reaches 500.
    """

    unit: str
    step: Decimal
    upper: tuple[Decimal, Decimal, Decimal, Decimal]

    def truncated(self, value: float) -> Decimal:
        """The value cut, never rounded, to the step: AirKorea's own replies only fit a cut."""
        return Decimal(repr(value)).quantize(self.step, rounding=ROUND_DOWN)


def _standard(unit: str, step: str, *upper: str) -> Standard:
    a, b, c, d = (Decimal(value) for value in upper)
    return Standard(unit, Decimal(step), (a, b, c, d))


STANDARDS: Mapping[Pollutant, Standard] = MappingProxyType(
    {
        Pollutant.PM10: _standard("ug/m3", "1", "30", "80", "150", "600"),
        Pollutant.PM25: _standard("ug/m3", "1", "15", "35", "75", "500"),
        Pollutant.O3: _standard("[ppm]", "0.001", "0.03", "0.09", "0.15", "0.6"),
        Pollutant.NO2: _standard("[ppm]", "0.001", "0.03", "0.06", "0.2", "2"),
        Pollutant.CO: _standard("[ppm]", "0.01", "2", "9", "15", "50"),
        Pollutant.SO2: _standard("[ppm]", "0.001", "0.02", "0.05", "0.15", "1"),
    }
)
"""Standards by pollutant."""
