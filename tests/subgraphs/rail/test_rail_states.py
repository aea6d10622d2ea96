"""The life of a reservation, checked against the whole table of states and events."""

from __future__ import annotations

import itertools

import pytest

from subgraphs.kit import DomainError
from subgraphs.rail.rules.states import TRANSITIONS, Event, State, can_end, next_state

S, E = State, Event

EXPECTED: dict[tuple[State, Event], State | str] = {
    (S.HELD, E.PAY): S.TICKETED,
    (S.HELD, E.CANCEL): S.CANCELLED,
    (S.HELD, E.EXPIRE): S.EXPIRED,
    (S.HELD, E.REFUND): "NOT_TICKETED",
    (S.TICKETED, E.PAY): "ALREADY_TICKETED",
    (S.TICKETED, E.CANCEL): "ALREADY_TICKETED",
    (S.TICKETED, E.REFUND): S.REFUNDED,
    (S.TICKETED, E.ARRIVE): S.COMPLETED,
    (S.EXPIRED, E.PAY): "HOLD_EXPIRED",
    (S.EXPIRED, E.CANCEL): "HOLD_EXPIRED",
    (S.EXPIRED, E.REFUND): "NOT_TICKETED",
    (S.COMPLETED, E.REFUND): "NO_REFUND_AFTER_ARRIVAL",
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_state_answers_every_event(state: State, event: Event) -> None:
    expected = EXPECTED.get((state, event), "ALREADY_CLOSED")
    if isinstance(expected, State):
        assert next_state(state, event) is expected
    else:
        with pytest.raises(DomainError) as refused:
            next_state(state, event)
        assert refused.value.code == expected


def test_ended_reservations_stay_ended() -> None:
    assert {state for state in State if not can_end(state)} == {S.EXPIRED, S.CANCELLED, S.REFUNDED, S.COMPLETED}
    assert all(can_end(state) for state, _ in TRANSITIONS)
