"""What a fetch sends along: fields as they are read from the data, by the response keys they were fetched under."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphql import is_abstract_type

from router.operation.model import Field, InlineFragment, Selection
from router.planner.client_keys import ClientKeys, field_below, internal_key
from router.planner.graph import Graph
from router.planner.nodes import Path
from router.planner.selections import TYPENAME, Selections, merge


def leaves(selections: Selections) -> Iterator[Path]:
    """The path to every leaf, with ``... on T`` items."""
    for selection in selections:
        if isinstance(selection, InlineFragment):
            for leaf in leaves(selection.selections):
                yield (f"... on {selection.type_condition}", *leaf)
        elif selection.selections:
            for leaf in leaves(selection.selections):
                yield (selection.response_key, *leaf)
        elif selection != TYPENAME:
            yield (selection.response_key,)


def sent_along(graph: Graph, keys: ClientKeys, parent: str, selections: Selections, path: Path) -> Selections:
    """The selections of an object at ``path`` as they are read; ``__typename`` is added at abstract types."""
    found: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition or parent
            if parent == condition or parent in graph.possible.get(condition, ()):
                found.extend(sent_along(graph, keys, parent, selection.selections, path))
            else:
                below = sent_along(graph, keys, condition, selection.selections, path)
                found.append(InlineFragment(condition, below))
            continue
        if selection.name == "__typename":
            found.append(TYPENAME)
            continue
        found.append(_read_field(graph, keys, parent, selection, path))
    return merge(found)


def _read_field(graph: Graph, keys: ClientKeys, parent: str, selection: Field, path: Path) -> Field:
    key = internal_key(keys, path, selection)
    named = replace(selection, response_key=key, arguments=())
    inner = field_below(graph, parent, named, path)
    if inner is None:
        return named
    below = sent_along(graph, keys, inner[0], selection.selections, inner[1])
    if is_abstract_type(graph.supergraph.schema.type_map[inner[0]]):
        below = (TYPENAME, *below)
    return replace(named, selections=below)
