"""The join directives of a supergraph as values: which subgraph has which type, key, field, member and value.

Older join specs say less, so reading fills in what they imply:
v0.1 gives ``@join__type`` only to entities, ``@join__field`` only to their fields: other types are in every subgraph;
before v0.3 interfaces, union members and enum values carry no graph: they are wherever both ends are.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, is_introspection_type
from graphql.language import DocumentNode, EnumTypeDefinitionNode, EnumTypeExtensionNode

from router.federation.api_schema import BUILT_IN_SCALARS, TypeDefinition, named_type
from router.federation.features import directive_arguments


@dataclass(frozen=True, slots=True)
class SubgraphInfo:
    """A subgraph: ``name`` as people know it, ``graph`` its join__Graph enum value, ``url`` its routing address."""

    name: str
    graph: str
    url: str


@dataclass(frozen=True, slots=True)
class Key:
    """A ``@key``: ``fields`` is the field set's text; not ``resolvable`` means the subgraph cannot be entered by it."""

    fields: str
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class TypeJoin:
    """A type in one subgraph."""

    subgraph: str
    keys: tuple[Key, ...] = ()
    is_interface_object: bool = False


@dataclass(frozen=True, slots=True)
class ContextArgument:
    """An argument the router fills: ``selection`` read from the nearest enclosing type that sets ``context``."""

    name: str
    type: str
    context: str
    selection: str


@dataclass(frozen=True, slots=True)
class FieldJoin:
    """A field in one subgraph; ``type`` is the subgraph's own type where it differs from the merged one."""

    subgraph: str
    requires: str | None = None
    provides: str | None = None
    type: str | None = None
    external: bool = False
    override: str | None = None
    used_overridden: bool = False
    override_label: str | None = None
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class TypeJoins:
    """One type of the supergraph across its subgraphs; all mappings name subgraphs by their names."""

    name: str
    types: Mapping[str, TypeJoin]
    fields: Mapping[str, tuple[FieldJoin, ...]]
    """Object and interface fields and input fields, expanded: a field without directives is wherever its type is.
    A field only reachable through an interface object has no entry in its tuple."""
    implements: Mapping[str, frozenset[str]]
    """By subgraph: the interfaces this type implements there."""
    members: Mapping[str, frozenset[str]]
    """By subgraph: the members of this union there."""
    values: Mapping[str, frozenset[str]]
    """By subgraph: the values of this enum there."""


def _applied(node: Any, name: str) -> list[dict[str, Any]]:
    return [directive_arguments(applied) for applied in node.directives or () if applied.name.value == name]


def read_graphs(document: DocumentNode) -> Mapping[str, SubgraphInfo]:
    """By join__Graph enum value, in order."""
    graphs = {}
    for node in document.definitions:
        if isinstance(node, EnumTypeDefinitionNode | EnumTypeExtensionNode) and node.name.value == "join__Graph":
            for value in node.values or ():
                for arguments in _applied(value, "join__graph"):
                    graph = value.name.value
                    graphs[graph] = SubgraphInfo(
                        str(arguments.get("name", graph)), graph, str(arguments.get("url", ""))
                    )
    return graphs


def read_contexts(document: DocumentNode, directive: str | None) -> Mapping[str, tuple[str, ...]]:
    """By context name: the types that set it."""
    contexts: dict[str, tuple[str, ...]] = {}
    for node in document.definitions:
        if directive and isinstance(node, TypeDefinition):
            for arguments in _applied(node, directive):
                contexts[arguments["name"]] = (*contexts.get(arguments["name"], ()), node.name.value)
    return contexts


def _type_joins(node: Any, graphs: Mapping[str, SubgraphInfo]) -> dict[str, TypeJoin]:
    found: dict[str, TypeJoin] = {}
    for arguments in _applied(node, "join__type"):
        subgraph = graphs[arguments["graph"]].name
        join = found.get(subgraph) or TypeJoin(subgraph)
        keys = join.keys
        if arguments.get("key"):
            keys = (*keys, Key(arguments["key"], bool(arguments.get("resolvable", True))))
        interface_object = join.is_interface_object or bool(arguments.get("isInterfaceObject", False))
        found[subgraph] = TypeJoin(subgraph, keys, interface_object)
    return found or {graph.name: TypeJoin(graph.name) for graph in graphs.values()}


def _field_join(arguments: Mapping[str, Any], graphs: Mapping[str, SubgraphInfo]) -> FieldJoin:
    contexts = tuple(
        ContextArgument(raw["name"], raw["type"], raw["context"], raw["selection"])
        for raw in arguments.get("contextArguments") or ()
    )
    return FieldJoin(
        subgraph=graphs[arguments["graph"]].name,
        requires=arguments.get("requires") or None,
        provides=arguments.get("provides") or None,
        type=arguments.get("type"),
        external=bool(arguments.get("external", False)),
        override=arguments.get("override"),
        used_overridden=bool(arguments.get("usedOverridden", False)),
        override_label=arguments.get("overrideLabel"),
        context_arguments=contexts,
    )


def _field_joins(
    field: Any,
    types: Mapping[str, TypeJoin],
    knowing: Container[str],
    graphs: Mapping[str, SubgraphInfo],
    owner: str | None,
) -> tuple[FieldJoin, ...]:
    """``knowing`` are the subgraphs that know the field's own type; in v0.1 others cannot have the field."""
    applied = _applied(field, "join__field")
    if applied:
        return tuple(_field_join(arguments, graphs) for arguments in applied if arguments.get("graph"))
    return (FieldJoin(owner),) if owner else tuple(FieldJoin(subgraph) for subgraph in types if subgraph in knowing)


def _by_subgraph(node: Any, directive: str, argument: str, graphs: Mapping[str, SubgraphInfo]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for arguments in _applied(node, directive):
        found.setdefault(graphs[arguments["graph"]].name, set()).add(arguments[argument])
    return found


def _frozen(found: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {subgraph: frozenset(names) for subgraph, names in found.items()}


def read_joins(
    document: DocumentNode, graphs: Mapping[str, SubgraphInfo], schema: GraphQLSchema
) -> Mapping[str, TypeJoins]:
    """By type name; only types of the merged schema (no machinery)."""
    nodes = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, TypeDefinition) and node.name.value in schema.type_map
    }
    types = {name: _type_joins(node, graphs) for name, node in nodes.items()}
    everyone = {graph.name for graph in graphs.values()}
    joins = {}
    for name, node in nodes.items():
        merged = schema.type_map[name]
        if name in BUILT_IN_SCALARS or is_introspection_type(merged):
            continue
        owners = [graphs[arguments["graph"]].name for arguments in _applied(node, "join__owner")]
        implements = _by_subgraph(node, "join__implements", "interface", graphs)
        if not implements and isinstance(merged, GraphQLObjectType | GraphQLInterfaceType):
            interfaces = {interface.name for interface in merged.interfaces}
            implements = {s: {i for i in interfaces if s in types[i]} for s in types[name]}
        members = _by_subgraph(node, "join__unionMember", "member", graphs)
        if not members:
            named = {member.name.value for member in getattr(node, "types", None) or ()}
            members = {s: {member for member in named if s in types[member]} for s in types[name]} if named else {}
        values: dict[str, set[str]] = {}
        for value in getattr(node, "values", None) or ():
            at = [graphs[arguments["graph"]].name for arguments in _applied(value, "join__enumValue")]
            for subgraph in at or types[name]:
                values.setdefault(subgraph, set()).add(value.name.value)
        joins[name] = TypeJoins(
            name=name,
            types=types[name],
            fields={
                field.name.value: _field_joins(
                    field,
                    types[name],
                    types.get(named_type(field.type), everyone),
                    graphs,
                    owners[0] if owners else None,
                )
                for field in getattr(node, "fields", None) or ()
            },
            implements=_frozen(implements),
            members=_frozen(members),
            values=_frozen(values),
        )
    return joins
