"""Error locations: where the client's own text selects the field at a response path (spec section 7.1.2).

A plan serves every text that means the same, so locations are looked up in the operation of the request at hand, and
only once there is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLSchema

from router.executor.reports import ResponsePath
from router.executor.shape import Shape
from router.executor.type_conditions import applies_to
from router.operation.model import Field, Operation, Selection

MAX_LOCATIONS = 10


@dataclass(frozen=True, slots=True)
class Locator:
    """Looks up response paths of one run. ``data`` tells the types found there, as far as they are known."""

    operation: Operation
    schema: GraphQLSchema
    root: Shape
    data: Mapping[str, Any]
    variables: Mapping[str, Any]
    _known: dict[tuple[tuple[int, ...], str | None, str], tuple[Field, ...]] = field(default_factory=dict)

    def located(self, error: dict[str, Any]) -> dict[str, Any]:
        """The error with ``locations``, if it has a path that leads to a field."""
        places = self.places(tuple(error.get("path") or ()))
        if not places:
            return error
        shown = [{"line": line, "column": column} for line, column in places]
        return {"message": error["message"], "locations": shown, **error}

    def places(self, path: ResponsePath) -> tuple[tuple[int, int], ...]:
        """(line, column) of every selection of the last field of ``path``, both from 1."""
        shape: Shape | None = self.root
        value: Any = self.data
        found: tuple[Field, ...] = ()
        for step in path:
            if isinstance(step, str):
                type_name = shape.type_of(value) if shape is not None and isinstance(value, dict) else None
                met = self._selected(found, type_name, step)
                if not met:
                    break
                found = met
                shape = _below(shape, type_name, step)
                value = value.get(step) if isinstance(value, dict) else None
            else:
                value = value[step] if isinstance(value, list) and 0 <= step < len(value) else None
        return tuple(dict.fromkeys(place for one in found for place in one.locations))[:MAX_LOCATIONS]

    def _selected(self, above: tuple[Field, ...], type_name: str | None, key: str) -> tuple[Field, ...]:
        """The fields of one response key in the selection sets of ``above``; of the whole operation for none."""
        asked = (tuple(map(id, above)), type_name, key)
        known = self._known.get(asked)
        if known is None:
            sets = [one.selections for one in above] if above else [self.operation.selections]
            known = self._known[asked] = tuple(
                one for selections in sets for one in self._fields(selections, type_name) if one.response_key == key
            )
        return known

    def _fields(self, selections: Sequence[Selection], type_name: str | None) -> Iterator[Field]:
        """Fields that take part for an object of this type; of an unknown one, all that may."""
        for selection in selections:
            if any(self.variables.get(c.variable) is not c.expected for c in selection.conditions):
                continue
            if isinstance(selection, Field):
                yield selection
            elif (
                type_name is None
                or selection.type_condition is None
                or applies_to(self.schema, selection.type_condition, type_name)
            ):
                yield from self._fields(selection.selections, type_name)


def _below(shape: Shape | None, type_name: str | None, key: str) -> Shape | None:
    if shape is None or type_name is None:
        return None
    return next((slot.shape for slot in shape.slots.get(type_name, ()) if slot.response_key == key), None)
