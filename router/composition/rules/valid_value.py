"""Whether a constant fits an input type (GraphQL section 3.10, input coercion)."""

from __future__ import annotations

from router.composition.model import Kind, Schema
from router.composition.types import is_list, is_required, item, nullable
from router.composition.values import ABSENT, Value

_INT_LIMIT = 2**31


def is_valid_value(schema: Schema, value: Value, reference: str, *, complete: bool = True) -> bool:
    """Lists accept a single item; enum values may be written as strings, as directive arguments often are.

    Not ``complete``: objects may lack required fields, which all composers grant to arguments of directives.
    """
    if is_required(reference):
        given = value is not None and value is not ABSENT
        return given and is_valid_value(schema, value, nullable(reference), complete=complete)
    if value is None or value is ABSENT:
        return True
    if is_list(reference):
        items = value if isinstance(value, list) else [value]
        return all(is_valid_value(schema, each, item(reference), complete=complete) for each in items)
    known = schema.types.get(reference)
    if known is not None and known.kind is Kind.INPUT:
        if not isinstance(value, dict) or not value.keys() <= known.inputs.keys():
            return False
        missing = (each for name, each in known.inputs.items() if name not in value)
        if complete and any(each.required for each in missing):
            return False
        return all(
            is_valid_value(schema, given, known.inputs[name].type, complete=complete) for name, given in value.items()
        )
    if known is not None and known.kind is Kind.ENUM:
        return isinstance(value, str) and value in known.values
    return _fits_scalar(reference, value)


def _fits_scalar(name: str, value: Value) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "Int":
            return number and float(value).is_integer() and -_INT_LIMIT <= value < _INT_LIMIT
        case "Float":
            return number
        case "Boolean":
            return isinstance(value, bool)
        case "String":
            return isinstance(value, str)
        case "ID":
            return isinstance(value, str) or (number and float(value).is_integer())
        case _:
            return True
