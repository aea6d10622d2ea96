"""The field sets of Federation v1: written in more ways, and naming fields that v2 knows to be needless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graphql import DirectiveNode, EnumValueNode

from router.composition.model import Applied, Field, Kind, Type
from router.composition.rules.selections import SelectionFault, field_of, resolve_selections
from router.composition.subgraph import Subgraph
from router.composition.types import base
from router.federation.field_sets import (
    FieldSelection,
    FragmentSelection,
    Selection,
    Selections,
    print_selections,
)


def written_fields(applied: Applied) -> Applied:
    """The application with ``fields`` as one string, where it is a list of strings or an unquoted name."""
    fields = applied.arguments.get("fields")
    if isinstance(fields, list) and all(isinstance(each, str) for each in fields):
        return replace(applied, arguments={**applied.arguments, "fields": " ".join(fields)}, node=None)
    if isinstance(fields, str) and _is_name(applied):
        return replace(applied, arguments={**applied.arguments, "fields": str(fields)}, node=None)
    return applied


def _is_name(applied: Applied) -> bool:
    node = applied.node
    return isinstance(node, DirectiveNode) and any(
        argument.name.value == "fields" and isinstance(argument.value, EnumValueNode)
        for argument in node.arguments or ()
    )


def without_inactive_fields(subgraph: Subgraph) -> Subgraph:
    """``@provides`` and ``@requires`` without the leaves this subgraph resolves itself."""

    def change(each: Field) -> Field:
        provided = _active(subgraph, each.applied, "provides", base(each.type))
        return replace(each, applied=_active(subgraph, provided, "requires", each.parent))

    def types(each: Type) -> Type:
        return replace(each, fields={name: change(field) for name, field in each.fields.items()})

    schema = subgraph.schema
    return replace(subgraph, schema=replace(schema, types={name: types(each) for name, each in schema.types.items()}))


def _active(subgraph: Subgraph, applied: tuple[Applied, ...], directive: str, type_name: str) -> tuple[Applied, ...]:
    name = subgraph.directive_name(directive)
    kept: list[Applied] = []
    for each in applied:
        if each.name != name:
            kept.append(each)
            continue
        try:
            selections = resolve_selections(subgraph.schema, type_name, str(each.arguments.get("fields")))
        except SelectionFault:
            kept.append(each)
            continue
        needed = tuple(_needed(subgraph, type_name, selections))
        if needed == selections:
            kept.append(each)
        elif needed:
            kept.append(replace(each, arguments={**each.arguments, "fields": print_selections(needed)}, node=None))
    return tuple(kept)


def _needed(subgraph: Subgraph, type_name: str, selections: Selections) -> Iterator[Selection]:
    for selection in selections:
        if isinstance(selection, FieldSelection):
            found = field_of(subgraph.schema, type_name, selection.name)
            assert found is not None
            if _is_marked(subgraph, found):
                yield selection
            elif selection.selections is not None:
                nested = tuple(_needed(subgraph, base(found.type), selection.selections))
                if nested:
                    yield replace(selection, selections=nested)
        elif isinstance(selection, FragmentSelection):
            nested = tuple(_needed(subgraph, selection.type_condition or type_name, selection.selections))
            if nested:
                yield replace(selection, selections=nested)


def _is_marked(subgraph: Subgraph, found: Field) -> bool:
    """Marked external, or by some implementation of its interface."""
    if subgraph.has(found, "external"):
        return True
    if subgraph.schema.kind(found.parent) is not Kind.INTERFACE:
        return False
    implementing = (subgraph.schema.field(name, found.name) for name in subgraph.schema.runtime_types(found.parent))
    return any(each is not None and subgraph.has(each, "external") for each in implementing)
