"""Mutation fields in the order in which they run, each once (spec sections 6.2.2 and 6.3.2).

Fields of one response key are one field: it runs once, where the key is first met. Which place that is may depend on
variables; then the field gets a turn at each, under conditions of which at most one holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from router.errors import LimitExceeded
from router.operation.model import Condition, Field, InlineFragment, Selection
from router.planner.selections import Selections

MAX_TURNS = 1_000

Conditions = tuple[Condition, ...]


def in_turns(selections: Selections) -> tuple[Field, ...]:
    """The root fields, fragments opened, as they take turns. Raises LimitExceeded (QUERY_PLAN_TOO_LARGE)."""
    fields = [selection for selection in selections if isinstance(selection, Field)]
    alike: dict[str, list[Field]] = {}
    for field in fields:
        alike.setdefault(field.response_key, []).append(field)
    met: dict[str, list[Conditions]] = {}
    turns: list[Field] = []
    for field in fields:
        before = met.setdefault(field.response_key, [])
        for conditions in _unless(field.conditions, before):
            below = tuple(_below(alike[field.response_key], conditions))
            turns.append(replace(field, conditions=conditions, selections=below))
            if len(turns) > MAX_TURNS:
                raise LimitExceeded(f"The mutation takes more than {MAX_TURNS} turns.", code="QUERY_PLAN_TOO_LARGE")
        before.append(field.conditions)
    return tuple(turns)


def _unless(conditions: Conditions, before: list[Conditions]) -> list[Conditions]:
    """When the conditions hold and none of those before: as alternatives that exclude each other."""
    found = [conditions]
    for other in before:
        found = [each for alternative in found for each in _without(alternative, other)]
        if len(found) > MAX_TURNS:
            break
    return found


def _without(conditions: Conditions, other: Conditions) -> Iterator[Conditions]:
    held = conditions
    for condition in other:
        opposite = Condition(condition.variable, not condition.expected)
        if condition not in held:
            yield held if opposite in held else (*held, opposite)
        if opposite in held:
            return
        held = held if condition in held else (*held, condition)


def _below(fields: list[Field], conditions: Conditions) -> Iterator[Selection]:
    """What all fields of one key select, each under what it adds to the conditions of the turn."""
    for field in fields:
        if any(Condition(each.variable, not each.expected) in conditions for each in field.conditions):
            continue
        added = tuple(each for each in field.conditions if each not in conditions)
        if not added:
            yield from field.selections
        elif field.selections:
            yield InlineFragment(None, field.selections, added)
