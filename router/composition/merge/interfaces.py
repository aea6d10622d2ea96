"""Interface types, and the interface objects that stand for them in other subgraphs: the union of their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from router.composition.merge.access import additional_applications
from router.composition.merge.applied import merge_applied
from router.composition.merge.context import Merging
from router.composition.merge.fields import fields_by_subgraph, hint_value_type_field, merge_field
from router.composition.merge.override import Overrides, read_overrides
from router.composition.model import Applied, Field, InputValue, Kind, Type, applications
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
                if not m.is_abstracted(interface, inherited.name):
                    continue
                own = fields.get(inherited.name)
                if own is not None and _is_only_external(own):
                    fields[own.name] = replace(
                        own, applied=(*own.applied, *_copied_applied(m, own.coordinate, inherited))
                    )
                elif own is None:
                    fields[inherited.name] = _copied(m, name, inherited)
                    everywhere: dict[str, Field | None] = dict.fromkeys(m.by_name)
                    check_sharing(m, name, inherited.name, everywhere, Overrides())
        completed[name] = replace(each, fields=fields)
    return completed


def _is_only_external(field: Field) -> bool:
    joins = applications(field, "join__field")
    return bool(joins) and all(join.arguments.get("external") is True for join in joins)


def _copied(m: Merging, parent: str, inherited: Field) -> Field:
    coordinate = f"{parent}.{inherited.name}"

    def argument(each: InputValue) -> InputValue:
        return replace(each, coordinate=f"{coordinate}({each.name}:)", applied=tuple(_own(m, each.applied)))

    return replace(
        inherited,
        parent=parent,
        arguments={name: argument(each) for name, each in inherited.arguments.items()},
        applied=(Applied("join__field", {}), *_copied_applied(m, coordinate, inherited)),
    )


def _copied_applied(m: Merging, coordinate: str, inherited: Field) -> tuple[Applied, ...]:
    """The interface field's directives, and the access control of the interface objects that resolve it."""
    guarding = merge_applied(m, {}, coordinate, additional_applications(m, coordinate))
    return (*guarding, *_own(m, inherited.applied))


def _own(m: Merging, applied: tuple[Applied, ...]) -> Iterator[Applied]:
    guards = set(m.directives.access_control().values())
    return (each for each in applied if not each.name.startswith("join__") and each.name not in guards)
