"""Seat maps and the choice of seats.

Totals (facts/SOURCES.md): KTX-1 955, SRT 410 [2], KTX-이음 381 in 6 cars, KTX-청룡 515 in 8. How they spread over
the cars is our design (the maps are not published as data), as is row + letter: A-D, in first class A-C, with A and the
last letter at the window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from subgraphs.rail.rules.fares import SeatClass


class Preference(Enum):
    """Where one likes to sit. A wish, not a condition: other seats are given when none of these is left."""

    ANY = "ANY"
    WINDOW = "WINDOW"
    AISLE = "AISLE"


class SeatState(Enum):
    """What is left of a class."""

    AVAILABLE = "AVAILABLE"
    FEW = "FEW"
    SOLD_OUT = "SOLD_OUT"


FEW_SEATS = 10
"""At most this many left is called few."""


@dataclass(frozen=True, slots=True, order=True)
class Seat:
    """One seat: the car's number and the seat's number within it, both from 1."""

    car: int
    number: int


@dataclass(frozen=True, slots=True)
class Car:
    """A passenger car: how many seats, and how many abreast."""

    number: int
    seat_class: SeatClass
    seats: int
    abreast: int

    def label(self, number: int) -> str:
        """Row and letter, as on the ticket: seat 7 of a car with four abreast is ``2C``."""
        row, column = divmod(number - 1, self.abreast)
        return f"{row + 1}{'ABCD'[column]}"

    def row(self, number: int) -> int:
        """The row of a seat, from 1."""
        return (number - 1) // self.abreast + 1

    def at_window(self, number: int) -> bool:
        """Whether the seat is at a window (the others are at the aisle)."""
        return (number - 1) % self.abreast in (0, self.abreast - 1)


@dataclass(frozen=True)
class SeatMap:
    """The cars of one kind of train."""

    name: str
    cars: tuple[Car, ...]

    @cached_property
    def by_number(self) -> dict[int, Car]:
        """Cars by their number."""
        return {car.number: car for car in self.cars}

    @cached_property
    def totals(self) -> dict[SeatClass, int]:
        """Seats by class."""
        return {kind: sum(car.seats for car in self.cars if car.seat_class is kind) for kind in SeatClass}

    def seats_of(self, seat_class: SeatClass) -> Iterable[Seat]:
        """All seats of a class in the order they are sold."""
        for car in self.cars:
            if car.seat_class is seat_class:
                yield from (Seat(car.number, number) for number in range(1, car.seats + 1))

    def label(self, seat: Seat) -> str:
        """``"5-2C"`` style parts are kept apart: this is the row and letter only."""
        return self.by_number[seat.car].label(seat.number)


def _map(
    name: str, first: Sequence[tuple[int, int]], standard: Sequence[tuple[int, int]], first_abreast: int
) -> SeatMap:
    cars = [Car(number, SeatClass.FIRST, seats, first_abreast) for number, seats in first]
    cars += [Car(number, SeatClass.STANDARD, seats, 4) for number, seats in standard]
    return SeatMap(name, tuple(sorted(cars, key=lambda car: car.number)))


SEAT_MAPS: dict[str, SeatMap] = {
    seat_map.name: seat_map
    for seat_map in (
        _map(
            "KTX-1",
            first=[(2, 42), (3, 42), (4, 43)],
            standard=[(1, 56), *((car, 55) for car in range(5, 17)), (17, 56), (18, 56)],
            first_abreast=3,
        ),
        _map(
            "KTX-산천",
            first=[(3, 33)],
            standard=[(1, 53), (2, 53), (4, 53), (5, 53), (6, 53), (7, 56), (8, 56)],
            first_abreast=3,
        ),
        _map("KTX-이음", first=[(1, 46)], standard=[(car, 67) for car in range(2, 7)], first_abreast=4),
        _map("KTX-청룡", first=[(1, 46)], standard=[(car, 67) for car in range(2, 9)], first_abreast=4),
    )
}


def seat_state(free: int) -> SeatState:
    """What is said about ``free`` seats."""
    if free <= 0:
        return SeatState.SOLD_OUT
    return SeatState.FEW if free <= FEW_SEATS else SeatState.AVAILABLE


def choose_seats(
    seat_map: SeatMap, taken: Collection[Seat], seat_class: SeatClass, count: int, preference: Preference
) -> tuple[Seat, ...] | None:
    """``count`` free seats of a class, or None when there are fewer.

    A party sits in one car where one has room, in as few rows and with as few strangers between as can be; among
    equals the wish decides, then the order of sale, so that the same question has the same answer.
    """
    gone = frozenset(taken)
    free = [seat for seat in seat_map.seats_of(seat_class) if seat not in gone]
    if len(free) < count:
        return None
    best: tuple[tuple[int, int, int, Seat], tuple[Seat, ...]] | None = None
    for car in seat_map.cars:
        here = [seat for seat in free if seat.car == car.number]
        for start in range(len(here) - count + 1):
            group = tuple(here[start : start + count])
            rows = car.row(group[-1].number) - car.row(group[0].number)
            strangers = group[-1].number - group[0].number - (count - 1)
            missed = sum(not _suits(car, seat, preference) for seat in group)
            rank = (rows, strangers, missed, group[0])
            if best is None or rank < best[0]:
                best = (rank, group)
    return best[1] if best is not None else tuple(free[:count])


def _suits(car: Car, seat: Seat, preference: Preference) -> bool:
    return preference is Preference.ANY or car.at_window(seat.number) is (preference is Preference.WINDOW)
