"""What every stage of one planning run made, as text: the parts ``router explain`` prints before the plan."""

from __future__ import annotations

from collections.abc import Iterator

from router.planner.graph import Graph
from router.planner.planning import PlanStages
from router.planner.route import Placed, Route, Visit
from router.planner.selections import field_head, print_selections
from router.planner.show import show_text
from router.planner.steps import Steps


def show_stages(stages: PlanStages) -> Iterator[tuple[str, str]]:
    """(stage, text) in order: graph, routes, fetches, each pass that changed something, plan."""
    yield "graph", graph_text(stages.graph)
    yield "routes", "\n".join(line for route in stages.turns for line in _route_lines(route, ""))
    yield "fetches", steps_text(stages.drafted)
    for name, steps in stages.passes:
        yield f"pass {name}", steps_text(steps)
    yield "plan", show_text(stages.plan)


def graph_text(graph: Graph) -> str:
    """A line a subgraph: its types with the keys they can be entered by."""
    lines = []
    for subgraph, types in graph.here.items():
        entities = [f"{name} {' '.join(map(print_selections, here.keys))}" for name, here in types.items() if here.keys]
        lines.append(f"{subgraph}: {len(types)} types; entered by {', '.join(entities) or 'its roots only'}")
    if graph.labels:
        lines.append(f"override labels on: {', '.join(sorted(graph.labels))}")
    return "\n".join(lines)


def _route_lines(route: Route, indent: str) -> Iterator[str]:
    for placed in route.placed:
        yield from _placed_lines(placed, indent)
    for condition, below in route.groups:
        yield f"{indent}on {condition}"
        yield from _route_lines(below, indent + "  ")


def _placed_lines(placed: Placed, indent: str) -> Iterator[str]:
    what = field_head(placed.field) if placed.field else f"all as {placed.visit.place.type if placed.visit else ''}"
    yield f"{indent}{what}{_visit_text(placed.visit) if placed.visit else ''}"
    if placed.route:
        yield from _route_lines(placed.route, indent + "  ")


def _visit_text(visit: Visit) -> str:
    sent = f" with {print_selections(visit.representation)}" if visit.representation else ""
    return f"  → {visit.place.subgraph}{sent}, round {visit.cost.rounds}"


def steps_text(steps: Steps) -> str:
    """A line a step: number, subgraph, path, what it waits for, what it sends and selects."""
    lines = []
    for step in steps:
        after = f" after {', '.join(map(str, sorted(step.after)))}" if step.after else ""
        sent = "".join(f" {item.at} {print_selections(item.selections)}" for item in step.representations)
        at = f" at {'.'.join(step.path)}" if step.path else ""
        lines.append(
            f"{step.id} {step.subgraph}{at}{after}:{sent + ' ⇒' if sent else ''} {print_selections(step.selections)}"
        )
    return "\n".join(lines)
