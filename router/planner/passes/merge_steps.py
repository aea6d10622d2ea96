"""Merge steps that ask the same subgraph about the same place, when nobody waits longer for it.

This joins the fetches of different runtime types, of different @requires, and of one place reached by different routes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from router.planner.graph import Graph
from router.planner.selections import merge
from router.planner.steps import FetchStep, Steps, ancestors, joined_representations, representations_conflict, rounds


def merge_steps(steps: Steps, graph: Graph) -> Steps:
    """Steps of equal subgraph, path and turn become one unless one waits for the other or rounds would be added."""
    places: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for step in steps:
        places[step.subgraph, step.path, step.kind, step.turn, bool(step.representations)].append(step.id)
    for candidates in places.values():
        kept = candidates[:1]
        for number in candidates[1:]:
            for into in kept:
                merged = _merged(steps, into, number)
                if merged is not None:
                    steps = merged
                    break
            else:
                kept.append(number)
    return steps


def _merged(steps: Steps, first: int, second: int) -> Steps | None:
    one = next(step for step in steps if step.id == first)
    other = next(step for step in steps if step.id == second)
    if representations_conflict(one.representations, other.representations):
        return None
    joined = _join(one, other)
    after = tuple(
        _redirected(joined if step.id == first else step, second, first) for step in steps if step.id != second
    )
    if one.after == other.after:
        return after
    above = ancestors(steps)
    if first in above[second] or second in above[first]:
        return None
    if max(rounds(after).values()) > max(rounds(steps).values()):
        return None
    return after


def _redirected(step: FetchStep, gone: int, into: int) -> FetchStep:
    return replace(step, after=step.after - {gone} | {into}) if gone in step.after else step


def _join(one: FetchStep, other: FetchStep) -> FetchStep:
    return replace(
        one,
        representations=joined_representations(one.representations, other.representations),
        selections=merge((*one.selections, *other.selections)),
        after=one.after | other.after,
        conditions=tuple(condition for condition in one.conditions if condition in other.conditions),
        contexts=tuple(dict.fromkeys((*one.contexts, *other.contexts))),
    )
