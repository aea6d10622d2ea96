"""From routes to the fetch DAG: every visit becomes a step, every placed field a selection in its step.

A visit's needs are selected first; the steps touched by that are the ones the visit waits for. Fields the client did
not ask for get response keys that cannot meet the client's own at that place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from graphql import is_abstract_type

from router.errors import LimitExceeded
from router.operation.model import Condition, Field, InlineFragment, OperationKind, Selection
from router.planner.client_keys import ClientKeys, client_keys, field_below, internal_key, is_ambiguous, plain
from router.planner.graph import Graph, Kind
from router.planner.nodes import ContextRewrite, Path
from router.planner.route import ContextNeed, Placed, Route, Visit
from router.planner.selections import TYPENAME, Selections, joined, merge
from router.planner.steps import (
    ContextVariable,
    FetchStep,
    Objects,
    Representation,
    Steps,
    joined_representations,
    representations_conflict,
)
from router.planner.tree import Tree

Touched = frozenset[int]

MAX_STEPS = 10_000
"""A type that lies in pieces in two subgraphs can double the steps with each level; nothing better bounds that."""


@dataclass(slots=True, eq=False)
class Draft:
    """A step under construction. ``path`` has an ``... on T`` item for each choice of a runtime type on the way."""

    id: int
    subgraph: str
    path: Path
    kind: OperationKind
    turn: int
    tree: Tree
    representations: tuple[Representation, ...] = ()
    after: Touched = frozenset()
    contexts: tuple[ContextVariable, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """A position while its selections are placed: the fetch one stands in (None before the first) and where in it."""

    draft: Draft | None
    tree: Tree | None
    path: Path
    turn: int
    above: tuple[Origin, ...] = ()
    """The enclosing positions that set contexts, outermost first; the same that the search called frames."""
    conditions: tuple[Condition, ...] = ()
    """Those on the fields around."""


@dataclass(slots=True, eq=False)
class Drafting:
    """The DAG under construction."""

    graph: Graph
    kind: OperationKind
    keys: ClientKeys
    drafts: list[Draft] = field(default_factory=list)
    visited: dict[tuple[object, ...], tuple[Draft, Tree]] = field(default_factory=dict)
    emitted: dict[tuple[object, ...], Touched] = field(default_factory=dict)
    shared: dict[tuple[object, ...], tuple[Tree, Touched]] = field(default_factory=dict)
    """By route and place: the tree below a field, for the other runtime types that select the same."""
    siblings: dict[tuple[object, ...], int] = field(default_factory=dict)
    """By origin, path and subgraph: the draft for visits that wait for the origin alone."""


def draft_steps(graph: Graph, kind: OperationKind, root: str, selections: Selections, turns: Sequence[Route]) -> Steps:
    """The fetch DAG of an operation: one turn, or, for mutations, a turn for each run of fields in one subgraph."""
    drafting = Drafting(graph, kind, client_keys(graph, root, selections))
    for turn, route in enumerate(turns):
        _emit_route(drafting, route, Origin(None, None, (), turn), False)
    return tuple(_frozen(drafting, draft) for draft in drafting.drafts)


def _frozen(drafting: Drafting, draft: Draft) -> FetchStep:
    """The finished step. Its path says ``... on T`` only where a response key would be ambiguous without."""
    selections, path = draft.tree.freeze({}), plain(draft.path)
    parent = draft.representations[0].at if draft.representations else ""
    if path != draft.path and is_ambiguous(drafting.keys, drafting.graph, parent, selections, path):
        path = _without_last_types(draft.path)
    return FetchStep(
        draft.id,
        draft.subgraph,
        path,
        draft.kind,
        draft.representations,
        selections,
        draft.after,
        draft.turn,
        contexts=draft.contexts,
        conditions=draft.conditions,
    )


def _without_last_types(path: Path) -> Path:
    """The objects' own type is told by their representations."""
    end = max((number for number, item in enumerate(path, 1) if not item.startswith("... on ")), default=0)
    return path[:end]


def _emit_route(drafting: Drafting, route: Route, origin: Origin, internal: bool) -> Touched:
    """Select all of a route; returns the steps that bring any of it."""
    place = (id(route), id(origin.tree), origin.path, origin.turn, internal)
    known = drafting.emitted.get(place)
    if known is not None:
        return known
    touched: Touched = frozenset({origin.draft.id} if origin.draft else ())
    if route.abstract and origin.tree:
        origin.tree.typename()
    for placed in route.placed:
        touched |= _emit(drafting, placed, route.type, origin, internal)
    for condition, below in route.groups:
        assert origin.tree
        group = replace(origin, tree=origin.tree.on(condition), path=(*origin.path, f"... on {condition}"))
        touched |= _emit_route(drafting, below, group, internal)
    drafting.emitted[place] = touched
    return touched


def _emit(drafting: Drafting, placed: Placed, at: str, origin: Origin, internal: bool) -> Touched:
    """Select what is placed here or after a visit; returns the steps that bring it or anything below it."""
    draft, tree = origin.draft, origin.tree
    if placed.visit:
        draft, tree = _visit(drafting, placed.visit, origin)
    assert draft is not None and tree is not None
    if placed.field is None:
        assert placed.route is not None
        return _emit_route(drafting, placed.route, replace(origin, draft=draft, tree=tree), internal)
    asked = placed.field
    key = internal_key(drafting.keys, plain(origin.path), asked) if internal else asked.response_key
    selected = Field(key, asked.name, asked.arguments, asked.directives, asked.conditions)
    if placed.route is None:
        tree.field(selected)
        return frozenset({draft.id})
    above = (*origin.above, origin) if at in drafting.graph.context_setters else origin.above
    path = (*origin.path, selected.response_key, *placed.path[1:])
    conditions = joined(origin.conditions, selected.conditions)
    place = (id(placed.route), draft.id, plain(path), conditions, internal)
    known = drafting.shared.get(place) if not drafting.keys.ambiguous and not above else None
    if known and tree.share(selected, known[0]):
        return known[1]
    below = tree.field(selected)
    inside = Origin(draft, below, path, origin.turn, above, conditions)
    touched = _emit_route(drafting, placed.route, inside, internal)
    drafting.shared[place] = (below, touched)
    if _is_narrowed(drafting.graph, at, asked, placed.route.type, draft.subgraph):
        below.typename()
    below.something()
    return touched


def _is_narrowed(graph: Graph, parent: str, selected: Field, type_name: str, subgraph: str) -> bool:
    """Whether a field is abstract for clients although this subgraph gives it one object type."""
    merged = field_below(graph, parent, replace(selected, selections=(TYPENAME,)), ())
    if merged is None or not is_abstract_type(graph.supergraph.schema.type_map[merged[0]]):
        return False
    here = graph.here[subgraph][type_name]
    return here.kind is Kind.OBJECT and not here.interface_object


def _visit(drafting: Drafting, visit: Visit, origin: Origin) -> tuple[Draft, Tree]:
    """The step of a visit that starts at the origin, with what it needs selected."""
    if origin.draft is None:
        place: tuple[object, ...] = ("root", visit.place.subgraph, origin.turn)
    else:
        place = (id(visit), origin.path, id(origin.tree))
    if place in drafting.visited:
        return drafting.visited[place]
    after: Touched = frozenset({origin.draft.id} if origin.draft else ())
    representations: tuple[Representation, ...] = ()
    contexts: tuple[ContextVariable, ...] = ()
    if origin.tree:
        origin.tree.typename()
    kind = next((kind for kind, root in drafting.graph.roots.items() if root == visit.at), None)
    if kind is None:
        for need in visit.needs:
            after |= _emit(drafting, need, visit.at, origin, True)
        for context in visit.context_needs:
            touched, variables = _context(drafting, context, origin)
            after, contexts = after | touched, contexts + variables
        there = drafting.graph.here[visit.place.subgraph][visit.place.type]
        sent = _representation(drafting, visit.at, visit.representation, plain(origin.path))
        here = frozenset({Objects(origin.path, origin.conditions)})
        representations = (Representation(visit.at, visit.place.type, sent, here, there.interface_object),)
    sibling = _sibling(drafting, visit, origin, representations, after, contexts)
    if sibling:
        tree = sibling.tree.on(visit.place.type)
        drafting.visited[place] = (sibling, tree)
        return sibling, tree
    if len(drafting.drafts) >= MAX_STEPS:
        raise LimitExceeded(f"The operation needs more than {MAX_STEPS} fetches.", code="QUERY_PLAN_TOO_LARGE")
    draft = Draft(
        len(drafting.drafts),
        visit.place.subgraph,
        origin.path,
        kind or OperationKind.QUERY,
        origin.turn,
        Tree(),
        representations,
        after,
        contexts,
        origin.conditions,
    )
    drafting.drafts.append(draft)
    tree = draft.tree.on(visit.place.type) if representations else draft.tree
    drafting.visited[place] = (draft, tree)
    return draft, tree


def _sibling(
    drafting: Drafting,
    visit: Visit,
    origin: Origin,
    representations: tuple[Representation, ...],
    after: Touched,
    contexts: tuple[ContextVariable, ...],
) -> Draft | None:
    """The step that other runtime types at this place already have in that subgraph, when it waits for no more than
    the origin; it takes the representation too. (What waits for more is left to the merging pass.)"""
    if origin.draft is None or not representations or contexts or drafting.keys.ambiguous:
        return None
    if after != {origin.draft.id}:
        return None
    place = (origin.draft.id, plain(origin.path), visit.place.subgraph, origin.conditions)
    if place not in drafting.siblings:
        drafting.siblings[place] = len(drafting.drafts)
        return None
    found = drafting.drafts[drafting.siblings[place]]
    if representations_conflict(found.representations, representations):
        return None
    found.representations = joined_representations(found.representations, representations)
    return found


def _context(drafting: Drafting, need: ContextNeed, origin: Origin) -> tuple[Touched, tuple[ContextVariable, ...]]:
    """Select a context's value at the position that sets it; the steps touched, and how the value is found again."""
    setter = origin.above[need.frame]
    touched = _emit_route(drafting, need.route, setter, True)
    levels = sum(item != "@" for item in plain(origin.path)[len(plain(setter.path)) :])
    guard: Path = ()
    if setter.tree and need.type not in drafting.graph.roots.values():
        setter.tree.typename()
        guard = (f"... on {need.type}",)
    read = _representation(drafting, need.type, need.selections, plain(setter.path))
    return touched, tuple(
        ContextVariable(need.variable_type, ContextRewrite((*("..",) * levels, *guard, *leaf), need.variable))
        for leaf in _leaves(read)
    )


def _leaves(selections: Selections) -> Iterator[Path]:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            for leaf in _leaves(selection.selections):
                yield (f"... on {selection.type_condition}", *leaf)
        elif selection.selections:
            for leaf in _leaves(selection.selections):
                yield (selection.response_key, *leaf)
        elif selection != TYPENAME:
            yield (selection.response_key,)


def _representation(drafting: Drafting, parent: str, selections: Selections, path: Path) -> Selections:
    """What to read from the data, by the response keys it was fetched under; ``__typename`` at abstract types."""
    found: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition or parent
            if parent == condition or parent in drafting.graph.possible.get(condition, ()):
                found.extend(_representation(drafting, parent, selection.selections, path))
            else:
                below = _representation(drafting, condition, selection.selections, path)
                found.append(InlineFragment(condition, below))
            continue
        if selection.name == "__typename":
            found.append(TYPENAME)
            continue
        found.append(_read_field(drafting, parent, selection, path))
    return merge(found)


def _read_field(drafting: Drafting, parent: str, selection: Field, path: Path) -> Field:
    key = internal_key(drafting.keys, path, selection)
    named = replace(selection, response_key=key, arguments=())
    inner = field_below(drafting.graph, parent, named, path)
    if inner is None:
        return named
    below = _representation(drafting, inner[0], selection.selections, inner[1])
    if is_abstract_type(drafting.graph.supergraph.schema.type_map[inner[0]]):
        below = (TYPENAME, *below)
    return replace(named, selections=below)
