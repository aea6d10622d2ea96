"""What each subgraph can answer: for every subgraph its types, their fields, keys and possible types.

The graph is read from the join metadata once per supergraph and set of active override labels. A later room asks it
three things: what a type looks like in one subgraph (``here``), which subgraphs offer a field (``offers``), and through
which keys an object can be entered (``entrances``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)

from router.federation.join_metadata import ContextArgument, FieldJoin, TypeJoins
from router.federation.supergraph import Supergraph
from router.operation.model import InlineFragment, OperationKind
from router.planner.selections import Selections, read_field_set


class Kind(StrEnum):
    """The composite kinds of types; an interface object is an OBJECT in its subgraph."""

    OBJECT = "object"
    INTERFACE = "interface"
    UNION = "union"


@dataclass(frozen=True, slots=True)
class FieldHere:
    """A field as one subgraph has it. ``type`` is the named type there; ``lists`` counts list wrappers."""

    name: str
    type: str
    shape: str
    """The printed type, which two fields under one response key must share."""
    lists: int
    composite: bool
    resolvable: bool
    requires: Selections = ()
    provides: Selections = ()
    contexts: tuple[ContextArgument, ...] = ()

    @property
    def plain(self) -> bool:
        """Resolvable without anything to be fetched first."""
        return self.resolvable and not self.requires and not self.contexts


@dataclass(frozen=True, slots=True)
class TypeHere:
    """A composite type as one subgraph has it. ``keys`` are those it can be entered by."""

    name: str
    kind: Kind
    fields: Mapping[str, FieldHere]
    possible: frozenset[str]
    keys: tuple[Selections, ...] = ()
    interface_object: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A type in a subgraph: where one can stand."""

    subgraph: str
    type: str


@dataclass(frozen=True, eq=False)
class Graph:
    """All subgraphs' types. ``offers`` is by (type, field), ``entrances`` by type; both in subgraph order."""

    supergraph: Supergraph
    labels: frozenset[str]
    here: Mapping[str, Mapping[str, TypeHere]]
    offers: Mapping[tuple[str, str], tuple[Place, ...]]
    entrances: Mapping[str, tuple[Place, ...]]
    possible: Mapping[str, frozenset[str]]
    """By type of the supergraph: the object types there; hidden ones too, as @requires may meet them."""
    roots: Mapping[OperationKind, str]
    serial_roots: frozenset[str]
    """The mutation and subscription types: asking two subgraphs for one field would run it twice."""
    context_setters: Mapping[str, frozenset[str]]
    """By type: the contexts it sets, itself or through an interface or union it belongs to."""
    uneven_unions: frozenset[str]
    """Unions whose members differ between subgraphs."""


def _named(printed: str) -> str:
    return printed.replace("[", "").replace("]", "").replace("!", "")


def _is_active(join: FieldJoin, joins: tuple[FieldJoin, ...], labels: frozenset[str]) -> bool:
    """Whether overrides leave the field to this subgraph; a labelled override holds only while its label is on."""
    if join.override_label is not None:
        return (join.override_label in labels) == (join.override is not None)
    return not any(
        other.override == join.subgraph
        and other.subgraph != join.subgraph
        and (other.override_label is None or other.override_label in labels)
        for other in joins
    )


def _field_here(
    name: str, merged: str, join: FieldJoin, joins: TypeJoins, labels: frozenset[str], supergraph: Supergraph
) -> FieldHere:
    printed = join.type or merged
    external = join.external or (join.used_overridden and join.override_label is None)
    return FieldHere(
        name=name,
        type=_named(printed),
        shape=printed,
        lists=printed.count("["),
        composite=is_composite_type(supergraph.schema.type_map[_named(printed)]),
        resolvable=not external and _is_active(join, joins.fields[name], labels),
        requires=read_field_set(join.requires) if join.requires else (),
        provides=read_field_set(join.provides) if join.provides else (),
        contexts=join.context_arguments,
    )


def _type_here(
    merged: GraphQLNamedType, joins: TypeJoins, subgraph: str, labels: frozenset[str], supergraph: Supergraph
) -> TypeHere:
    join = joins.types[subgraph]
    fields: dict[str, FieldHere] = {}
    if isinstance(merged, GraphQLObjectType | GraphQLInterfaceType):
        for name, definition in merged.fields.items():
            for field_join in joins.fields.get(name, ()):
                if field_join.subgraph == subgraph:
                    fields[name] = _field_here(name, str(definition.type), field_join, joins, labels, supergraph)
    keys = tuple(read_field_set(key.fields) for key in join.keys if key.resolvable)
    if isinstance(merged, GraphQLUnionType):
        kind, possible = Kind.UNION, joins.members.get(subgraph, frozenset())
    elif isinstance(merged, GraphQLInterfaceType) and not join.is_interface_object:
        kind = Kind.INTERFACE
        possible = frozenset(
            name
            for name, other in supergraph.joins.items()
            if isinstance(supergraph.schema.type_map.get(name), GraphQLObjectType)
            and merged.name in other.implements.get(subgraph, ())
        )
    else:
        kind, possible = Kind.OBJECT, frozenset({merged.name})
    return TypeHere(merged.name, kind, fields, possible, keys, join.is_interface_object)


def _with_unsaid_fields(here: dict[str, TypeHere], supergraph: Supergraph, subgraph: str) -> None:
    """Join v0.1 leaves fields unsaid that a subgraph only repeats: for its keys (had) and its @provides (promised)."""
    for name in tuple(here):
        for key in supergraph.joins[name].types[subgraph].keys:
            _imply(here, supergraph, subgraph, name, read_field_set(key.fields), True)
        for field in tuple(here[name].fields.values()):
            if field.provides:
                _imply(here, supergraph, subgraph, field.type, field.provides, False)


def _imply(
    here: dict[str, TypeHere], supergraph: Supergraph, subgraph: str, name: str, selections: Selections, had: bool
) -> None:
    merged = supergraph.schema.type_map.get(name)
    for selection in selections:
        if isinstance(selection, InlineFragment):
            _imply(here, supergraph, subgraph, selection.type_condition or name, selection.selections, had)
        elif isinstance(merged, GraphQLObjectType | GraphQLInterfaceType) and selection.name in merged.fields:
            if name in here and selection.name not in here[name].fields:
                join = FieldJoin(subgraph, external=not had)
                joins = TypeJoins(name, {}, {selection.name: (join,)}, {}, {}, {})
                printed = str(merged.fields[selection.name].type)
                field = _field_here(selection.name, printed, join, joins, frozenset(), supergraph)
                here[name] = replace(here[name], fields={**here[name].fields, selection.name: field})
            inner = get_named_type(merged.fields[selection.name].type).name
            _imply(here, supergraph, subgraph, inner, selection.selections, had)


def _context_setters(supergraph: Supergraph) -> dict[str, frozenset[str]]:
    setters: dict[str, set[str]] = {}
    for context, names in supergraph.contexts.items():
        for name in names:
            type_ = supergraph.schema.type_map.get(name)
            setters.setdefault(name, set()).add(context)
            if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
                for member in supergraph.schema.get_possible_types(type_):
                    setters.setdefault(member.name, set()).add(context)
    return {name: frozenset(contexts) for name, contexts in setters.items()}


def _possible(supergraph: Supergraph) -> dict[str, frozenset[str]]:
    schema = supergraph.schema
    possible: dict[str, frozenset[str]] = {}
    for name, merged in schema.type_map.items():
        if isinstance(merged, GraphQLObjectType):
            possible[name] = frozenset({name})
        elif isinstance(merged, GraphQLInterfaceType | GraphQLUnionType):
            possible[name] = frozenset(item.name for item in schema.get_possible_types(merged))
    return possible


def _offers(
    supergraph: Supergraph, here: Mapping[str, Mapping[str, TypeHere]]
) -> tuple[dict[tuple[str, str], tuple[Place, ...]], dict[str, tuple[Place, ...]]]:
    """Who offers which field, and where each type can be entered; objects also through their interface objects."""
    offers: dict[tuple[str, str], list[Place]] = {}
    entrances: dict[str, list[Place]] = {}
    for name in supergraph.joins:
        merged = supergraph.schema.type_map.get(name)
        if not isinstance(merged, GraphQLObjectType | GraphQLInterfaceType):
            continue
        interfaces = [interface.name for interface in merged.interfaces]
        for subgraph, types in here.items():
            for standing in (name, *interfaces):
                found = types.get(standing)
                if found is None or (standing != name and not found.interface_object):
                    continue
                place = Place(subgraph, standing)
                if found.keys:
                    entrances.setdefault(name, []).append(place)
                for field in found.fields.values():
                    if field.resolvable and (found.kind is Kind.OBJECT):
                        offers.setdefault((name, field.name), []).append(place)
    return {k: tuple(v) for k, v in offers.items()}, {k: tuple(v) for k, v in entrances.items()}


@lru_cache(maxsize=32)
def build_graph(supergraph: Supergraph, labels: frozenset[str] = frozenset()) -> Graph:
    """The graph of a supergraph with the given override labels switched on."""
    here: dict[str, dict[str, TypeHere]] = {}
    for subgraph in supergraph.subgraphs:
        here[subgraph] = {
            name: _type_here(merged, joins, subgraph, labels, supergraph)
            for name, joins in supergraph.joins.items()
            if subgraph in joins.types and is_composite_type(merged := supergraph.schema.type_map[name])
        }
        _with_unsaid_fields(here[subgraph], supergraph, subgraph)
    offers, entrances = _offers(supergraph, here)
    schema = supergraph.schema
    roots = {
        kind: root.name
        for kind, root in (
            (OperationKind.QUERY, schema.query_type),
            (OperationKind.MUTATION, schema.mutation_type),
            (OperationKind.SUBSCRIPTION, schema.subscription_type),
        )
        if root is not None
    }
    serial = frozenset(root for kind, root in roots.items() if kind is not OperationKind.QUERY)
    return Graph(
        supergraph,
        labels,
        here,
        offers,
        entrances,
        _possible(supergraph),
        roots,
        serial,
        _context_setters(supergraph),
        _uneven_unions(here),
    )


def _uneven_unions(here: Mapping[str, Mapping[str, TypeHere]]) -> frozenset[str]:
    members: dict[str, set[frozenset[str]]] = {}
    for types in here.values():
        for name, found in types.items():
            if found.kind is Kind.UNION:
                members.setdefault(name, set()).add(found.possible)
    return frozenset(name for name, sets in members.items() if len(sets) > 1)
