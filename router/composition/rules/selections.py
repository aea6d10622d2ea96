"""Whether a selection is valid on a type (GraphQL section 5.3), for the field sets of every federation directive."""

from __future__ import annotations

from collections.abc import Callable

from graphql import parse_value

from router.composition.model import BUILT_IN_DIRECTIVES, COMPOSITE, Field, Schema
from router.composition.rules.valid_value import is_valid_value
from router.composition.types import base, is_required
from router.composition.values import ABSENT, print_value, value_of
from router.federation.field_sets import (
    FieldSelection,
    FieldSetError,
    FragmentSelection,
    Selections,
    SpreadSelection,
    parse_field_set,
)


class SelectionFault(Exception):
    """The first thing wrong with a selection; ``code`` None leaves the naming to the rule that asked."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def resolve_selections(
    schema: Schema,
    type_name: str,
    text: str,
    on_field: Callable[[Field], None] | None = None,
    is_filled: Callable[[Field, str], bool] = lambda field, argument: False,
) -> Selections:
    """The parsed selections, valid on the type; raises SelectionFault.

    ``on_field`` sees each field as it is met and may raise too; ``is_filled`` tells of arguments that need no value.
    """
    try:
        selections = parse_field_set(text)
    except FieldSetError as error:
        raise SelectionFault(str(error)) from error
    _find_fields(schema, type_name, selections, on_field)
    _validate(schema, type_name, selections, is_filled)
    return selections


def typename_field(type_name: str) -> Field:
    """Every composite type has it."""
    return Field(type_name, "__typename", "String!")


def field_of(schema: Schema, type_name: str, name: str) -> Field | None:
    """A field of the type, ``__typename`` included."""
    return typename_field(type_name) if name == "__typename" else schema.field(type_name, name)


def _find_fields(
    schema: Schema, type_name: str, selections: Selections, on_field: Callable[[Field], None] | None
) -> None:
    for selection in selections:
        for directive in () if isinstance(selection, SpreadSelection) else selection.directives:
            name = directive[1:].partition("(")[0]
            if name not in schema.directives and name not in BUILT_IN_DIRECTIVES:
                raise SelectionFault(f'Unknown directive "@{name}"')
        if isinstance(selection, SpreadSelection):
            message = f'Cannot find fragment name "{selection.name}" (no fragments were provided)'
            raise SelectionFault(message)
        if isinstance(selection, FragmentSelection):
            condition = selection.type_condition or type_name
            if schema.kind(condition) not in COMPOSITE:
                raise SelectionFault(f'Unknown type "{condition}" in inline fragment')
            _find_fields(schema, condition, selection.selections, on_field)
            continue
        found = field_of(schema, type_name, selection.name)
        if found is None:
            raise SelectionFault(f'Cannot query field "{selection.name}" on type "{type_name}".')
        if on_field is not None:
            on_field(found)
        for name, _ in selection.arguments:
            if name not in found.arguments:
                message = (
                    f'Unknown argument "{name}" found in value: "{found.coordinate}" has no argument named "{name}"'
                )
                raise SelectionFault(message)
        if selection.selections is not None:
            if schema.kind(base(found.type)) not in COMPOSITE:
                raise SelectionFault(f'Cannot add selection to leaf field "{found.coordinate}" of type {found.type}')
            _find_fields(schema, base(found.type), selection.selections, on_field)


def _validate(schema: Schema, type_name: str, selections: Selections, is_filled: Callable[[Field, str], bool]) -> None:
    for selection in selections:
        if isinstance(selection, FragmentSelection):
            _validate(schema, selection.type_condition or type_name, selection.selections, is_filled)
        elif isinstance(selection, FieldSelection):
            found = field_of(schema, type_name, selection.name)
            assert found is not None
            _validate_arguments(schema, found, selection, is_filled)
            nested = selection.selections
            if nested is None:
                if schema.kind(base(found.type)) in COMPOSITE:
                    message = (
                        f'Invalid empty selection set for field "{found.coordinate}" of non-leaf type {found.type}'
                    )
                    raise SelectionFault(message)
            else:
                _validate(schema, base(found.type), nested, is_filled)


def _validate_arguments(
    schema: Schema, found: Field, selection: FieldSelection, is_filled: Callable[[Field, str], bool]
) -> None:
    given = dict(selection.arguments)
    for name, argument in found.arguments.items():
        if is_filled(found, name):
            continue
        if name not in given:
            if is_required(argument.type) and argument.default is ABSENT:
                raise SelectionFault(
                    f'Missing mandatory value for argument "{name}" of field "{found.coordinate}" in selection '
                    f'"{selection}"'
                )
            continue
        value = value_of(parse_value(given[name]))
        if not is_valid_value(schema, value, argument.type):
            shown = print_value(value)
            message = f'Invalid value {shown} for argument "{argument.coordinate}" of type {argument.type}'
            raise SelectionFault(message)
