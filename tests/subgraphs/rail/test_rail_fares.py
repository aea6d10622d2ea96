"""Fares: published ones, the kilometre rule, classes, passengers, parties."""

from __future__ import annotations

from datetime import date

import pytest

from subgraphs.kit import DomainError
from subgraphs.rail.rules.fares import SeatClass, Tariff, fare, tariff
from subgraphs.rail.rules.passengers import Passenger, check_party

TUESDAY, SATURDAY, CHRISTMAS = date(2026, 11, 24), date(2026, 11, 28), date(2026, 12, 25)
P = Passenger


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"km": 417.4, "published_krw": 59_800, "published_first_krw": 83_700}, Tariff(59_800, 83_700)),
        ({"km": 417.4, "published_krw": 59_800}, Tariff(59_800, 83_700)),
        ({"km": 400.0, "published_krw": 52_800}, Tariff(52_800, 73_900)),
        ({"km": 223.2}, Tariff(31_900, 44_600)),
        ({"km": 3.2}, Tariff(8_400, 11_700)),
        ({"km": 417.4, "published_krw": 59_800, "line_discount_percent": 10}, Tariff(53_800, 75_300)),
    ],
)
def test_tariff(asked: dict[str, float], expected: Tariff) -> None:
    assert tariff(**asked) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("passenger", "day", "krw"),
    [
        (P.ADULT, TUESDAY, 59_800),
        (P.CHILD, TUESDAY, 29_900),
        (P.CHILD, SATURDAY, 29_900),
        (P.SENIOR, TUESDAY, 41_800),
        (P.SENIOR, SATURDAY, 59_800),
        (P.SENIOR, CHRISTMAS, 59_800),
        (P.DISABLED_SEVERE, SATURDAY, 29_900),
        (P.DISABLED_MILD, SATURDAY, 41_800),
        (P.INFANT_WITH_SEAT, SATURDAY, 14_900),
        (P.INFANT_ON_LAP, SATURDAY, 0),
    ],
)
def test_what_each_passenger_pays_where_an_adult_pays_59800(passenger: Passenger, day: date, krw: int) -> None:
    assert fare(59_800, passenger, day) == krw


def test_every_passenger_type_has_a_fare_in_both_classes() -> None:
    prices = tariff(km=100.0)
    for kind in SeatClass:
        for passenger in Passenger:
            assert 0 <= fare(prices.of(kind), passenger, TUESDAY) <= prices.of(kind)


@pytest.mark.parametrize(
    ("party", "code"),
    [
        ([P.ADULT], None),
        ([P.CHILD], None),
        ([P.ADULT] * 9, None),
        ([P.ADULT] * 10, "BAD_PASSENGERS"),
        ([], "BAD_PASSENGERS"),
        ([P.INFANT_ON_LAP], "BAD_PASSENGERS"),
        ([P.ADULT, P.INFANT_ON_LAP], None),
        ([P.SENIOR, P.ADULT, P.INFANT_ON_LAP, P.INFANT_ON_LAP], None),
        ([P.ADULT, P.INFANT_ON_LAP, P.INFANT_ON_LAP], "TOO_MANY_INFANTS"),
        ([P.CHILD, P.INFANT_ON_LAP], "TOO_MANY_INFANTS"),
        ([P.ADULT, P.INFANT_WITH_SEAT, P.INFANT_ON_LAP], None),
    ],
)
def test_which_parties_may_book(party: list[Passenger], code: str | None) -> None:
    if code is None:
        check_party(party, 9)
        return
    with pytest.raises(DomainError) as refused:
        check_party(party, 9)
    assert refused.value.code == code
