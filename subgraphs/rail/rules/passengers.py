"""Who travels: passenger types, their discounts, and which parties may book.

Sources in facts/SOURCES.md: child 6-12 half price, infant under 6 one free per adult without seat or 75 % off with one
[11]; senior 65+ 30 % on weekdays, disabled 50 % (grades 1-3) and 30 % (grades 4-6), common knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from subgraphs.rail.errors import ERRORS


class Passenger(Enum):
    """A passenger type; the value is stored."""

    ADULT = "ADULT"
    CHILD = "CHILD"
    SENIOR = "SENIOR"
    DISABLED_SEVERE = "DISABLED_SEVERE"
    DISABLED_MILD = "DISABLED_MILD"
    INFANT_WITH_SEAT = "INFANT_WITH_SEAT"
    INFANT_ON_LAP = "INFANT_ON_LAP"


DISCOUNT_PERCENT = {
    Passenger.ADULT: 0,
    Passenger.CHILD: 50,
    Passenger.SENIOR: 30,
    Passenger.DISABLED_SEVERE: 50,
    Passenger.DISABLED_MILD: 30,
    Passenger.INFANT_WITH_SEAT: 75,
    Passenger.INFANT_ON_LAP: 100,
}
WEEKDAYS_ONLY = frozenset({Passenger.SENIOR})
_CARERS = frozenset({Passenger.ADULT, Passenger.SENIOR, Passenger.DISABLED_SEVERE, Passenger.DISABLED_MILD})


def seated(party: Sequence[Passenger]) -> tuple[Passenger, ...]:
    """Those of the party who need a seat."""
    return tuple(passenger for passenger in party if passenger is not Passenger.INFANT_ON_LAP)


def check_party(party: Sequence[Passenger], maximum: int) -> None:
    """Raise DomainError BAD_PASSENGERS or TOO_MANY_INFANTS for a party that cannot book together."""
    if len(party) > maximum or not seated(party):
        raise ERRORS.error("BAD_PASSENGERS", maximum=maximum)
    carers = sum(passenger in _CARERS for passenger in party)
    if len(party) - len(seated(party)) > carers:
        raise ERRORS.error("TOO_MANY_INFANTS")
