"""Simulated taxis: pure, seeded, repeatable. The same seed, start and step give the same messages.

A taxi drives from place to place along its city's roads, slows down for traffic, and measures an invented but coherent
air: a city-wide level that drifts over hours, plumes fixed to the ground, and traffic of the hour, from which dust,
gases, noise, light and crowd follow. Nothing here claims to be a measurement: the ids say `sim-` or `demo-`.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

from sensors_bridge.areas import metres_between
from sensors_bridge.catalogue import KINDS
from sensors_bridge.streets import DAEGWALLYEONG, DAEJEON, GANGNEUNG, GANGNEUNG_STATION, INCHEON, SEOUL, City
from sensors_bridge.topics import encode, topic_of

_KST_MS = 9 * 3_600_000
_HOUR_MS = 3_600_000
# Sim taxis are dealt to the cities in this turn: half of them drive in Seoul.
_TURN = (SEOUL, DAEJEON, SEOUL, INCHEON)
# One stays by the station and one by the lodge, so that there are always fresh readings within a kilometre of both.
_DEMONSTRATION = (GANGNEUNG_STATION, GANGNEUNG, DAEGWALLYEONG)
DEMONSTRATION_VEHICLES = len(_DEMONSTRATION)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message of one taxi, before it is encoded. `due_ms` is milliseconds after the start."""

    city: str
    device: str
    boot: int
    seq: int
    due_ms: int
    at: int
    lat: float
    lon: float
    values: dict[str, float]

    @property
    def topic(self) -> str:
        return topic_of(self.city, self.device)

    @property
    def payload(self) -> bytes:
        return encode(
            device=self.device,
            boot=self.boot,
            seq=self.seq,
            at=self.at,
            lat=self.lat,
            lon=self.lon,
            values=self.values,
        )


class Taxi:
    """One vehicle's drive. `step` moves it on and measures."""

    def __init__(self, device: str, city: City, seed: int, boot: int) -> None:
        self.device = device
        self.city = city
        self._boot = boot
        self._seq = 0
        self._random = random.Random(f"{seed}/{device}")  # noqa: S311
        self._roads = city.neighbours()
        self._here = self._random.choice(sorted(self._roads))
        self._there = self._random.choice(self._roads[self._here])
        self._gone_m = self._random.random() * self._leg_m()
        self._cruise_kmh = self._random.uniform(28, 46)
        self._speed_kmh = self._cruise_kmh / 2
        self._bias = self._random.gauss(1.0, 0.04)
        self._sent_at: dict[str, int] = {}

    def step(self, at: int, passed_ms: int, due_ms: int) -> Sample:
        """Drive for `passed_ms`, then measure what is due at `at` (ms UTC)."""
        jam = _traffic(at)
        wanted = self._cruise_kmh * (1.15 - 0.7 * jam) * self._random.uniform(0.55, 1.3)
        self._speed_kmh += (wanted - self._speed_kmh) * min(1.0, passed_ms / 8_000)
        self._gone_m += self._speed_kmh / 3.6 * passed_ms / 1000
        while self._gone_m >= (leg := self._leg_m()):
            self._gone_m -= leg
            onward = [place for place in self._roads[self._there] if place != self._here] or [self._here]
            self._here, self._there = self._there, self._random.choice(onward)
        lat, lon = self._position()
        self._seq += 1
        values = self._due(self._measure(at, lat, lon, jam), at, passed_ms)
        return Sample(self.city.code, self.device, self._boot, self._seq, due_ms, at, lat, lon, values)

    def _leg_m(self) -> float:
        return metres_between(*self.city.places[self._here], *self.city.places[self._there])

    def _position(self) -> tuple[float, float]:
        (lat, lon), (to_lat, to_lon) = self.city.places[self._here], self.city.places[self._there]
        share = self._gone_m / self._leg_m()
        jitter = self._random.gauss(0, 2e-5)  # GNSS, about two metres
        return round(lat + (to_lat - lat) * share + jitter, 6), round(lon + (to_lon - lon) * share - jitter, 6)

    def _due(self, measured: dict[str, float], at: int, passed_ms: int) -> dict[str, float]:
        """By each kind's cadence, to the nearest message; the quickest kinds go with every message."""
        due: dict[str, float] = {}
        for code, value in measured.items():
            kind = KINDS[code]
            wait_ms = kind.cadence_s * 1000 - passed_ms / 2
            if kind.cadence_s == 1 or at - self._sent_at.get(code, -_HOUR_MS) >= wait_ms:
                self._sent_at[code] = at
                due[code] = round(min(max(value, kind.minimum), kind.maximum), 3)
        return due

    def _measure(self, at: int, lat: float, lon: float, jam: float) -> dict[str, float]:
        chance = self._random
        hour = (at + _KST_MS) % 86_400_000 / _HOUR_MS
        sun = max(0.0, math.sin((hour - 6.5) / 12 * math.pi))
        ground = 0.5 + 0.5 * math.sin(lat * 900 + 1.3) * math.cos(lon * 700)  # plumes that stay where they are
        drift = math.sin(at / (7.3 * _HOUR_MS)) + 0.6 * math.sin(at / (2.9 * _HOUR_MS) + 1)
        hills = 0.7 if self.city is DAEGWALLYEONG else 1.0
        pm10 = hills * self._bias * (26 + 9 * drift + 12 * ground + 14 * jam) * math.exp(chance.gauss(0, 0.05))
        pm25 = pm10 * (0.46 + 0.06 * drift) * math.exp(chance.gauss(0, 0.04))
        temperature = 7 + 6 * math.sin((hour - 9) / 12 * math.pi) + 1.5 * jam - (4 if hills < 1 else 0)
        temperature += chance.gauss(0, 0.15)
        humidity = 68 - 2.1 * (temperature - 7) + 4 * drift + chance.gauss(0, 0.8)
        noise = 52 + 13 * jam + 0.16 * self._speed_kmh + 3 * ground + chance.gauss(0, 1.6)
        walking = 18 * ground * (0.2 + sun + 0.5 * jam)
        return {
            "pm10": pm10,
            "pm25": pm25,
            "pm1": pm25 * 0.68,
            "pm_count": pm25 * 42 + chance.gauss(0, 20),
            "air_temp": temperature,
            "rel_humidity": humidity,
            "air_pressure": (921 if hills < 1 else 1016) + 2 * drift,
            "road_temp": temperature + 9 * sun + chance.gauss(0, 0.4),
            "wind_speed": abs(1.8 + 0.8 * drift + chance.gauss(0, 0.4)),
            "no2": 0.012 + 0.03 * jam + 0.006 * ground,
            "o3": max(0.004, 0.016 + 0.03 * sun - 0.012 * jam),
            "co": 0.3 + 0.5 * jam + 0.1 * ground,
            "co2": 428 + 45 * jam + 12 * ground + chance.gauss(0, 3),
            "laeq": noise,
            "lmax": noise + abs(chance.gauss(7, 2)),
            "l90": noise - abs(chance.gauss(8, 1.5)),
            "illuminance": 60_000 * sun**1.3 + (25 if sun == 0 else 0) + abs(chance.gauss(0, 2)),
            "street_light": (40 * (0.3 + ground) if sun < 0.05 else 600 * sun) + abs(chance.gauss(0, 1)),
            "speed": self._speed_kmh,
            "ped_count": float(max(0, round(chance.gauss(walking, 1.5)))),
            "veh_count": float(max(0, round(chance.gauss(3 + 14 * jam, 1.5)))),
            "wifi_devices": float(max(0, round(chance.gauss(5 + 3 * walking, 3)))),
            "road_rough": abs(1.6 + 1.2 * ground + chance.gauss(0, 0.3)),
            "gamma": 0.11 + 0.02 * ground + chance.gauss(0, 0.004),
            "enclosure_temp": temperature + 12 + 10 * sun,
            "supply_v": 13.6 + chance.gauss(0, 0.1),
        }


def fleet(taxis: int, seed: int, boot: int, demonstration: bool = True) -> list[Taxi]:
    """`taxis` simulated taxis in Seoul, Daejeon and Incheon, and three demonstration vehicles around Gangneung."""
    cars: list[Taxi] = []
    numbers = Counter[str]()
    for city in islice(cycle(_TURN), taxis):
        numbers[city.code] += 1
        cars.append(Taxi(f"sim-{city.code}-{numbers[city.code]:04d}", city, seed, boot))
    if demonstration:
        for number, city in enumerate(_DEMONSTRATION, 1):
            cars.append(Taxi(f"demo-{city.code}-{number:02d}", city, seed, boot))
    return cars


def drive(cars: list[Taxi], rate: float, start: int) -> Iterator[Sample]:
    """Endless messages in the order they are due: `rate` a second and car, spread evenly, from `start` (ms UTC)."""
    interval = 1000.0 / rate
    turn = 0
    while True:
        for number, car in enumerate(cars):
            due = int((turn + number / len(cars)) * interval)
            yield car.step(start + due, int(interval), due)
        turn += 1


def _traffic(at: int) -> float:
    """How full the roads are at this moment, 0 to 1: two peaks a day, quiet at night, less at weekends (KST)."""
    days, rest = divmod(at + _KST_MS, 86_400_000)
    hour = rest / _HOUR_MS
    peaks = math.exp(-(((hour - 8.2) / 1.6) ** 2)) + 0.95 * math.exp(-(((hour - 18.4) / 2.0) ** 2))
    day = 0.45 * math.exp(-(((hour - 14) / 5) ** 2))
    weekend = (days + 3) % 7 >= 5  # 1 January 1970 was a Thursday
    return min(1.0, (0.65 if weekend else 1.0) * (0.06 + peaks * 0.8 + day))
