"""The life of a reservation as a table: (state, event) → state. What is not in the table is refused with a code.

::

    HELD ──pay──► TICKETED ──refund──► REFUNDED
      ├──cancel──► CANCELLED   └──arrive──► COMPLETED
      └──expire──► EXPIRED
"""

from __future__ import annotations

from enum import Enum

from subgraphs.kit.errors import DomainError
from subgraphs.rail.errors import ERRORS


class State(Enum):
    """Where a reservation stands; the value is stored."""

    HELD = "HELD"
    TICKETED = "TICKETED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    COMPLETED = "COMPLETED"


class Event(Enum):
    """What can happen to a reservation."""

    PAY = "PAY"
    CANCEL = "CANCEL"
    EXPIRE = "EXPIRE"
    REFUND = "REFUND"
    ARRIVE = "ARRIVE"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.HELD, Event.PAY): State.TICKETED,
    (State.HELD, Event.CANCEL): State.CANCELLED,
    (State.HELD, Event.EXPIRE): State.EXPIRED,
    (State.TICKETED, Event.REFUND): State.REFUNDED,
    (State.TICKETED, Event.ARRIVE): State.COMPLETED,
}

_REFUSALS: dict[State, dict[Event, str]] = {
    State.HELD: {Event.REFUND: "NOT_TICKETED"},
    State.TICKETED: {Event.PAY: "ALREADY_TICKETED", Event.CANCEL: "ALREADY_TICKETED"},
    State.EXPIRED: {Event.PAY: "HOLD_EXPIRED", Event.CANCEL: "HOLD_EXPIRED", Event.REFUND: "NOT_TICKETED"},
    State.COMPLETED: {Event.REFUND: "NO_REFUND_AFTER_ARRIVAL"},
}


def next_state(state: State, event: Event) -> State:
    """Where ``event`` leads. Raises the DomainError of ``refusal`` when it leads nowhere."""
    following = TRANSITIONS.get((state, event))
    if following is None:
        raise refusal(state, event)
    return following


def refusal(state: State, event: Event) -> DomainError:
    """Why an event is impossible in a state."""
    return ERRORS.error(_REFUSALS.get(state, {}).get(event, "ALREADY_CLOSED"), state=state.value)


def can_end(state: State) -> bool:
    """Whether anything can still happen to the reservation."""
    return any(source is state for source, _ in TRANSITIONS)
