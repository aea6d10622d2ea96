"""Passes over the fetch DAG: pure functions from steps to steps, run in turn until nothing changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from router.planner.graph import Graph
from router.planner.passes.merge_steps import merge_steps
from router.planner.passes.rename_conflicts import rename_conflicts
from router.planner.passes.trim_waiting import trim_waiting
from router.planner.steps import Steps

Pass = Callable[[Steps, Graph], Steps]

PASSES: tuple[Pass, ...] = (trim_waiting, merge_steps, rename_conflicts)
MAX_TURNS = 10


def run_passes(steps: Steps, graph: Graph) -> Iterator[tuple[str, Steps]]:
    """Each pass that changed something, by name, with the steps after it."""
    for _ in range(MAX_TURNS):
        before = steps
        for run in PASSES:
            after = run(steps, graph)
            if after != steps:
                yield run.__name__, after
            steps = after
        if steps == before:
            return
