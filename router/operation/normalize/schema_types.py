"""Small questions the passes ask the schema."""

from __future__ import annotations

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)


def possible_types(schema: GraphQLSchema, name: str) -> frozenset[str]:
    """Names of the object types a value of this composite type can have."""
    named = schema.type_map[name]
    if is_abstract_type(named):
        return frozenset(possible.name for possible in schema.get_possible_types(named))
    return frozenset((name,))


def field_type_name(schema: GraphQLSchema, parent: str, field_name: str) -> str | None:
    """The named type a field returns; None for ``__typename``."""
    if field_name == "__typename":
        return None
    if field_name == "__schema":
        return "__Schema"
    if field_name == "__type":
        return "__Type"
    named = schema.type_map[parent]
    assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
    returned: str = get_named_type(named.fields[field_name].type).name
    return returned
