"""Rename response keys that a subgraph's validation would refuse, and note how to undo it in the answer.

Two fields of different runtime types may share a response key for the client although this subgraph gives them types
that do not merge (GraphQL specification 5.3.2, SameResponseShape): its own nullability or lists can differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from router.operation.model import Field, InlineFragment, OperationKind, Selection
from router.planner.graph import FieldHere, Graph
from router.planner.nodes import KeyRenamer, Path
from router.planner.selections import Selections
from router.planner.steps import FetchStep, Steps


def rename_conflicts(steps: Steps, graph: Graph) -> Steps:
    """Every step valid by itself; a step without conflicts is returned as it is."""
    return tuple(step if not _branches(step.selections) else _renamed(step, graph) for step in steps)


def _branches(selections: Selections) -> bool:
    """Whether two fragments meet anywhere; without that nothing can conflict."""
    fragments = sum(isinstance(selection, InlineFragment) for selection in selections)
    return fragments > 1 or (fragments == 1 and len(selections) > 1) or any(_branches(s.selections) for s in selections)


def _keys(selections: Selections) -> Iterator[str]:
    for selection in selections:
        if isinstance(selection, Field):
            yield selection.response_key
        yield from _keys(selection.selections)


def _shape(here: FieldHere) -> str:
    """What must agree: all of a leaf's type, only the wrappers of a composite's."""
    return here.shape.replace(here.type, "*") if here.composite else here.shape


def _renamed(step: FetchStep, graph: Graph) -> FetchStep:
    rewrites: list[KeyRenamer] = []
    entity = bool(step.representations)
    root = graph.roots[OperationKind.QUERY if entity else step.kind]
    used = set(_keys(step.selections))
    selections = _visit(graph, step.subgraph, root, step.selections, (), {}, used, rewrites)
    if not rewrites:
        return step
    return replace(step, selections=selections, output_rewrites=(*step.output_rewrites, *rewrites))


def _visit(
    graph: Graph,
    subgraph: str,
    parent: str,
    selections: Selections,
    path: Path,
    shapes: dict[Path, dict[str, str]],
    used: set[str],
    rewrites: list[KeyRenamer],
) -> Selections:
    """``path`` has fields and ``... on T`` items; shapes are compared at the path without the latter."""
    found: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition or parent
            inner = _visit(
                graph, subgraph, condition, selection.selections, (*path, f"... on {condition}"), shapes, used, rewrites
            )
            found.append(replace(selection, selections=inner))
            continue
        here = graph.here[subgraph][parent].fields.get(selection.name) if parent in graph.here[subgraph] else None
        if here is None:
            found.append(selection)
            continue
        found.append(_field(graph, subgraph, here, selection, path, shapes, used, rewrites))
    return tuple(found)


def _field(
    graph: Graph,
    subgraph: str,
    here: FieldHere,
    selection: Field,
    path: Path,
    shapes: dict[Path, dict[str, str]],
    used: set[str],
    rewrites: list[KeyRenamer],
) -> Field:
    known = shapes.setdefault(tuple(item for item in path if not item.startswith("... on ")), {})
    key = selection.response_key
    if known.setdefault(key, _shape(here)) != _shape(here):
        numbered = (f"{selection.response_key}__alias_{number}" for number in count())
        key = next(candidate for candidate in numbered if candidate not in used)
        used.add(key)
    if key != selection.response_key:
        rewrites.append(KeyRenamer((*path, key), selection.response_key))
    below = _visit(graph, subgraph, here.type, selection.selections, (*path, key), shapes, used, rewrites)
    return replace(selection, response_key=key, selections=below)
