"""The life of a stay, and the limits of a request.

HELD(pay by) --confirm--> CONFIRMED --cancel(fee)--> CANCELLED
  |--cancel(no fee)--> CANCELLED
  `--expire--> EXPIRED
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from types import MappingProxyType

from subgraphs.kit.time import kst_at
from subgraphs.lodge.errors import LODGE_ERRORS

MAX_NIGHTS = 3
"""Longest stay (Korea Forest Service, domain.md section 2 [17])."""

MAX_UNITS_PER_NIGHT = 5
"""Rooms and decks one person may have for the same night [17]."""

MAX_GUESTS = 100
"""More than any room holds (the largest of 6,816 takes 64)."""

HOLD_MINUTES = 20
"""How long a room waits for payment; the hub's own policy, as foresttrip publishes none."""


class StayState(Enum):
    """Where a stay is in its life."""

    HELD = "HELD"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class StayEvent(Enum):
    """What can happen to a stay."""

    CONFIRM = "CONFIRM"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"


TRANSITIONS: Mapping[tuple[StayState, StayEvent], StayState] = MappingProxyType(
    {
        (StayState.HELD, StayEvent.CONFIRM): StayState.CONFIRMED,
        (StayState.HELD, StayEvent.CANCEL): StayState.CANCELLED,
        (StayState.HELD, StayEvent.EXPIRE): StayState.EXPIRED,
        (StayState.CONFIRMED, StayEvent.CANCEL): StayState.CANCELLED,
    }
)
"""The whole machine: what is not here cannot happen."""


def after(state: StayState, event: StayEvent) -> StayState:
    """The state after an event. Raises HOLD_EXPIRED for an expired hold, else STAY_STATE."""
    next_state = TRANSITIONS.get((state, event))
    if next_state is not None:
        return next_state
    if state is StayState.EXPIRED:
        raise LODGE_ERRORS.error("HOLD_EXPIRED")
    raise LODGE_ERRORS.error("STAY_STATE", state=state.value, event=event.value)


def state_now(state: StayState, pay_by: datetime, now: datetime) -> StayState:
    """The state as of ``now``: a hold past its time has expired whether or not the sweeper has been by."""
    return StayState.EXPIRED if state is StayState.HELD and pay_by <= now else state


def pay_by(now: datetime, first_night: date, check_in_until: time) -> datetime:
    """Until when a hold made ``now`` must be paid: never after the check-in of its first night ends."""
    return min(now + timedelta(minutes=HOLD_MINUTES), kst_at(first_night, check_in_until))


def check_request(nights: int, guests: int, capacity: int | None) -> None:
    """Raises NIGHTS_OUT_OF_RANGE or GUESTS_OUT_OF_RANGE. An unknown capacity (None) bounds guests at MAX_GUESTS."""
    if not 1 <= nights <= MAX_NIGHTS:
        raise LODGE_ERRORS.error("NIGHTS_OUT_OF_RANGE", maximum=MAX_NIGHTS)
    maximum = capacity or MAX_GUESTS
    if not 1 <= guests <= maximum:
        raise LODGE_ERRORS.error("GUESTS_OUT_OF_RANGE", maximum=maximum)
