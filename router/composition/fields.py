"""Field sets met with a schema: which fields they name."""

from __future__ import annotations

from collections.abc import Iterator

from router.composition.model import COMPOSITE, Field, Kind, Schema
from router.composition.types import base
from router.federation.field_sets import FieldSelection, FieldSetError, FragmentSelection, Selections, parse_field_set


def selected_fields(schema: Schema, type_name: str, text: str, *, implementations: bool) -> Iterator[Field]:
    """Fields of the schema named by the selection; what cannot be read or found is passed over.

    With ``implementations`` a field of an interface brings the fields of its implementing objects.
    """
    try:
        selections = parse_field_set(text)
    except FieldSetError:
        return
    yield from _selected(schema, type_name, selections, implementations)


def _selected(schema: Schema, type_name: str, selections: Selections, implementations: bool) -> Iterator[Field]:
    for selection in selections:
        if isinstance(selection, FieldSelection):
            found = schema.field(type_name, selection.name)
            if found is None:
                continue
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
