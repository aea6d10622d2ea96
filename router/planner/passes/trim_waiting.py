"""Forget waits that follow from others: a step that waits for B, and B for A, need not say that it waits for A."""

from __future__ import annotations

from dataclasses import replace

from router.planner.graph import Graph
from router.planner.steps import Steps, ancestors


def trim_waiting(steps: Steps, graph: Graph) -> Steps:
    """The transitive reduction of the DAG."""
    above = ancestors(steps)
    trimmed = []
    for step in steps:
        implied: frozenset[int] = frozenset().union(*(above[before] for before in step.after))
        trimmed.append(replace(step, after=step.after - implied) if step.after & implied else step)
    return tuple(trimmed)
