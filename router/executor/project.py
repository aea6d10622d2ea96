"""Projection, interpreted: merged subgraph data → the answer, by the rules of CompleteValue (spec section 6.4.3).

This is the exact way: it finds every error, its path and how far null spreads. The emitted projection answers the same
bytes for data without surprises and hands over to this one at the first surprise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType

from router.errors import RouterError
from router.executor.reports import Reports, ResponsePath
from router.executor.shape import Shape, Slot, hold

SPREAD = object()
"""The position must be null but may not: its parent becomes null."""


def project(shape: Shape, data: Any, variables: Mapping[str, Any], reports: Reports) -> dict[str, Any] | None:
    """The value of ``data`` in the answer; problems found on the way are added to ``reports``."""
    return Projection(variables, reports).root(shape, data)


class Projection:
    """One projection of one run; its methods answer the completed value or ``SPREAD``."""

    def __init__(self, variables: Mapping[str, Any], reports: Reports) -> None:
        self._variables = variables
        self._reports = reports

    def root(self, shape: Shape, data: Any) -> dict[str, Any] | None:
        """The answer's ``data``."""
        found = self._slots(shape.slots[shape.type_name], shape.type_name, data, ())
        return None if found is SPREAD else found

    def _object(self, shape: Shape, value: Any, path: ResponsePath) -> Any:
        """A dict, None when null was reported here, or SPREAD when a non-null field below is null."""
        if not isinstance(value, dict):
            self._unexpected(path, f"expected an object of type {shape.type_name}")
            return None
        type_name = shape.type_of(value)
        slots = None if type_name is None else shape.slots.get(type_name)
        if type_name is None or slots is None:
            self._unexpected(path, f"the object has no type known to this schema for {shape.type_name}")
            return None
        return self._slots(slots, type_name, value, path)

    def _slots(self, slots: tuple[Slot, ...], type_name: str, value: Any, path: ResponsePath) -> Any:
        answer: dict[str, Any] = {}
        spread = False
        for slot in slots:
            key = slot.response_key
            if (slot.conditions and not hold(slot.conditions, self._variables)) or (slot.again and key in answer):
                continue
            if slot.type is None:
                if slot.introspected:
                    answer[key] = value.get(key)
                elif slot.unknown:
                    self._reports.null_in_non_null(slot.coordinate, (*path, key))
                    answer[key], spread = None, True
                else:
                    answer[key] = type_name
                continue
            here = (*path, key)
            if slot.refusal is not None:
                self._reports.refused(slot.refusal, here)
                found = SPREAD if isinstance(slot.type, GraphQLNonNull) else None
            else:
                found = self._value(slot, slot.type, value.get(key), here)
            spread = spread or found is SPREAD
            answer[key] = found
        return SPREAD if spread else answer

    def _value(self, slot: Slot, wanted: GraphQLOutputType, value: Any, path: ResponsePath) -> Any:
        """The completed value, or SPREAD."""
        if isinstance(wanted, GraphQLNonNull):
            found = self._nullable(slot, wanted.of_type, value, path)
            if found is None:
                self._reports.null_in_non_null(slot.coordinate, path)
                return SPREAD
            return found
        found = self._nullable(slot, wanted, value, path)
        return None if found is SPREAD else found

    def _nullable(self, slot: Slot, wanted: GraphQLOutputType, value: Any, path: ResponsePath) -> Any:
        if value is None:
            return None
        if isinstance(wanted, GraphQLList):
            return self._list(slot, wanted.of_type, value, path)
        if slot.shape is not None:
            return self._object(slot.shape, value, path)
        if isinstance(value, dict | list) and slot.enum is not None:
            self._unexpected(path, "expected an enum value")
            return None
        if slot.enum is not None and value not in slot.enum:
            self._unexpected(path, f"not a known value of the enum of {slot.coordinate}")
            return None
        return value

    def _list(self, slot: Slot, item: GraphQLOutputType, value: Any, path: ResponsePath) -> Any:
        if not isinstance(value, list | tuple):
            self._unexpected(path, "expected a list")
            return None
        found = [self._value(slot, item, entry, (*path, index)) for index, entry in enumerate(value)]
        return SPREAD if any(entry is SPREAD for entry in found) else found

    def _unexpected(self, path: ResponsePath, what: str) -> None:
        self._reports.add(
            RouterError(f"A subgraph answered an unexpected value: {what}.", code="INVALID_SUBGRAPH_VALUE", path=path)
        )
