"""Constant GraphQL values as Python values: numbers, strings, EnumName, None, lists, dicts."""

from __future__ import annotations

import json
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    ConstListValueNode,
    ConstObjectValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)

Value = Any


class EnumName(str):
    """A name written without quotes; equal to the string of the same letters, printed without quotes."""

    __slots__ = ()


class _Absent:
    """No value at all, which is not ``null``."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def value_of(node: ValueNode | None) -> Value:
    """The value a constant node stands for; ABSENT for no node."""
    match node:
        case None:
            return ABSENT
        case IntValueNode():
            return int(node.value)
        case FloatValueNode():
            return float(node.value)
        case BooleanValueNode():
            return node.value
        case EnumValueNode():
            return EnumName(node.value)
        case StringValueNode():
            return node.value
        case ListValueNode() | ConstListValueNode():
            return [value_of(item) for item in node.values]
        case ObjectValueNode() | ConstObjectValueNode():
            return {item.name.value: value_of(item.value) for item in node.fields}
        case _:
            return None


def same_value(one: Value, other: Value) -> bool:
    """Equality of GraphQL values: booleans are no numbers, objects ignore order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same_value(one[key], other[key]) for key in one)
        )
    return bool(one == other)


def print_value(value: Value) -> str:
    """The value in GraphQL syntax, on one line."""
    if value is None or value is ABSENT:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, EnumName):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return _print_float(value)
    if isinstance(value, list):
        return f"[{', '.join(map(print_value, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {print_value(item)}" for key, item in value.items()) + "}"
    return str(value)


def _print_float(value: float) -> str:
    return f"{value:.1f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
