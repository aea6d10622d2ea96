"""The planner's table of contents: graph → members → routes → fetches → passes → assemble."""

from __future__ import annotations

from dataclasses import dataclass

from router.errors import PlanningFailed
from router.federation.supergraph import Supergraph
from router.operation.model import Field, Operation, OperationKind
from router.planner.assemble import assemble
from router.planner.common_members import keep_common_members
from router.planner.fetches import draft_steps
from router.planner.graph import Graph, build_graph
from router.planner.nodes import QueryPlan
from router.planner.passes import run_passes
from router.planner.route import Route, Search, Standing
from router.planner.routes import solve
from router.planner.selections import Selections, open_fragments, print_selections
from router.planner.steps import Steps
from router.planner.turns import in_turns

INTROSPECTION = frozenset({"__schema", "__type", "__typename"})


@dataclass(frozen=True, slots=True, eq=False)
class PlanStages:
    """Every stage of one planning run, in order."""

    graph: Graph
    turns: tuple[Route, ...]
    drafted: Steps
    passes: tuple[tuple[str, Steps], ...]
    plan: QueryPlan


def plan(supergraph: Supergraph, operation: Operation, labels: frozenset[str] = frozenset()) -> QueryPlan:
    """The query plan. ``labels`` are the override labels that are on (``percent(n)`` labels included).

    Introspection and the root's ``__typename`` are left to the router. Raises PlanningFailed when a selected field
    cannot be had from any subgraph, which a satisfiable supergraph and a valid operation exclude.
    """
    return plan_stages(supergraph, operation, labels).plan


def plan_stages(supergraph: Supergraph, operation: Operation, labels: frozenset[str] = frozenset()) -> PlanStages:
    """The same, with what every stage made."""
    graph = build_graph(supergraph, labels)
    asked = tuple(
        selection
        for selection in open_fragments(operation.selections, lambda _: True)
        if isinstance(selection, Field) and selection.name not in INTROSPECTION
    )
    if operation.kind is OperationKind.MUTATION:
        asked = in_turns(asked)
    selections = keep_common_members(graph, operation.kind, asked)
    search = Search(graph, solve)
    turns = routes_of(search, operation, selections)
    drafted = draft_steps(graph, operation.kind, operation.root_type, selections, joined_turns(turns))
    passes = tuple(run_passes(drafted, graph))
    final = passes[-1][1] if passes else drafted
    return PlanStages(graph, turns, drafted, passes, assemble(final, operation, graph))


def routes_of(search: Search, operation: Operation, selections: Selections) -> tuple[Route, ...]:
    """Where root selections are had: one route, or one for each field of a mutation."""
    return tuple(_route(search, operation, part) for part in _parts(operation, selections))


def _parts(operation: Operation, selections: Selections) -> tuple[Selections, ...]:
    """Mutation fields are planned one by one, as they run one by one."""
    if operation.kind is OperationKind.MUTATION:
        return tuple((selection,) for selection in selections)
    return (selections,) if selections else ()


def _route(search: Search, operation: Operation, selections: Selections) -> Route:
    route = solve(search, operation.root_type, selections, Standing(None))
    if route.rest:
        raise PlanningFailed(f"No subgraph answers {print_selections(route.rest)} of {operation.root_type}.")
    if operation.kind is not OperationKind.QUERY and len(route.placed) > 1:
        raise PlanningFailed(f"No single subgraph answers {print_selections(selections)}.")
    return route


def joined_turns(turns: tuple[Route, ...]) -> tuple[Route, ...]:
    """Neighbouring mutation fields of one subgraph share a fetch, which runs them in order."""
    joined: list[Route] = []
    for route in turns:
        subgraph = route.placed[0].visit.place.subgraph if route.placed[0].visit else ""
        last = joined[-1].placed[0].visit if joined else None
        if last is not None and last.place.subgraph == subgraph:
            joined[-1] = Route(route.type, False, (*joined[-1].placed, *route.placed))
        else:
            joined.append(route)
    return tuple(joined)
