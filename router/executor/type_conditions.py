"""Does an object of one type satisfy a type condition? Asked of the merged schema, inaccessible types included."""

from __future__ import annotations

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, is_abstract_type

from router.federation.supergraph import Supergraph


def applies_to(schema: GraphQLSchema, condition: str, type_name: str) -> bool:
    """Whether ``... on condition`` takes an object whose ``__typename`` is ``type_name``."""
    if condition == type_name:
        return True
    named, found = schema.type_map.get(condition), schema.type_map.get(type_name)
    return (
        named is not None
        and is_abstract_type(named)
        and isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
        and schema.is_sub_type(named, found)
    )


def types_under(schema: GraphQLSchema, condition: str) -> tuple[str, ...]:
    """All ``__typename`` values the condition takes: itself, and for an abstract type its possible object types."""
    named = schema.type_map.get(condition)
    if named is not None and is_abstract_type(named):
        return (condition, *(possible.name for possible in schema.get_possible_types(named)))
    return (condition,)


def interface_objects(supergraph: Supergraph) -> frozenset[str]:
    """The interfaces that are an object type in some subgraph."""
    return frozenset(
        name
        for name, joins in supergraph.joins.items()
        if any(join.is_interface_object for join in joins.types.values())
    )
