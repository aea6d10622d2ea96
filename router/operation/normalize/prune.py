"""Drop type conditions that say nothing, and fragments that can never apply (spec section 5.5.2.3)."""

from __future__ import annotations

from dataclasses import replace

from graphql import GraphQLSchema

from router.operation.model import Field, Selection
from router.operation.normalize.inline import EMPTY
from router.operation.normalize.schema_types import field_type_name, possible_types


def prune_type_conditions(
    selections: tuple[Selection, ...], parent: str, schema: GraphQLSchema
) -> tuple[Selection, ...]:
    """A fragment that applies to every possible type is opened up; one that applies to none is dropped."""
    return _prune(selections, parent, possible_types(schema, parent), schema)


def _prune(
    selections: tuple[Selection, ...], parent: str, possible: frozenset[str], schema: GraphQLSchema
) -> tuple[Selection, ...]:
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, Field):
            kept.append(_prune_field(selection, parent, schema))
            continue
        condition = selection.type_condition
        narrowed, inner_parent = possible, parent
        if condition is not None:
            narrowed = possible & possible_types(schema, condition)
            if not narrowed:
                continue
            # Inside an object type every condition that can hold leaves it that object type.
            inner_parent = parent if possible == {parent} else condition
        inner = _prune(selection.selections, inner_parent, narrowed, schema)
        if not inner:
            continue
        says_nothing = condition is None or (narrowed == possible and _fields_known(inner, parent, schema))
        if says_nothing and not selection.conditions and not selection.directives:
            kept.extend(inner)
        elif says_nothing:
            kept.append(replace(selection, type_condition=None, selections=inner))
        else:
            kept.append(replace(selection, selections=inner))
    return tuple(kept)


def _fields_known(selections: tuple[Selection, ...], parent: str, schema: GraphQLSchema) -> bool:
    """Whether the parent type has these fields itself: a union or an unrelated interface may not."""
    fields = getattr(schema.type_map[parent], "fields", {})
    return all(
        selection.name in fields or selection.name.startswith("__")
        if isinstance(selection, Field)
        else selection.type_condition is not None or _fields_known(selection.selections, parent, schema)
        for selection in selections
    )


def _prune_field(field: Field, parent: str, schema: GraphQLSchema) -> Field:
    if not field.selections:
        return field
    returned = field_type_name(schema, parent, field.name)
    assert returned is not None
    selections = _prune(field.selections, returned, possible_types(schema, returned), schema)
    if selections == field.selections:
        return field
    return replace(field, selections=selections or (Field(EMPTY, "__typename"),))
