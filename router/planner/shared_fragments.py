"""Named fragments for selection sets that stand in several places of one fetch, so that its text stays small.

Runtime types that select the same below one field share one selection set (fetches.py); written out, each level of such
fields would multiply the text by the number of types.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from router.operation.model import InlineFragment
from router.planner.graph import Graph
from router.planner.selections import Selections

WORTH_NAMING = 3
"""Selections a set must have, at all depths, to be worth a fragment."""


def shared_sets(graph: Graph, subgraph: str, root: str, selections: Selections) -> Mapping[int, tuple[str, Selections]]:
    """By identity: the type and the set of each selection set met more than once, in the order first met."""
    met: Counter[int] = Counter()
    types: dict[int, tuple[str, Selections]] = {}
    sizes: dict[int, int] = {}
    _collect(graph, subgraph, root, selections, met, types, sizes)
    return {key: found for key, found in types.items() if met[key] > 1 and sizes[key] >= WORTH_NAMING}


def _collect(
    graph: Graph,
    subgraph: str,
    parent: str,
    selections: Selections,
    met: Counter[int],
    types: dict[int, tuple[str, Selections]],
    sizes: dict[int, int],
) -> int:
    key = id(selections)
    met[key] += 1
    if key in sizes:
        return sizes[key]
    types[key] = (parent, selections)
    sizes[key] = len(selections)
    for selection in selections:
        if not selection.selections:
            continue
        if isinstance(selection, InlineFragment):
            inner = selection.type_condition or parent
        else:
            here = graph.here[subgraph].get(parent)
            if here is None or selection.name not in here.fields:
                continue
            inner = here.fields[selection.name].type
        sizes[key] += _collect(graph, subgraph, inner, selection.selections, met, types, sizes)
    return sizes[key]
