"""Merge steps that ask the same subgraph about the same place, when nobody waits longer for it.

This joins the fetches of different runtime types, of different @requires, and of one place reached by different routes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from router.operation.model import Condition, InlineFragment
from router.planner.graph import Graph
from router.planner.selections import Selections, joined, merge
from router.planner.steps import FetchStep, Steps, joined_representations, representations_conflict, rounds

Conditions = tuple[Condition, ...]


def merge_steps(steps: Steps, graph: Graph) -> Steps:
    """Steps of equal subgraph, path, turn, part become one unless one waits for the other or rounds would be added."""
    places: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for step in steps:
        where = (step.subgraph, step.path, step.kind, step.turn, step.part, bool(step.representations))
        places[where].append(step.id)
    if len(places) == len(steps):
        return steps
    order = rounds(steps)
    for candidates in places.values():
        kept = candidates[:1]
        for number in candidates[1:]:
            for into in kept:
                merged = _merged(steps, order, into, number)
                if merged is not None:
                    steps, order = merged
                    break
            else:
                kept.append(number)
    return steps


def _merged(steps: Steps, order: Mapping[int, int], first: int, second: int) -> tuple[Steps, Mapping[int, int]] | None:
    """The steps with the second in the first, and their rounds."""
    one = next(step for step in steps if step.id == first)
    other = next(step for step in steps if step.id == second)
    if representations_conflict(one.representations, other.representations):
        return None
    joined = _join(one, other)
    after = tuple(
        _redirected(joined if step.id == first else step, second, first) for step in steps if step.id != second
    )
    if order[first] == order[second]:
        return after, order
    try:
        new_order = rounds(after)
    except ValueError:
        return None
    return None if max(new_order.values()) > max(order.values()) else (after, new_order)


def _redirected(step: FetchStep, gone: int, into: int) -> FetchStep:
    return replace(step, after=step.after - {gone} | {into}) if gone in step.after else step


def _join(one: FetchStep, other: FetchStep) -> FetchStep:
    common = tuple(condition for condition in one.conditions if condition in other.conditions)
    return replace(
        one,
        representations=joined_representations(one.representations, other.representations),
        selections=merge((*_selected(one, common), *_selected(other, common))),
        after=one.after | other.after,
        conditions=common,
        contexts=tuple(dict.fromkeys((*one.contexts, *other.contexts))),
    )


def _selected(step: FetchStep, common: Conditions) -> Selections:
    """What the step selects, under those of its conditions that the joined step is no longer under."""
    return _under(tuple(each for each in step.conditions if each not in common), step.selections)


def _under(conditions: Conditions, selections: Selections) -> Selections:
    if not conditions:
        return selections
    return tuple(
        replace(selection, selections=_under(conditions, selection.selections))
        if isinstance(selection, InlineFragment) and not selection.conditions
        else replace(selection, conditions=joined(conditions, selection.conditions))
        for selection in selections
    )
