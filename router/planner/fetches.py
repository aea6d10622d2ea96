"""From routes to the fetch DAG: every visit becomes a step, every placed field a selection in its step.

A visit's needs are selected first; the steps touched by that are the ones the visit waits for. Fields the client did
not ask for get response keys that cannot meet the client's own at that place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from graphql import is_abstract_type

from router.errors import LimitExceeded
from router.operation.model import Condition, Field, OperationKind
from router.planner.client_keys import ClientKeys, client_keys, field_below, internal_key, is_ambiguous, plain
from router.planner.graph import Graph, Kind
from router.planner.nodes import ContextRewrite, Path
from router.planner.route import ContextNeed, Placed, Route, Visit
from router.planner.selections import TYPENAME, Selections, joined
from router.planner.sent_along import leaves, sent_along
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
"""Far above what any operation of use needs; a bound on memory for those made to be large."""


@dataclass(slots=True, eq=False)
class Draft:
    """A step under construction. ``path`` has an ``... on T`` item for each choice of a runtime type that may decide
    what a key means."""

    id: int
    subgraph: str
    path: Path
    kind: OperationKind
    turn: int
    round: int
    tree: Tree
    representations: tuple[Representation, ...] = ()
    after: Touched = frozenset()
    contexts: tuple[ContextVariable, ...] = ()
    conditions: tuple[Condition, ...] = ()
    part: int = 0


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
    narrowed: bool = False
    """Whether only some runtime types of an object around lead here."""
    type: str = ""
    """The position's type, where it sets contexts."""


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
    joinable: dict[tuple[object, ...], list[Draft]] = field(default_factory=dict)
    """By subgraph, path, round, conditions and part: the drafts that further visits may join."""
    part: int = 0
    """The part of an incremental delivery that is being drafted."""
    origins: dict[Path, list[tuple[Origin, str]]] | None = None
    """By plain path: the positions met there and their types; noted only where parts are to start from them."""


def draft_steps(graph: Graph, kind: OperationKind, root: str, selections: Selections, turns: Sequence[Route]) -> Steps:
    """The fetch DAG of an operation: one turn, or, for mutations, a turn for each run of fields in one subgraph."""
    drafting = Drafting(graph, kind, client_keys(graph, root, selections))
    emit_turns(drafting, turns)
    return drafted_steps(drafting)


def emit_turns(drafting: Drafting, turns: Sequence[Route]) -> None:
    """Draft all that the routes from the root need."""
    for turn, route in enumerate(turns):
        emit_route(drafting, route, Origin(None, None, (), turn), False)


def drafted_steps(drafting: Drafting) -> Steps:
    """The steps, when nothing is to be added to them."""
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
        part=draft.part,
    )


def _without_last_types(path: Path) -> Path:
    """The objects' own type is told by their representations."""
    end = max((number for number, item in enumerate(path, 1) if not item.startswith("... on ")), default=0)
    return path[:end]


def emit_route(drafting: Drafting, route: Route, origin: Origin, internal: bool) -> Touched:
    """Select all of a route; returns the steps that bring any of it."""
    place = (id(route), id(origin.tree), origin.path, origin.turn, internal, tuple(id(o.tree) for o in origin.above))
    known = drafting.emitted.get(place)
    if known is not None:
        return known
    touched: Touched = frozenset({origin.draft.id} if origin.draft else ())
    if drafting.origins is not None and not internal:
        drafting.origins.setdefault(plain(origin.path), []).append((origin, route.type))
    if route.abstract and origin.tree:
        origin.tree.typename()
    for placed in route.placed:
        touched |= _emit(drafting, placed, route.type, origin, internal)
    for condition, below in route.groups:
        assert origin.tree
        path = origin.path
        if drafting.keys.undecided and plain(path) in drafting.keys.undecided:
            path = (*path, f"... on {condition}")
        group = replace(origin, tree=origin.tree.on(condition), path=path, narrowed=True)
        touched |= emit_route(drafting, below, group, internal)
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
        return emit_route(drafting, placed.route, replace(origin, draft=draft, tree=tree), internal)
    asked = placed.field
    key = internal_key(drafting.keys, plain(origin.path), asked) if internal else asked.response_key
    selected = Field(key, asked.name, asked.arguments, asked.directives, asked.conditions)
    if placed.route is None:
        tree.field(selected)
        return frozenset({draft.id})
    above = (*origin.above, replace(origin, type=at)) if at in drafting.graph.context_setters else origin.above
    path = (*origin.path, selected.response_key, *placed.path[1:])
    conditions = joined(origin.conditions, selected.conditions)
    place = (id(placed.route), draft.id, path, conditions, internal)
    known = None if above else drafting.shared.get(place)
    if known and tree.share(selected, known[0]):
        return known[1]
    below = tree.field(selected)
    inside = Origin(draft, below, path, origin.turn, above, conditions, origin.narrowed)
    touched = emit_route(drafting, placed.route, inside, internal)
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
        place: tuple[object, ...] = ("root", visit.place.subgraph, origin.turn, drafting.part)
    else:
        place = (id(visit), origin.path, id(origin.tree), drafting.part)
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
        sent = sent_along(drafting.graph, drafting.keys, visit.at, visit.representation, plain(origin.path))
        here = frozenset({Objects(id(origin.tree), origin.conditions, not origin.narrowed)})
        representations = (Representation(visit.at, visit.place.type, sent, here, there.interface_object),)
    round_ = 1 + max((drafting.drafts[number].round for number in after), default=0)
    asked = Draft(
        len(drafting.drafts),
        visit.place.subgraph,
        origin.path,
        kind or OperationKind.QUERY,
        origin.turn,
        round_,
        Tree(),
        representations,
        after,
        contexts,
        origin.conditions,
        drafting.part,
    )
    draft = _joined(drafting, asked) if representations else None
    if draft is None:
        if len(drafting.drafts) >= MAX_STEPS:
            raise LimitExceeded(f"The operation needs more than {MAX_STEPS} fetches.", code="QUERY_PLAN_TOO_LARGE")
        draft = asked
        drafting.drafts.append(draft)
    tree = draft.tree.on(visit.place.type) if representations else draft.tree
    drafting.visited[place] = (draft, tree)
    return draft, tree


def _joined(drafting: Drafting, asked: Draft) -> Draft | None:
    """A draft that takes over what is asked: of the same subgraph, path and round, so that nobody waits longer.

    However many ways lead to a place, it gets one step a subgraph and round; which of them a step of a further round
    starts from makes no difference to what it asks.
    """
    place = (asked.subgraph, asked.path, asked.round, asked.turn, asked.conditions, asked.part)
    candidates = drafting.joinable.setdefault(place, [])
    for draft in candidates:
        if draft.contexts == asked.contexts and not representations_conflict(
            draft.representations, asked.representations
        ):
            draft.representations = joined_representations(draft.representations, asked.representations)
            draft.after |= asked.after
            return draft
    candidates.append(asked)
    return None


def _context(drafting: Drafting, need: ContextNeed, origin: Origin) -> tuple[Touched, tuple[ContextVariable, ...]]:
    """Select a context's value at the position that sets it; the steps touched, and how the value is found again."""
    setter = origin.above[need.frame]
    touched = emit_route(drafting, need.route, setter, True)
    levels = sum(item != "@" for item in plain(origin.path)[len(plain(setter.path)) :])
    guard: Path = ()
    if setter.tree and need.type not in drafting.graph.roots.values():
        setter.tree.typename()
        guard = (f"... on {need.type}",)
    read = sent_along(drafting.graph, drafting.keys, need.type, need.selections, plain(setter.path))
    return touched, tuple(
        ContextVariable(need.variable_type, ContextRewrite((*("..",) * levels, *guard, *leaf), need.variable))
        for leaf in leaves(read)
    )
