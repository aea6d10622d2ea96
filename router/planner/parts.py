"""Plan an operation that is delivered in parts (@defer, @stream): the primary part first, then what builds on it.

The primary part is planned as any operation is. A deferred part starts from the positions the parts before it stand at:
its fields are routed from there with ``Standing.away``, so that what the subgraph at hand could answer is fetched by a
visit of its own too (an entity by its key, the query root by entering again). Where no visit is possible, below a value
type for instance, the fields are fetched with what is around them. Steps know their part, and parts never share one.

A deferral none of whose parts needs a fetch of its own gains nothing by coming later: it is answered with what is
around it. A streamed list is fetched as ever; what lies below it is run again for each batch of items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from router.federation.supergraph import Supergraph
from router.operation.incremental import PRIMARY, Choices, Divided, Marked
from router.operation.model import Field, InlineFragment, Operation, Selection
from router.planner.assemble import assemble, tree
from router.planner.client_keys import client_keys, field_below, plain
from router.planner.common_members import keep_common_members
from router.planner.fetches import Drafting, Origin, drafted_steps, emit_route, emit_turns
from router.planner.graph import Graph, build_graph
from router.planner.nodes import Defer, Deferred, Flatten, Node, Parallel, Path, QueryPlan, Sequence, Streamed
from router.planner.passes import run_passes
from router.planner.planning import INTROSPECTION, joined_turns, routes_of
from router.planner.route import Frame, Route, Search, Standing
from router.planner.routes import solve
from router.planner.selections import TYPENAME, Selections, merge, open_fragments
from router.planner.steps import Steps

Refused = TypeVar("Refused")


Permit = Callable[[Operation], tuple[Operation, Refused]]
"""Takes out of an operation what the caller may not have; also what was taken out."""


@dataclass(frozen=True, slots=True)
class _Root:
    """Where a part begins: at ``path`` (with ``... on T`` for the type conditions on the way), on objects of ``type``
    that the part ``around`` delivers."""

    part: int
    around: int
    path: Path
    type: str
    selections: Selections


@dataclass(frozen=True, slots=True)
class InParts(Generic[Refused]):
    """``divided`` is the client's operation as it is delivered, ``plan`` how it is fetched without what was refused."""

    divided: Divided
    plan: QueryPlan
    refused: Refused


def plan_in_parts(
    supergraph: Supergraph,
    marked: Marked,
    choices: Choices,
    permit: Permit[Refused],
    labels: frozenset[str] = frozenset(),
) -> InParts[Refused] | None:
    """The plan of an operation under these choices; None when nothing of it would come later than the rest.

    Raises as ``planning.plan`` does.
    """
    idle: frozenset[int] = frozenset()
    while True:
        divided = marked.divided(choices, supergraph.api_schema, idle)
        if divided.is_whole:
            return None
        operation, refused = permit(divided.operation)
        plan, more = plan_divided(supergraph, replace(divided, operation=operation), labels)
        if not more:
            return InParts(divided, plan, refused)
        idle |= more


def plan_divided(
    supergraph: Supergraph, divided: Divided, labels: frozenset[str] = frozenset()
) -> tuple[QueryPlan, frozenset[int]]:
    """The plan of a divided operation, and the deferrals, by number, that are better not deferred: they would bring
    nothing of their own, or start where no subgraph can be entered. With any of those the plan may lack fields."""
    graph, operation = build_graph(supergraph, labels), divided.operation
    selections = keep_common_members(graph, operation.kind, _answered_by_subgraphs(operation.selections))
    roots = tuple(_roots(graph, operation.root_type, selections, (), PRIMARY))
    primary = _without_parts(selections)
    search = Search(graph, solve)
    drafting = Drafting(graph, operation.kind, client_keys(graph, operation.root_type, selections), origins={})
    root_fields = tuple(open_fragments(primary, lambda _: True))
    emit_turns(drafting, joined_turns(routes_of(search, operation, root_fields)))
    if not drafting.drafts:
        drafting.origins = {(): [(Origin(None, None, (), 0), operation.root_type)]}
    waits: dict[int, set[int]] = {number: set() for number in range(len(divided.parts))}
    stuck: frozenset[int] = frozenset()
    for root in roots:
        drafting.part = root.part
        brought = _draft(drafting, search, root)
        if brought is None:
            stuck |= divided.parts[root.part]
        else:
            waits[root.part] |= brought | {root.around}
    if stuck:
        return QueryPlan(None), stuck
    drafted = drafted_steps(drafting)
    *_, steps = drafted, *(after for _, after in run_passes(drafted, graph))
    return QueryPlan(_assembled(divided, roots, primary, steps, waits, graph)), _idle(divided, steps)


def _answered_by_subgraphs(selections: Selections) -> Selections:
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, Field):
            if selection.name not in INTROSPECTION:
                kept.append(selection)
        elif below := _answered_by_subgraphs(selection.selections):
            kept.append(replace(selection, selections=below))
    return tuple(kept)


def _roots(graph: Graph, parent: str, selections: Selections, path: Path, part: int) -> Iterator[_Root]:
    """Every place where a part begins, what encloses it first."""
    for selection in selections:
        if isinstance(selection, InlineFragment):
            within = selection.part if selection.part is not None else part
            if within != part:
                yield _Root(within, part, path, parent, _without_parts(selection.selections))
            condition = selection.type_condition
            below = path if condition is None else (*path, f"... on {condition}")
            yield from _roots(graph, condition or parent, selection.selections, below, within)
            continue
        found = field_below(graph, parent, selection, path)
        if found is not None:
            yield from _roots(graph, found[0], selection.selections, found[1], part)


def _without_parts(selections: Selections) -> Selections:
    """What the part around delivers; an object all of whose fields come later is asked for all the same."""
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, Field):
            below = _without_parts(selection.selections)
            kept.append(replace(selection, selections=below or TYPENAME_ONLY) if selection.selections else selection)
        elif selection.part is None and (below := _without_parts(selection.selections)):
            kept.append(replace(selection, selections=below))
    return tuple(kept)


TYPENAME_ONLY: Selections = (TYPENAME,)


def _draft(drafting: Drafting, search: Search, root: _Root) -> set[int] | None:
    """Draft one root at every position it begins at; the parts that bring those positions, None when it cannot be."""
    waits: set[int] = set()
    assert drafting.origins is not None
    for alternatives in _starts(drafting, root):
        found = next((way for start in alternatives if (way := _ways(search, root, *start)) is not None), None)
        if found is None:
            return None
        origin, routes = found
        for route in routes:
            emit_route(drafting, route, origin, False)
        if origin.draft is not None:
            waits.add(origin.draft.part)
    return waits


def _starts(drafting: Drafting, root: _Root) -> Iterator[list[tuple[Origin, str]]]:
    """The positions at a root's path that together stand for all of its objects, each with its alternatives.

    Any position that does not depend on the runtime types of the objects around stands for all.
    """
    assert drafting.origins is not None
    met = drafting.origins.get(plain(root.path), [])
    fitting = [start for start in met if _may_meet(drafting.graph, start[0].path, root.path)]
    wide = [start for start in fitting if not start[0].narrowed]
    if wide:
        yield wide
    else:
        yield from ([start] for start in fitting)


def _may_meet(graph: Graph, one: Path, other: Path) -> bool:
    """Whether an object can fulfil the type conditions of both paths, which are otherwise the same."""
    for some, more in zip(_conditions(one), _conditions(other), strict=True):
        types = [graph.possible.get(condition, frozenset()) for condition in (*some, *more)]
        if types and not frozenset.intersection(*types):
            return False
    return True


def _conditions(path: Path) -> list[list[str]]:
    """The type conditions before each response key, and those at the end."""
    found: list[list[str]] = [[]]
    for item in path:
        if item.startswith("... on "):
            found[-1].append(item.removeprefix("... on "))
        else:
            found.append([])
    return found


def _ways(search: Search, root: _Root, origin: Origin, type_name: str) -> tuple[Origin, tuple[Route, ...]] | None:
    """Routes for all of a root from one position: away from it, and what cannot be had away, at it."""
    if origin.draft is None:
        route = solve(search, type_name, root.selections, Standing(None))
        return None if route.rest else (origin, (route,))
    frames = tuple(Frame(one.type, one.draft.subgraph if one.draft else None, ()) for one in origin.above)
    standing = Standing(origin.draft.subgraph, (), frames, away=True)
    route = solve(search, type_name, root.selections, standing)
    if not route.rest:
        return origin, (route,)
    rest = merge(route.rest)
    search.kept.append(rest)
    local = solve(search, type_name, rest, replace(standing, away=False))
    return None if local.rest else (origin, (route, local))


def _idle(divided: Divided, steps: Steps) -> frozenset[int]:
    fetching = {step.part for step in steps}
    needed = frozenset().union(*(holding for number, holding in enumerate(divided.parts) if number in fetching))
    return frozenset().union(*divided.parts) - needed


def _assembled(
    divided: Divided,
    roots: tuple[_Root, ...],
    primary: Selections,
    steps: Steps,
    waits: dict[int, set[int]],
    graph: Graph,
) -> Node | None:
    operation = divided.operation
    part_of = {step.id: step.part for step in steps}
    needed = {before for step in steps for before in step.after if part_of[before] != step.part}
    numbers = {step.id: number for number, step in enumerate(step for step in steps if step.id in needed)}
    steps = tuple(replace(step, number=numbers.get(step.id)) for step in steps)
    first = assemble(tuple(step for step in steps if step.part == PRIMARY), operation, graph).node
    deferred = []
    nodes: dict[int, Node | None] = {PRIMARY: first}
    for part in dict.fromkeys(root.part for root in roots):
        own = [step for step in steps if step.part == part]
        outside = {before for step in own for before in step.after if part_of[before] != part}
        after = (waits[part] | {part_of[before] for before in outside}) - {PRIMARY, part}
        here = {step.id for step in own}
        nodes[part] = tree([replace(step, after=step.after & here) for step in own], operation, graph)
        deferred.append(_deferred(divided, part, roots, sorted(numbers[n] for n in outside), after, nodes[part]))
    streamed = tuple(
        Streamed(s.number, s.part, s.path, s.label, s.initial, below(nodes.get(s.part), s.path))
        for s in divided.streams
    )
    return Defer(primary, first, tuple(deferred), streamed) if deferred or streamed else first


def _deferred(
    divided: Divided, part: int, roots: tuple[_Root, ...], depends: list[int], after: set[int], node: Node | None
) -> Deferred:
    holding = [divided.deferrals[number] for number in sorted(divided.parts[part])]
    path = holding[0].path
    own = merge(
        selection
        for root in roots
        if root.part == part
        for selection in _led_to(plain(root.path)[len(path) :], root.selections)
    )
    labels = tuple(deferral.label for deferral in holding if deferral.label is not None)
    return Deferred(part, path, labels, tuple(depends), tuple(sorted(after)), own, node)


def _led_to(path: Path, selections: Selections) -> Selections:
    """The selections under the response keys that lead to them; for display."""
    for key in reversed(path):
        if key != "@":
            selections = (Field(key, key, selections=selections),)
    return selections


def below(node: Node | None, path: Path) -> Node | None:
    """The fetches of a plan that belong to objects below the list at ``path``."""
    match node:
        case Flatten():
            return node if plain(node.path)[: len(path)] == path else None
        case Sequence() | Parallel():
            kept = tuple(found for child in node.nodes if (found := below(child, path)) is not None)
            return kept[0] if len(kept) == 1 else replace(node, nodes=kept) if kept else None
    return None
