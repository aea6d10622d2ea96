"""From routes to the fetch DAG: every visit becomes a step, every placed field a selection in its step.

A visit's needs are selected first; the steps touched by that are the ones the visit waits for. Fields the client did
not ask for get response keys that cannot meet the client's own at that place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from zlib import crc32

from graphql import (
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLType,
    get_named_type,
    is_abstract_type,
)

from router.operation.model import Argument, Field, InlineFragment, OperationKind, Selection
from router.planner.graph import Graph
from router.planner.nodes import Path
from router.planner.route import Placed, Route, Visit
from router.planner.selections import TYPENAME, Selections, merge, print_selections
from router.planner.steps import FetchStep, Representation, Steps
from router.planner.tree import Tree

Signature = tuple[str, tuple[Argument, ...]]
Touched = frozenset[int]


@dataclass(slots=True, eq=False)
class Draft:
    """A step under construction."""

    id: int
    subgraph: str
    path: Path
    kind: OperationKind
    turn: int
    tree: Tree
    representations: tuple[Representation, ...] = ()
    after: Touched = frozenset()


@dataclass(slots=True, eq=False)
class Drafting:
    """The DAG under construction. ``client_keys``: by path, the response keys the client uses there and for what."""

    graph: Graph
    client_keys: dict[Path, dict[str, set[Signature]]]
    drafts: list[Draft] = field(default_factory=list)
    visited: dict[tuple[object, ...], tuple[Draft, Tree]] = field(default_factory=dict)
    emitted: dict[tuple[object, ...], Touched] = field(default_factory=dict)


def lists_in(type_: GraphQLType) -> int:
    """How many list wrappers a type has."""
    depth = 0
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        depth += isinstance(type_, GraphQLList)
        type_ = type_.of_type
    return depth


def client_keys(graph: Graph, root: str, selections: Selections) -> dict[Path, dict[str, set[Signature]]]:
    """By path: each response key the operation uses there, with the fields and arguments it stands for."""
    found: dict[Path, dict[str, set[Signature]]] = {}
    _collect_keys(graph, root, selections, (), found)
    return found


def _collect_keys(
    graph: Graph, parent: str, selections: Selections, path: Path, found: dict[Path, dict[str, set[Signature]]]
) -> None:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            _collect_keys(graph, selection.type_condition or parent, selection.selections, path, found)
            continue
        signatures = found.setdefault(path, {}).setdefault(selection.response_key, set())
        signatures.add((selection.name, selection.arguments))
        below = _field_below(graph, parent, selection, path)
        if below is not None:
            _collect_keys(graph, below[0], selection.selections, below[1], found)


def _field_below(graph: Graph, parent: str, selection: Field, path: Path) -> tuple[str, Path] | None:
    """(type, path) of what a field holds, by the merged schema; None for leaves."""
    type_ = graph.supergraph.schema.type_map.get(parent)
    if not selection.selections or not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return None
    definition = type_.fields.get(selection.name)
    if definition is None:
        return None
    return get_named_type(definition.type).name, (*path, selection.response_key, *("@",) * lists_in(definition.type))


def draft_steps(graph: Graph, kind: OperationKind, root: str, selections: Selections, turns: Sequence[Route]) -> Steps:
    """The fetch DAG of an operation: one turn, or, for mutations, a turn for each run of fields in one subgraph."""
    drafting = Drafting(graph, client_keys(graph, root, selections))
    for turn, route in enumerate(turns):
        for placed in route.placed:
            assert placed.visit is not None
            _root_step(drafting, placed, kind, turn)
    return tuple(
        FetchStep(
            draft.id,
            draft.subgraph,
            draft.path,
            draft.kind,
            draft.representations,
            draft.tree.freeze(),
            draft.after,
            draft.turn,
        )
        for draft in drafting.drafts
    )


def _root_step(drafting: Drafting, placed: Placed, kind: OperationKind, turn: int) -> None:
    assert placed.visit is not None
    subgraph = placed.visit.place.subgraph
    place = ("root", subgraph, turn)
    if place not in drafting.visited:
        draft = Draft(len(drafting.drafts), subgraph, (), kind, turn, Tree())
        drafting.drafts.append(draft)
        drafting.visited[place] = (draft, draft.tree)
    draft, tree = drafting.visited[place]
    _emit_here(drafting, placed, draft, tree, (), False)


def _internal_key(drafting: Drafting, path: Path, wanted: Field) -> str:
    """The field's own name, unless the client uses that key for something else there; arguments always get a mark."""
    taken = drafting.client_keys.get(path, {}).get(wanted.name)
    if not wanted.arguments and (taken is None or taken == {(wanted.name, ())}):
        return wanted.name
    mark = crc32(print_selections((replace(wanted, selections=()),)).encode())
    return f"_{wanted.name}_{mark:08x}"


def _emit_route(drafting: Drafting, route: Route, draft: Draft, tree: Tree, path: Path, internal: bool) -> Touched:
    place = (id(route), id(tree), path, internal)
    known = drafting.emitted.get(place)
    if known is not None:
        return known
    touched = frozenset({draft.id})
    if route.abstract:
        tree.typename()
    for placed in route.placed:
        touched |= _emit(drafting, placed, draft, tree, path, internal)
    for condition, below in route.groups:
        touched |= _emit_route(drafting, below, draft, tree.on(condition), path, internal)
    drafting.emitted[place] = touched
    return touched


def _emit(drafting: Drafting, placed: Placed, draft: Draft, tree: Tree, path: Path, internal: bool) -> Touched:
    """Select a placed field; returns the steps that bring it or anything below it."""
    if placed.visit is None:
        return _emit_here(drafting, placed, draft, tree, path, internal)
    there, its_tree = _visit(drafting, placed.visit, draft, tree, path)
    return _emit_here(drafting, placed, there, its_tree, path, internal)


def _emit_here(drafting: Drafting, placed: Placed, draft: Draft, tree: Tree, path: Path, internal: bool) -> Touched:
    if placed.field is None:
        assert placed.route is not None
        return _emit_route(drafting, placed.route, draft, tree, path, internal)
    selected = placed.field
    if internal:
        selected = replace(selected, response_key=_internal_key(drafting, path, selected))
    below = tree.field(replace(selected, selections=(), locations=()))
    if placed.route is None:
        return frozenset({draft.id})
    further = (*path, selected.response_key, *placed.path[1:])
    return _emit_route(drafting, placed.route, draft, below, further, internal)


def _visit(drafting: Drafting, visit: Visit, origin: Draft, tree: Tree, path: Path) -> tuple[Draft, Tree]:
    """The step of a visit that starts at ``path`` in ``origin``, with what it needs selected."""
    place = (id(visit), path, id(tree))
    known = drafting.visited.get(place)
    if known is not None:
        return known
    after = frozenset({origin.id})
    representations: tuple[Representation, ...] = ()
    if visit.at not in drafting.graph.roots.values():
        tree.typename()
        for need in visit.needs:
            after |= _emit(drafting, need, origin, tree, path, True)
        there = drafting.graph.here[visit.place.subgraph][visit.place.type]
        sent = _representation(drafting, visit.at, visit.representation, path)
        representations = (Representation(visit.at, visit.place.type, sent, there.interface_object),)
    draft = Draft(
        len(drafting.drafts),
        visit.place.subgraph,
        path,
        OperationKind.QUERY,
        origin.turn,
        Tree(),
        representations,
        after,
    )
    drafting.drafts.append(draft)
    its_tree = draft.tree.on(visit.place.type) if representations else draft.tree
    drafting.visited[place] = (draft, its_tree)
    return draft, its_tree


def _representation(drafting: Drafting, parent: str, selections: Selections, path: Path) -> Selections:
    """What to read from the data, by the response keys it was fetched under; ``__typename`` where types are abstract."""
    found: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition or parent
            below = _representation(drafting, condition, selection.selections, path)
            found.append(InlineFragment(condition, below))
            continue
        if selection.name == "__typename":
            found.append(TYPENAME)
            continue
        key = _internal_key(drafting, path, selection)
        named = replace(selection, response_key=key, arguments=())
        inner = _field_below(drafting.graph, parent, named, path)
        if inner is not None:
            below = _representation(drafting, inner[0], selection.selections, inner[1])
            if is_abstract_type(drafting.graph.supergraph.schema.type_map[inner[0]]):
                below = (TYPENAME, *below)
            named = replace(named, selections=below)
        found.append(named)
    return merge(found)
