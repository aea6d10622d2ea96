"""Rename response keys that a subgraph's validation would refuse, and note how to undo it in the answer.

Two fields of different runtime types may share a response key for the client although this subgraph gives them types
that do not merge (GraphQL specification 5.3.2, SameResponseShape): its own nullability or lists can differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from router.operation.model import Field, InlineFragment, OperationKind, Selection
from router.planner.client_keys import plain
from router.planner.graph import FieldHere, Graph
from router.planner.nodes import KeyRenamer, Path
from router.planner.selections import Selections
from router.planner.steps import FetchStep, Steps


@dataclass(slots=True, eq=False)
class _Renaming:
    """One step's pass. ``shapes`` are by plain path and key; ``settled`` sets need no change where they were met."""

    graph: Graph
    subgraph: str
    used: set[str]
    shapes: dict[Path, dict[str, str]] = field(default_factory=dict)
    settled: set[tuple[int, str, Path]] = field(default_factory=set)
    rewrites: list[KeyRenamer] = field(default_factory=list)


def rename_conflicts(steps: Steps, graph: Graph) -> Steps:
    """Every step valid by itself; a step without conflicts is returned as it is."""
    return tuple(step if not _branches(step.selections, set()) else _renamed(step, graph) for step in steps)


def _branches(selections: Selections, seen: set[int]) -> bool:
    """Whether two fragments meet anywhere; without that nothing can conflict."""
    if id(selections) in seen:
        return False
    seen.add(id(selections))
    fragments = sum(isinstance(selection, InlineFragment) for selection in selections)
    meet = fragments > 1 or (fragments == 1 and len(selections) > 1)
    return meet or any(_branches(selection.selections, seen) for selection in selections)


def _keys(selections: Selections, seen: set[int]) -> Iterator[str]:
    if id(selections) not in seen:
        seen.add(id(selections))
        for selection in selections:
            if isinstance(selection, Field):
                yield selection.response_key
            yield from _keys(selection.selections, seen)


def _shape(here: FieldHere) -> str:
    """What must agree: all of a leaf's type, only the wrappers of a composite's."""
    return here.shape.replace(here.type, "*") if here.composite else here.shape


def _renamed(step: FetchStep, graph: Graph) -> FetchStep:
    renaming = _Renaming(graph, step.subgraph, set(_keys(step.selections, set())))
    root = graph.roots[OperationKind.QUERY if step.representations else step.kind]
    selections = _visit(renaming, root, step.selections, ())
    if not renaming.rewrites:
        return step
    return replace(step, selections=selections, output_rewrites=(*step.output_rewrites, *renaming.rewrites))


def _visit(renaming: _Renaming, parent: str, selections: Selections, path: Path) -> Selections:
    """``path`` has fields and ``... on T`` items; shapes are compared at the path without the latter."""
    place = (id(selections), parent, plain(path))
    if place in renaming.settled:
        return selections
    found: list[Selection] = []
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition or parent
            inner = _visit(renaming, condition, selection.selections, (*path, f"... on {condition}"))
            found.append(selection if inner is selection.selections else replace(selection, selections=inner))
        else:
            types = renaming.graph.here[renaming.subgraph]
            here = types[parent].fields.get(selection.name) if parent in types else None
            found.append(_field(renaming, here, selection, path) if here else selection)
    if all(new is old for new, old in zip(found, selections, strict=True)):
        renaming.settled.add(place)
        return selections
    return tuple(found)


def _field(renaming: _Renaming, here: FieldHere, selection: Field, path: Path) -> Field:
    known = renaming.shapes.setdefault(plain(path), {})
    key = selection.response_key
    if known.setdefault(key, _shape(here)) != _shape(here):
        numbered = (f"{selection.response_key}__alias_{number}" for number in count())
        key = next(candidate for candidate in numbered if candidate not in renaming.used)
        renaming.used.add(key)
        known[key] = _shape(here)
        renaming.rewrites.append(KeyRenamer((*path, key), selection.response_key))
    below = _visit(renaming, here.type, selection.selections, (*path, key))
    if key == selection.response_key and below is selection.selections:
        return selection
    return replace(selection, response_key=key, selections=below)
