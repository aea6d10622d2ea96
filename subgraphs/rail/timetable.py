"""The read model of rail: stations, trains and fares as frozen values, made once from the tables and asked in memory.

Trains run every day of the booking horizon, so a run is a (train, day) pair made on demand; no date is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache

from subgraphs.kit.places import Point
from subgraphs.kit.time import KST
from subgraphs.rail.errors import ERRORS
from subgraphs.rail.rules.fares import Tariff, tariff
from subgraphs.rail.rules.seats import SeatMap
from subgraphs.rail.rules.window import SalesPolicy

FORMER_BRANDS = {"SRT": "SUSEO"}
"""Brands people still search by, and the corridor they meant (SRT was sold until 2026-08-31 [1])."""


@dataclass(frozen=True, slots=True)
class Station:
    """A station with its external ids."""

    id: str
    name_ko: str
    name_en: str
    point: Point
    korail_code: str | None
    tago_node_id: str | None
    is_ktx: bool


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs trains and by which sales policy."""

    id: str
    name_ko: str
    name_en: str
    policy: SalesPolicy


@dataclass(frozen=True, slots=True)
class Branding:
    """A corridor's brand and operator from a day on."""

    valid_from: date
    brand: str
    operator: Operator


@dataclass(frozen=True, slots=True)
class TrainStop:
    """A stop of a train: minutes after midnight KST of the day it starts, and km from its first stop.

    ``published`` tells the times of the timetable from those interpolated between them by distance.
    """

    station: Station
    arrives_minute: int
    departs_minute: int
    km: float
    published: bool


@dataclass(frozen=True)
class Train:
    """A daily train."""

    number: str
    stops: tuple[TrainStop, ...]
    seat_map: SeatMap
    brandings: tuple[Branding, ...]
    corridor: str
    discount_percent: int

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Index of the stop at a station id."""
        return {stop.station.id: index for index, stop in enumerate(self.stops)}

    def branding(self, day: date) -> Branding:
        """Brand and operator on a day."""
        return self.brandings[max(0, bisect_right([branding.valid_from for branding in self.brandings], day) - 1)]

    def is_sold_as(self, brand: str, day: date) -> bool:
        """Whether someone who asks for ``brand`` (a former one too) means this train."""
        return self.branding(day).brand == brand or FORMER_BRANDS.get(brand) == self.corridor


@dataclass(frozen=True)
class Ride:
    """A train on a day between two of its stops: what is searched, held and ticketed."""

    train: Train
    day: date
    origin: int
    destination: int

    @property
    def id(self) -> str:
        """``<train>.<day>.<origin>.<destination>``: the key of ``TrainRun``."""
        origin, destination = self.train.stops[self.origin], self.train.stops[self.destination]
        return f"{self.train.number}.{self.day.isoformat()}.{origin.station.id}.{destination.station.id}"

    @property
    def departs(self) -> datetime:
        """Departure from the origin, KST."""
        return moment(self.day, self.train.stops[self.origin].departs_minute)

    @property
    def arrives(self) -> datetime:
        """Arrival at the destination, KST."""
        return moment(self.day, self.train.stops[self.destination].arrives_minute)

    @property
    def km(self) -> float:
        """Length of the way."""
        return self.train.stops[self.destination].km - self.train.stops[self.origin].km

    @property
    def legs(self) -> range:
        """The legs between neighbouring stops that this ride takes; leg n runs from stop n to stop n + 1."""
        return range(self.origin, self.destination)


@lru_cache(maxsize=128)
def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=KST)


def moment(day: date, minute: int) -> datetime:
    """The moment ``minute`` minutes after midnight in Korea."""
    return _midnight(day) + timedelta(minutes=minute)


@dataclass(frozen=True)
class Timetable:
    """Everything about trains that does not change with a booking."""

    stations: Mapping[str, Station]
    trains: Mapping[str, Train]
    published_fares: Mapping[frozenset[str], tuple[int, int | None]]
    brands: frozenset[str]
    _tariffs: dict[tuple[str, int, int], Tariff] = field(default_factory=dict, compare=False)

    @cached_property
    def by_korail_code(self) -> Mapping[str, Station]:
        """Stations by their four-digit code."""
        return {station.korail_code: station for station in self.stations.values() if station.korail_code}

    @cached_property
    def _pairs(self) -> Mapping[tuple[str, str], tuple[tuple[Train, int, int], ...]]:
        """Trains between two stations by (origin, destination), in order of departure."""
        found: dict[tuple[str, str], list[tuple[Train, int, int]]] = {}
        for train in self.trains.values():
            for start, origin in enumerate(train.stops):
                for end in range(start + 1, len(train.stops)):
                    pair = (origin.station.id, train.stops[end].station.id)
                    found.setdefault(pair, []).append((train, start, end))
        return {
            pair: tuple(sorted(rides, key=lambda ride: (ride[0].stops[ride[1]].departs_minute, ride[0].number)))
            for pair, rides in found.items()
        }

    def find_station(self, key: str) -> Station | None:
        """The station of an id or KORAIL code, None when there is none."""
        return self.stations.get(key) or self.by_korail_code.get(key)

    def station(self, key: str) -> Station:
        """As ``find_station``. Raises DomainError UNKNOWN_STATION."""
        found = self.find_station(key)
        if found is None:
            raise ERRORS.error("UNKNOWN_STATION", station=key[:64])
        return found

    def search(self, text: str) -> list[Station]:
        """Stations whose name has ``text``, or all of them; by Korean name."""
        wanted = text.replace(" ", "").lower()
        return sorted(
            (
                station
                for station in self.stations.values()
                if wanted in station.name_ko.replace(" ", "") or wanted in station.name_en.replace(" ", "").lower()
            ),
            key=lambda station: (station.name_ko, station.id),
        )

    def rides(self, origin_id: str, destination_id: str, day: date, brand: str | None = None) -> list[Ride]:
        """Rides between two stations on a day, by departure. Raises DomainError UNKNOWN_BRAND."""
        if brand is not None and brand not in self.brands and brand not in FORMER_BRANDS:
            raise ERRORS.error("UNKNOWN_BRAND", brand=brand[:32])
        return [
            Ride(train, day, start, end)
            for train, start, end in self._pairs.get((origin_id, destination_id), ())
            if brand is None or train.is_sold_as(brand, day)
        ]

    def ride(self, number: str, day: date, origin_id: str, destination_id: str) -> Ride | None:
        """The ride of a train between two stations, None when it does not go that way."""
        train = self.trains.get(number)
        if train is None:
            return None
        start, end = train.positions.get(origin_id), train.positions.get(destination_id)
        return Ride(train, day, start, end) if start is not None and end is not None and start < end else None

    def read_ride_id(self, ride_id: str) -> Ride | None:
        """The ride of a ``TrainRun`` id, None for anything that is not one."""
        number, _, rest = ride_id.partition(".")
        day, _, rest = rest.partition(".")
        origin_id, _, destination_id = rest.partition(".")
        try:
            on = date.fromisoformat(day)
        except ValueError:
            return None
        ride = self.ride(number, on, origin_id, destination_id)
        # Times of the first and last days of the calendar do not exist in UTC.
        return ride if ride is not None and 1900 < on.year < 9999 and ride.id == ride_id else None

    def tariff(self, ride: Ride) -> Tariff:
        """What an adult pays for a ride."""
        key = (ride.train.number, ride.origin, ride.destination)
        known = self._tariffs.get(key)
        if known is None:
            ends = frozenset(ride.train.stops[index].station.id for index in (ride.origin, ride.destination))
            standard, first = self.published_fares.get(ends, (None, None))
            known = self._tariffs[key] = tariff(
                km=ride.km,
                published_krw=standard,
                published_first_krw=first,
                line_discount_percent=ride.train.discount_percent,
            )
        return known


def stops_between(
    way: Iterable[tuple[Station, float]], departs_minute: int, arrives_minute: int
) -> tuple[TrainStop, ...]:
    """The stops of a train from its published times at the ends; those between are interpolated by distance.

    An interpolated stop is left at the minute it is reached: the published total already holds the waiting.
    """
    stations = list(way)
    start, length = stations[0][1], stations[-1][1] - stations[0][1]
    stops = []
    for index, (station, km) in enumerate(stations):
        at_end = index in (0, len(stations) - 1)
        minute = departs_minute + round((arrives_minute - departs_minute) * (km - start) / length)
        stops.append(TrainStop(station, minute, minute, round(km - start, 1), at_end))
    return tuple(stops)
