"""Interface types, and the interface objects that stand for them in other subgraphs: the union of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.composition.merge.access import additional_applications
from router.composition.merge.applied import merge_applied, names_of
from router.composition.merge.context import Merging
from router.composition.merge.fields import fields_by_subgraph, hint_value_type_field, merge_field
from router.composition.merge.override import Overrides, read_overrides
from router.composition.model import Applied, Field, InputValue, Kind, Type
from router.composition.rules.interface_key_missing_implementation import check_interface_keys
from router.composition.rules.interface_object_usage import check_no_implementations
from router.composition.rules.invalid_field_sharing import check_sharing


def merge_interface_fields(m: Merging, name: str, sources: Mapping[str, Type]) -> dict[str, Field]:
    """The interface's fields; those of interface objects count as the interface's own."""
    has_key = check_interface_keys(m, name, sources)
    check_no_implementations(m, name, sources)
    merged: dict[str, Field] = {}
    for field_name, versions in fields_by_subgraph(m, name, sources).items():
        if not has_key:
            hint_value_type_field(m, sources, Kind.INTERFACE, name, field_name)
        overrides = read_overrides(m, versions, f"{name}.{field_name}")
        field = merge_field(m, name, field_name, versions, overrides)
        if field is not None:
            merged[field_name] = field
    return merged


def with_abstracted_fields(m: Merging, types: Mapping[str, Type]) -> dict[str, Type]:
    """Objects with the fields that interface objects resolve for them.

    Such a field carries a ``@join__field`` without a graph: it comes through the interface.
    """
    completed = dict(types)
    for name, each in types.items():
        if each.kind is not Kind.OBJECT:
            continue
        fields = dict(each.fields)
        for interface in each.interfaces:
            for inherited in types[interface].fields.values() if interface in types else ():
                if inherited.name not in fields and _is_abstracted(m, interface, inherited.name):
                    fields[inherited.name] = _copied(m, name, inherited)
                    everywhere: dict[str, Field | None] = dict.fromkeys(m.by_name)
                    check_sharing(m, name, inherited.name, everywhere, Overrides())
        if len(fields) > len(each.fields):
            completed[name] = replace(each, fields=fields)
    return completed


def _is_abstracted(m: Merging, interface: str, field_name: str) -> bool:
    for subgraph in m.subgraphs:
        if subgraph.is_interface_object(interface):
            field = subgraph.schema.field(interface, field_name)
            if field is not None and not subgraph.is_external(field.coordinate):
                return True
    return False


def _copied(m: Merging, parent: str, inherited: Field) -> Field:
    coordinate = f"{parent}.{inherited.name}"
    guards = set(m.directives.access_control().values())

    def kept(applied: tuple[Applied, ...]) -> tuple[Applied, ...]:
        return tuple(each for each in applied if not each.name.startswith("join__") and each.name not in guards)

    def argument(each: InputValue) -> InputValue:
        return replace(each, coordinate=f"{coordinate}({each.name}:)", applied=kept(each.applied))

    guarding = merge_applied(m, {}, coordinate, additional_applications(m, coordinate))
    assert names_of(guarding) <= guards
    return replace(
        inherited,
        parent=parent,
        arguments={name: argument(each) for name, each in inherited.arguments.items()},
        applied=(Applied("join__field", {}), *guarding, *kept(inherited.applied)),
    )
