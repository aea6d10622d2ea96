"""The simulated course of a station: made up, labelled so everywhere, and the same on every machine.

Each station and day has its own level (drawn from a hash, blended from day to day); on it lie a season (particles are
high from winter to spring), two rush hours (NO2, CO and particles) and the afternoon hump of ozone.
"""

from __future__ import annotations

import hashlib
import math
from datetime import date, datetime, timedelta
from functools import lru_cache

from subgraphs.kit.time import in_kst
from subgraphs.sensing.rules.pollutants import STANDARDS, Pollutant

_BASE = {
    Pollutant.PM10: 38.0,
    Pollutant.PM25: 20.0,
    Pollutant.O3: 0.028,
    Pollutant.NO2: 0.020,
    Pollutant.CO: 0.45,
    Pollutant.SO2: 0.003,
}
_TRAFFIC = {Pollutant.PM10: 0.2, Pollutant.PM25: 0.25, Pollutant.NO2: 0.7, Pollutant.CO: 0.4, Pollutant.SO2: 0.2}
_WINTER = {Pollutant.PM10: 0.35, Pollutant.PM25: 0.45, Pollutant.NO2: 0.3, Pollutant.CO: 0.3, Pollutant.O3: -0.35}


def simulated_hour(station_id: str, moment: datetime) -> dict[Pollutant, float]:
    """All six pollutants of a station for the hour of ``moment``, in their units and steps."""
    local = in_kst(moment)
    hour = local.hour
    day_of_year = local.timetuple().tm_yday
    winter = math.cos(2 * math.pi * (day_of_year - 45) / 365)
    rush = math.exp(-(((hour - 8) / 2.2) ** 2)) + 0.8 * math.exp(-(((hour - 19) / 2.8) ** 2))
    afternoon = math.exp(-(((hour - 15) / 3.5) ** 2))
    values = {}
    for pollutant, base in _BASE.items():
        level = base * _daily(station_id, pollutant, local.date(), hour)
        level *= 1 + _WINTER.get(pollutant, 0.0) * winter + _TRAFFIC.get(pollutant, 0.0) * rush
        if pollutant is Pollutant.O3:
            level *= 0.55 + 1.1 * afternoon
        level *= 0.94 + 0.12 * _unit(station_id, pollutant.value, local.strftime("%Y%m%d%H"))
        values[pollutant] = float(STANDARDS[pollutant].truncated(max(level, float(STANDARDS[pollutant].step))))
    return values


def _daily(station_id: str, pollutant: Pollutant, day: date, hour: int) -> float:
    """The level of the day, 0.5 to 1.7, gliding into the next day's."""
    today = _level(station_id, pollutant, day)
    tomorrow = _level(station_id, pollutant, day + timedelta(days=1))
    return today + (tomorrow - today) * hour / 24


@lru_cache(maxsize=4096)
def _level(station_id: str, pollutant: Pollutant, day: date) -> float:
    return 0.5 + 1.2 * math.pow(_unit(station_id, pollutant.value, day.isoformat()), 1.3)


def _unit(*words: str) -> float:
    digest = hashlib.blake2b("|".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
