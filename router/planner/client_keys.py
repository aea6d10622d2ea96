"""Which response keys the client uses where, so that nothing the planner adds can meet them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zlib import crc32

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLType,
    get_named_type,
)

from router.operation.model import Argument, Field, InlineFragment
from router.planner.graph import Graph
from router.planner.nodes import Path
from router.planner.selections import Selections, print_selections

Signature = tuple[str, tuple[Argument, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class ClientKeys:
    """By path and response key: the fields and arguments the key stands for, with the runtime types where it does."""

    at: dict[Path, dict[str, dict[Signature, frozenset[str]]]] = field(default_factory=dict)
    ambiguous: set[tuple[Path, str]] = field(default_factory=set)
    """Where one key stands for different things on one runtime type (the objects around differ in type)."""
    undecided: set[Path] = field(default_factory=set)
    """Where the choice of a runtime type decides what such a key means further down."""
    ways: dict[Path, tuple[Path, set[frozenset[str]]]] = field(default_factory=dict)
    """By path: that of the objects around, and the sets of runtime types under which it is selected there."""


def plain(path: Path) -> Path:
    """The path without its ``... on T`` items."""
    return tuple(item for item in path if not item.startswith("... on "))


def lists_in(type_: GraphQLType) -> int:
    """How many list wrappers a type has."""
    depth = 0
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        depth += isinstance(type_, GraphQLList)
        type_ = type_.of_type
    return depth


def field_below(graph: Graph, parent: str, selection: Field, path: Path) -> tuple[str, Path] | None:
    """(type, path) of what a field holds, by the merged schema; None for leaves."""
    type_ = graph.supergraph.schema.type_map.get(parent)
    if not selection.selections or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return None
    definition = type_.fields.get(selection.name)
    if definition is None:
        return None
    return get_named_type(definition.type).name, (*path, selection.response_key, *("@",) * lists_in(definition.type))


def client_keys(graph: Graph, root: str, selections: Selections) -> ClientKeys:
    """The keys of a whole operation."""
    found = ClientKeys()
    _collect(graph, root, frozenset({root}), selections, (), found)
    for path, _ in found.ambiguous:
        while path:
            path, types = found.ways[path]
            if len(types) > 1:
                found.undecided.add(path)
    return found


def _collect(
    graph: Graph, parent: str, types: frozenset[str], selections: Selections, path: Path, found: ClientKeys
) -> None:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            narrower = selection.type_condition or parent
            within = types & graph.possible.get(narrower, frozenset())
            _collect(graph, narrower, within, selection.selections, path, found)
            continue
        meanings = found.at.setdefault(path, {}).setdefault(selection.response_key, {})
        signature = (selection.name, selection.arguments)
        if any(other != signature and types & there for other, there in meanings.items()):
            found.ambiguous.add((path, selection.response_key))
        meanings[signature] = meanings.get(signature, frozenset()) | types
        below = field_below(graph, parent, selection, path)
        if below is not None:
            inner = graph.possible.get(below[0], frozenset())
            found.ways.setdefault(below[1], (path, set()))[1].add(types)
            _collect(graph, below[0], inner, selection.selections, below[1], found)


def internal_key(keys: ClientKeys, path: Path, wanted: Field) -> str:
    """The field's own name, unless the client uses that key for something else there; arguments always get a mark."""
    taken = keys.at.get(path, {}).get(wanted.name)
    if not wanted.arguments and (taken is None or taken.keys() == {(wanted.name, ())}):
        return wanted.name
    mark = crc32(print_selections((replace(wanted, selections=()),)).encode())
    return f"_{wanted.name}_{mark:08x}"


def is_ambiguous(keys: ClientKeys, graph: Graph, parent: str, selections: Selections, path: Path) -> bool:
    """Whether the selections, read at ``path``, touch a key that stands for different things there."""
    return bool(keys.ambiguous) and any(
        place in keys.ambiguous for place in _places(graph, parent, selections, path, set())
    )


def _places(
    graph: Graph, parent: str, selections: Selections, path: Path, seen: set[tuple[int, Path]]
) -> Iterator[tuple[Path, str]]:
    """Path and key of every field; a selection set that stands in several places is read once for each path."""
    if (id(selections), path) in seen:
        return
    seen.add((id(selections), path))
    for selection in selections:
        if isinstance(selection, InlineFragment):
            yield from _places(graph, selection.type_condition or parent, selection.selections, path, seen)
            continue
        yield path, selection.response_key
        below = field_below(graph, parent, selection, path)
        if below is not None:
            yield from _places(graph, below[0], selection.selections, below[1], seen)
