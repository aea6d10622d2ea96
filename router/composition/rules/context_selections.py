"""CONTEXT_INVALID_SELECTION: from every type that sets it, a context gives exactly one value, of the argument's "
"type."""

from __future__ import annotations

from collections.abc import Callable

from router.composition.model import InputValue, Kind
from router.composition.problems import Findings
from router.composition.rules.selections import SelectionFault, field_of, resolve_selections
from router.composition.subgraph import Subgraph
from router.composition.types import base, is_list, is_required, item, nullable
from router.federation.field_sets import (
    FieldSelection,
    FieldSetError,
    FragmentSelection,
    Selections,
    SpreadSelection,
    parse_field_set,
)

CODE = "CONTEXT_INVALID_SELECTION"


class _Invalid(Exception):
    """What is wrong, without the words all messages share."""


def check_selection(subgraph: Subgraph, context: str, selection: str, argument: InputValue, findings: Findings) -> None:
    """Either one field, or fragments on object types of which each setting type meets one."""
    faults: list[str] = []
    try:
        conditions = _shape(selection)
        used: set[str] = set()
        for location in subgraph.contexts[context]:
            used |= _check_location(subgraph, location, selection, argument, conditions is not None, faults)
        for condition in sorted((conditions or set()) - used):
            faults.append(f'type condition "{condition}" is never used.')
    except _Invalid as fault:
        faults.append(str(fault))
    for message in faults:
        findings.refuse(
            CODE,
            f'[{subgraph.name}] Context "{context}" is used in "{argument.coordinate}" but the selection is invalid: '
            f"{message}",
            subgraph.locate(argument.node),
        )


def _shape(selection: str) -> set[str] | None:
    """The type conditions, None for a single field."""
    try:
        selections = parse_field_set(selection)
    except FieldSetError as error:
        raise _Invalid(str(error)) from error
    first = selections[0]
    if isinstance(first, SpreadSelection):
        raise _Invalid("fragment spread is not allowed")
    if isinstance(first, FieldSelection):
        if len(selections) != 1:
            raise _Invalid("multiple selections are made")
        return None
    conditions = [each.type_condition for each in selections if isinstance(each, FragmentSelection)]
    if len(conditions) != len(selections):
        raise _Invalid("multiple fields could be selected")
    named = {condition for condition in conditions if condition is not None}
    if len(named) != len(selections):
        raise _Invalid("type conditions have same name")
    return named


def _check_location(
    subgraph: Subgraph, location: str, selection: str, argument: InputValue, by_fragment: bool, faults: list[str]
) -> set[str]:
    """The type conditions that the setting type can meet; the first unmet expectation ends the whole check."""
    try:
        selections = resolve_selections(subgraph.schema, location, selection)
    except SelectionFault as fault:
        raise _Invalid(f"it does not fit type {location}. Error: {fault.message}") from fault
    if _any(selections, lambda each: bool(each.directives)):
        faults.append("directives are not allowed in the selection")
    if _any(selections, lambda each: isinstance(each, FieldSelection) and each.alias is not None):
        faults.append("aliases are not allowed in the selection")
    if not by_fragment:
        found = _value_type(subgraph, location, selections, faults)
        if found is None or not _fits(found, argument.type):
            raise _Invalid(f'the type of the selection "{found}" does not match the expected type "{argument.type}"')
        return set()
    met: dict[str, Selections] = {}
    for each in selections:
        assert isinstance(each, FragmentSelection)
        assert each.type_condition is not None
        if subgraph.schema.kind(each.type_condition) is not Kind.OBJECT:
            faults.append("type conditions must be an object type")
        elif each.type_condition in subgraph.schema.runtime_types(location):
            met[each.type_condition] = each.selections
    if not met:
        raise _Invalid(f'no type condition matches the location "{location}"')
    for condition, nested in met.items():
        found = _value_type(subgraph, condition, nested, faults)
        # Another subgraph may know more types than the conditions name, so null is always possible.
        if found is None or not _fits(nullable(found), argument.type):
            raise _Invalid(f'the type of the selection "{found}" does not match the expected type "{argument.type}"')
    return set(met)


def _value_type(subgraph: Subgraph, type_name: str, selections: Selections, faults: list[str]) -> str | None:
    """The type all leaves of the selection share, lists of the way there around it; None when they share none."""
    if subgraph.is_interface_object(type_name):
        faults.append(f'One of the types in the selection is an interfaceObject: "{type_name}"')
    types: set[str | None] = set()
    for each in selections:
        if not isinstance(each, FieldSelection):
            return None
        found = field_of(subgraph.schema, type_name, each.name)
        assert found is not None
        inner: str | None = base(found.type)
        if each.selections is not None:
            inner = _value_type(subgraph, base(found.type), each.selections, faults)
        types.add(None if inner is None else _wrapped(found.type, inner))
    return types.pop() if len(types) == 1 else None


def _wrapped(outer: str, inner: str) -> str:
    """``inner`` in the lists of ``outer``: ``[[T!]]!`` and ``Int`` → ``[[Int]]``."""
    return f"[{_wrapped(item(outer), inner)}]" if is_list(outer) else inner


def _fits(found: str, expected: str) -> bool:
    """IsValidImplementationFieldType of the GraphQL specification, for input types."""
    if is_required(found):
        return _fits(nullable(found), nullable(expected))
    if is_list(found) and is_list(expected) and not is_required(expected):
        return _fits(item(found), item(expected))
    return found == expected


def _any(selections: Selections, test: Callable[[FieldSelection | FragmentSelection], bool]) -> bool:
    return any(
        not isinstance(each, SpreadSelection) and (test(each) or _any(each.selections or (), test))
        for each in selections
    )
