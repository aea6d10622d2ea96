"""Seat maps and the choice of seats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.rail.rules.fares import SeatClass
from subgraphs.rail.rules.seats import SEAT_MAPS, Preference, Seat, SeatState, choose_seats, seat_state

EUM = SEAT_MAPS["KTX-이음"]
STANDARD, FIRST = SeatClass.STANDARD, SeatClass.FIRST


@pytest.mark.parametrize(
    ("name", "seats", "cars"), [("KTX-1", 955, 18), ("KTX-산천", 410, 8), ("KTX-이음", 381, 6), ("KTX-청룡", 515, 8)]
)
def test_totals_of_the_train_sets(name: str, seats: int, cars: int) -> None:
    assert sum(SEAT_MAPS[name].totals.values()) == seats
    assert [car.number for car in SEAT_MAPS[name].cars] == list(range(1, cars + 1))


@pytest.mark.parametrize(
    ("train", "seat", "label", "window"),
    [
        ("KTX-이음", Seat(2, 1), "1A", True),
        ("KTX-이음", Seat(2, 7), "2C", False),
        ("KTX-이음", Seat(2, 8), "2D", True),
        ("KTX-1", Seat(2, 2), "1B", False),
        ("KTX-1", Seat(2, 3), "1C", True),
        ("KTX-1", Seat(2, 4), "2A", True),
    ],
)
def test_rows_letters_and_windows(train: str, seat: Seat, label: str, window: bool) -> None:
    assert SEAT_MAPS[train].label(seat) == label
    assert SEAT_MAPS[train].by_number[seat.car].at_window(seat.number) is window


@pytest.mark.parametrize(
    ("taken", "kind", "count", "preference", "chosen"),
    [
        ([], STANDARD, 1, Preference.ANY, [(2, 1)]),
        ([], STANDARD, 1, Preference.AISLE, [(2, 2)]),
        ([(2, 1)], STANDARD, 1, Preference.WINDOW, [(2, 4)]),
        ([], FIRST, 2, Preference.ANY, [(1, 1), (1, 2)]),
        ([(2, 2)], STANDARD, 2, Preference.ANY, [(2, 3), (2, 4)]),
        ([], STANDARD, 4, Preference.WINDOW, [(2, 1), (2, 2), (2, 3), (2, 4)]),
    ],
)
def test_choice(
    taken: list[tuple[int, int]], kind: SeatClass, count: int, preference: Preference, chosen: list[tuple[int, int]]
) -> None:
    found = choose_seats(EUM, [Seat(*seat) for seat in taken], kind, count, preference)
    assert found == tuple(Seat(*seat) for seat in chosen)


def test_a_wish_gives_way_when_no_such_seat_is_left() -> None:
    windows = [seat for seat in EUM.seats_of(STANDARD) if EUM.by_number[seat.car].at_window(seat.number)]
    found = choose_seats(EUM, windows, STANDARD, 1, Preference.WINDOW)
    assert found == (Seat(2, 2),)


def test_a_party_that_fits_no_car_is_spread() -> None:
    taken = [seat for seat in EUM.seats_of(STANDARD) if seat.number > 1]
    found = choose_seats(EUM, taken, STANDARD, 3, Preference.ANY)
    assert found == (Seat(2, 1), Seat(3, 1), Seat(4, 1))


seats = st.sampled_from(sorted(EUM.seats_of(STANDARD)) + sorted(EUM.seats_of(FIRST)))


@given(st.sets(seats, max_size=381), st.sampled_from(SeatClass), st.integers(1, 9), st.sampled_from(Preference))
def test_chosen_seats_are_free_distinct_and_of_the_class(
    taken: set[Seat], kind: SeatClass, count: int, preference: Preference
) -> None:
    free = set(EUM.seats_of(kind)) - taken
    found = choose_seats(EUM, taken, kind, count, preference)
    if len(free) < count:
        assert found is None
    else:
        assert found is not None and len(set(found)) == count and set(found) <= free


@pytest.mark.parametrize(
    ("free", "state"),
    [(0, SeatState.SOLD_OUT), (1, SeatState.FEW), (10, SeatState.FEW), (11, SeatState.AVAILABLE)],
)
def test_what_is_said_about_what_is_left(free: int, state: SeatState) -> None:
    assert seat_state(free) is state
