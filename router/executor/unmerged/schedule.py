"""Fetches → requests: those that ask one subgraph the same, equally deep in the plan, become one.

Grouping adds no round. A request starts when all that its fetches follow have been answered, so what is not grouped
waits for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.executor.fetches import PreparedFetch
from router.executor.unmerged.sources import Unfit
from router.planner.nodes import Fetch, Flatten, Node, Parallel, Sequence

Numbers = frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """``fetches`` in the order of the plan; ``after``: the requests that must have been answered."""

    number: int
    fetches: tuple[PreparedFetch, ...]
    after: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """``requests`` in an order in which none comes before what it waits for."""

    requests: tuple[Request, ...]
    of: Mapping[int, int]
    """Fetch → request."""
    follows: Mapping[int, Numbers]
    """Fetch → all fetches that are answered before it is made."""


def make_schedule(node: Node | None, fetches: Mapping[int, PreparedFetch]) -> Schedule:
    """The requests of a plan. Raises Unfit for nodes that are no fetch, flatten, sequence or parallel."""
    waits: dict[int, Numbers] = {}
    _order(node, frozenset(), fetches, waits)
    follows: dict[int, Numbers] = {}
    depth: dict[int, int] = {}
    for number in sorted(waits):
        follows[number] = frozenset().union(waits[number], *(follows[before] for before in waits[number]))
        depth[number] = 1 + max((depth[before] for before in waits[number]), default=0)
    by_number = {fetch.number: fetch for fetch in fetches.values()}
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, fetch in sorted(by_number.items()):
        alone = number if fetch.representations is None else -1
        groups.setdefault((depth[number], fetch.subgraph, fetch.query, alone), []).append(number)
    ordered = sorted(groups.values(), key=lambda numbers: (depth[numbers[0]], numbers[0]))
    of = {number: at for at, numbers in enumerate(ordered) for number in numbers}
    requests = tuple(
        Request(
            at,
            tuple(by_number[number] for number in numbers),
            tuple(sorted({of[before] for number in numbers for before in waits[number]})),
        )
        for at, numbers in enumerate(ordered)
    )
    return Schedule(requests, of, follows)


def _order(
    node: Node | None, before: Numbers, fetches: Mapping[int, PreparedFetch], waits: dict[int, Numbers]
) -> Numbers:
    """Note what each fetch waits for; returns the fetches that end the node."""
    match node:
        case None:
            return before
        case Fetch():
            number = fetches[id(node)].number
            waits[number] = before
            return frozenset({number})
        case Flatten():
            return _order(node.node, before, fetches, waits)
        case Sequence():
            for child in node.nodes:
                before = _order(child, before, fetches, waits)
            return before
        case Parallel():
            return frozenset().union(*(_order(child, before, fetches, waits) for child in node.nodes))
        case _:
            raise Unfit(f"a {type(node).__name__}")
