"""Split: one field asked of several subgraphs, each for the part it answers without further fetches.

What none of them has is asked of one, with further fetches.

A value type may be spread over subgraphs, and a shared field may be asked of two subgraphs at once rather than of one
and then, an entity fetch later, of the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from router.operation.model import Field
from router.planner.graph import Place
from router.planner.moves import Option, local, moves
from router.planner.route import Cost, Search, Standing, total
from router.planner.selections import size


def splits(search: Search, type_name: str, standing: Standing, part: Field) -> Iterator[Option]:
    """Ways to have all of the field in two or more pieces: the greediest, and the one that starts where we stand."""
    if not part.selections:
        return
    first = _pieces(search, type_name, standing, part, here_first=False)
    if first:
        yield first
    if standing.subgraph and first and first.placed.visit:
        other = _pieces(search, type_name, standing, part, here_first=True)
        if other:
            yield other


def _options(search: Search, type_name: str, standing: Standing, part: Field, *, flat: bool) -> Iterator[Option]:
    if standing.subgraph and not standing.away:
        here = local(search, type_name, replace(standing, flat=flat), part)
        if here:
            yield here
    yield from moves(search, type_name, standing, part, flat=flat)


def _pieces(search: Search, type_name: str, standing: Standing, part: Field, *, here_first: bool) -> Option | None:
    pieces: list[Option] = []
    used: set[Place | None] = set()
    while True:
        cost = total(piece.cost for piece in pieces)

        def worth(option: Option, cost: Cost = cost) -> tuple[int, ...]:
            here = int(option.placed.visit is not None) if here_first else 0
            return (here, size(option.rest), *cost.plus(option.cost).order)

        useful = [
            option
            for option in _options(search, type_name, standing, part, flat=True)
            if option.place not in used and size(option.rest) < size(part.selections)
        ]
        if not useful and pieces:
            useful = [o for o in _options(search, type_name, standing, part, flat=False) if not o.rest]
        if not useful:
            return None
        best = min(useful, key=worth)
        pieces.append(best)
        used.add(best.place)
        if not best.rest:
            break
        part = replace(part, selections=best.rest)
        search.kept.append(part)
    if len(pieces) < 2:
        return None
    return replace(pieces[0], cost=total(p.cost for p in pieces), rest=(), also=tuple(p.placed for p in pieces[1:]))
