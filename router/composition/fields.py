"""Field sets met with a schema: which fields they name."""

from __future__ import annotations

from collections.abc import Iterator

from router.composition.model import COMPOSITE, Field, Kind, Schema
from router.composition.types import base
from router.federation.field_sets import FieldSelection, FieldSetError, FragmentSelection, Selections, parse_field_set


def selected_fields(schema: Schema, type_name: str, text: str, *, implementations: bool) -> Iterator[Field]:
    """Fields of the schema named by the selection, up to the first one the schema does not have; none if unreadable.

    With ``implementations`` a field of an interface brings the fields of its implementing objects.
    """
    try:
        yield from _selected(schema, type_name, parse_field_set(text), implementations)
    except (FieldSetError, _Unknown):
        return


class _Unknown(Exception):
    """A field or type the schema does not have; what comes behind it cannot be told with certainty."""


def _selected(schema: Schema, type_name: str, selections: Selections, implementations: bool) -> Iterator[Field]:
    for selection in selections:
        if isinstance(selection, FieldSelection):
            if selection.name == "__typename":
                continue
            found = schema.field(type_name, selection.name)
            if found is None:
                raise _Unknown
            yield found
            if implementations and schema.kind(type_name) is Kind.INTERFACE:
                for runtime_type in schema.runtime_types(type_name):
                    implementing = schema.field(runtime_type, selection.name)
                    if implementing is not None:
                        yield implementing
            if selection.selections and schema.kind(base(found.type)) in COMPOSITE:
                yield from _selected(schema, base(found.type), selection.selections, implementations)
        elif isinstance(selection, FragmentSelection):
            yield from _selected(schema, selection.type_condition or type_name, selection.selections, implementations)
