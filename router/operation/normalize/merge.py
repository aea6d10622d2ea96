"""Merge fields of one response key in one selection set (spec section 6.3.2, CollectFields).

Fields merge when their conditions are equal, or when the first has none (the later one's selections then go under its
conditions). Two fields stay apart when merging would change the order of the answer: that is, when their conditions
differ otherwise, or a field or fragment between them selects the same response key.
"""

from __future__ import annotations

from dataclasses import replace

from graphql import GraphQLSchema

from router.operation.model import Field, InlineFragment, Selection
from router.operation.normalize.inline import EMPTY
from router.operation.normalize.schema_types import field_type_name

MAX_LOCATIONS = 10


def merge_fields(selections: tuple[Selection, ...], parent: str, schema: GraphQLSchema) -> tuple[Selection, ...]:
    """Merge at this level, then below each field and fragment."""
    merged: list[Selection] = []
    open_fields: dict[str, list[int]] = {}
    for selection in selections:
        if isinstance(selection, Field):
            positions = open_fields.setdefault(selection.response_key, [])
            # An object joins the last only: what one between them selects comes before it in the answer.
            for position in positions[-1:] if selection.selections else positions:
                joined = _join(merged[position], selection)
                if joined is not None:
                    merged[position] = joined
                    break
            else:
                positions.append(len(merged))
                merged.append(selection)
            continue
        if merged and isinstance(last := merged[-1], InlineFragment) and _same_guard(last, selection):
            selection = replace(last, selections=last.selections + selection.selections)
            merged.pop()
        merged.append(selection)
        for key in _keys_of_objects(selection.selections):
            open_fields.pop(key, None)
    return tuple(_descend(selection, parent, schema) for selection in merged)


def _join(first: Selection, second: Field) -> Field | None:
    assert isinstance(first, Field)
    if (first.name, first.arguments, first.directives) != (second.name, second.arguments, second.directives):
        return None
    added = second.selections
    if first.conditions != second.conditions:
        if first.conditions:
            return None
        if added:
            added = (InlineFragment(None, added, second.conditions),)
    return replace(
        first,
        selections=first.selections + added,
        locations=(first.locations + second.locations)[:MAX_LOCATIONS],
    )


def _same_guard(first: InlineFragment, second: InlineFragment) -> bool:
    return (first.type_condition, first.conditions, first.directives) == (
        second.type_condition,
        second.conditions,
        second.directives,
    )


def _keys_of_objects(selections: tuple[Selection, ...]) -> set[str]:
    keys: set[str] = set()
    for selection in selections:
        if isinstance(selection, InlineFragment):
            keys |= _keys_of_objects(selection.selections)
        elif selection.selections:
            keys.add(selection.response_key)
    return keys


def _descend(selection: Selection, parent: str, schema: GraphQLSchema) -> Selection:
    if isinstance(selection, InlineFragment):
        inner = merge_fields(selection.selections, selection.type_condition or parent, schema)
        return replace(selection, selections=inner)
    if not selection.selections:
        return selection
    returned = field_type_name(schema, parent, selection.name)
    assert returned is not None
    selections = merge_fields(selection.selections, returned, schema)
    if len(selections) > 1:
        selections = tuple(s for s in selections if not (isinstance(s, Field) and s.response_key == EMPTY))
    return replace(selection, selections=selections)
