"""Merge steps that ask the same subgraph about the same place, when nobody waits longer for it.

This joins the fetches of different runtime types, of different @requires, and of one place reached by different routes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from router.planner.graph import Graph
from router.planner.selections import merge
from router.planner.steps import FetchStep, Representation, Steps, ancestors, rounds


def merge_steps(steps: Steps, graph: Graph) -> Steps:
    """Steps of equal subgraph, path and turn become one unless one waits for the other or rounds would be added."""
    places: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for step in steps:
        places[step.subgraph, step.path, step.kind, step.turn, bool(step.representations)].append(step.id)
    for candidates in places.values():
        for position, first in enumerate(candidates):
            for second in candidates[position + 1 :]:
                merged = _merged(steps, first, second)
                if merged is not None:
                    steps = merged
    return steps


def _merged(steps: Steps, first: int, second: int) -> Steps | None:
    by_id = {step.id: step for step in steps}
    if first not in by_id or second not in by_id:
        return None
    one, other = by_id[first], by_id[second]
    if one.after != other.after:
        above = ancestors(steps)
        if first in above[second] or second in above[first]:
            return None
    joined = _join(one, other)
    after = tuple(
        _redirected(joined if step.id == first else step, second, first) for step in steps if step.id != second
    )
    if one.after != other.after and max(rounds(after).values()) > max(rounds(steps).values()):
        return None
    return after


def _redirected(step: FetchStep, gone: int, into: int) -> FetchStep:
    return replace(step, after=step.after - {gone} | {into}) if gone in step.after else step


def _join(one: FetchStep, other: FetchStep) -> FetchStep:
    representations: dict[tuple[str, str], Representation] = {}
    for item in (*one.representations, *other.representations):
        place = (item.at, item.to)
        known = representations.get(place)
        if known is not None:
            item = replace(item, selections=merge((*known.selections, *item.selections)))
        representations[place] = item
    return replace(
        one,
        representations=tuple(representations.values()),
        selections=merge((*one.selections, *other.selections)),
        after=one.after | other.after,
        conditions=tuple(condition for condition in one.conditions if condition in other.conditions),
        contexts=tuple(dict.fromkeys((*one.contexts, *other.contexts))),
    )
