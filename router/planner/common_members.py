"""Common members: at a union, only members that every subgraph which may answer there knows.

Subgraphs can give one union different members. Where a position can be had from several of them, what the client sees
must not depend on which one the planner picks, so a member that one of them lacks is not asked for there. Where the way
to the position leaves one subgraph only, its own members count.
"""

from __future__ import annotations

from dataclasses import replace

from graphql import GraphQLUnionType

from router.operation.model import Field, InlineFragment, OperationKind, Selection
from router.planner.client_keys import field_below
from router.planner.graph import Graph, Kind
from router.planner.selections import Selections

Answering = frozenset[str]
"""The subgraphs that may answer at a position; empty when that is not known."""


def keep_common_members(graph: Graph, kind: OperationKind, selections: Selections) -> Selections:
    """The root selections without fragments on members that depend on the choice of subgraph."""
    if not graph.uneven_unions:
        return selections
    root = graph.roots[kind]
    return _pruned(graph, root, frozenset(graph.here), selections)


def _pruned(graph: Graph, type_name: str, answering: Answering, selections: Selections) -> Selections:
    """The same tuple when nothing below changes."""
    pruned: list[Selection] = []
    for selection in selections:
        if not selection.selections:
            pruned.append(selection)
            continue
        if isinstance(selection, InlineFragment):
            below = _pruned(graph, selection.type_condition or type_name, answering, selection.selections)
        else:
            below = _below(graph, type_name, answering, selection)
        pruned.append(selection if below is selection.selections else replace(selection, selections=below))
    return _same_or(selections, pruned)


def _same_or(old: Selections, new: list[Selection]) -> Selections:
    unchanged = len(new) == len(old) and all(one is other for one, other in zip(new, old, strict=True))
    return old if unchanged else tuple(new)


def _below(graph: Graph, parent: str, answering: Answering, field: Field) -> Selections:
    there = _answering(graph, parent, answering, field.name)
    merged = field_below(graph, parent, field, ())
    if merged is None:
        return field.selections
    type_name, selections = merged[0], field.selections
    if there and isinstance(graph.supergraph.schema.type_map[type_name], GraphQLUnionType):
        known = (graph.here[subgraph][parent].fields[field.name].type for subgraph in there)
        common = frozenset.intersection(*(graph.here[s][name].possible for s, name in zip(there, known, strict=True)))
        selections = _only(graph, type_name, common, selections)
    return _pruned(graph, type_name, there, selections)


def _answering(graph: Graph, parent: str, answering: Answering, field: str) -> Answering:
    """Those that have the field among the subgraphs one may stand in, or enter from there by a key."""
    enterable = {place.subgraph for place in graph.entrances.get(parent, ()) if place.type == parent}
    return frozenset(
        subgraph
        for subgraph in answering | enterable
        if (here := graph.here[subgraph].get(parent)) is not None
        and here.kind is not Kind.UNION
        and (found := here.fields.get(field)) is not None
        and found.resolvable
    )


def _only(graph: Graph, union: str, common: frozenset[str], selections: Selections) -> Selections:
    """What is selected on the common members, at any depth of fragments."""
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, Field):
            kept.append(selection)
            continue
        condition = selection.type_condition or union
        wanted = graph.possible[condition] & graph.possible[union]
        if wanted <= common:
            kept.append(selection)
        else:
            below = _only(graph, union, common, selection.selections)
            kept.extend(replace(selection, type_condition=name, selections=below) for name in sorted(wanted & common))
    return _same_or(selections, kept)
