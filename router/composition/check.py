"""A new supergraph beside a previous one: what breaks clients, what may surprise them, what is only new.

The names of changes are graphql-js' (findBreakingChanges, findDangerousChanges) where it has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLDirective,
    GraphQLField,
    GraphQLInputField,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_introspection_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
    is_specified_scalar_type,
    is_union_type,
)

from router.composition.values import ABSENT, Value, print_value, same_value, value_of
from router.federation.requirements import Requirement


class Severity(StrEnum):
    """How a change meets clients that exist today."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two API schemas.

    ``coordinate`` is what changed (``Type.field(argument:)``, ``@directive``); an operation is met by the change when
    it uses ``touches``, which for something newly required is what requires it.
    """

    severity: Severity
    kind: str
    coordinate: str
    description: str
    touches: str

    def as_json(self) -> dict[str, str]:
        return {
            "severity": str(self.severity),
            "kind": self.kind,
            "coordinate": self.coordinate,
            "description": self.description,
        }


def compare_schemas(before: GraphQLSchema, after: GraphQLSchema) -> tuple[Change, ...]:
    """All changes between two API schemas, worst first. What is inaccessible is no part of them."""
    return worst_first(
        (*_root_changes(before, after), *_type_changes(before, after), *_directive_changes(before, after))
    )


def worst_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    """By severity, then by coordinate."""
    order = list(Severity)
    return tuple(sorted(changes, key=lambda each: (order.index(each.severity), each.coordinate, each.kind)))


def compare_access(
    before: Mapping[str, Requirement], after: Mapping[str, Requirement], schema: GraphQLSchema
) -> tuple[Change, ...]:
    """What callers must newly show (breaking), or need no longer (safe), for what both API schemas have."""
    found = []
    for coordinate in sorted({*before, *after}):
        old, new = before.get(coordinate, Requirement()), after.get(coordinate, Requirement())
        if old == new or not _exists(schema, coordinate):
            continue
        if _is_met_by(new, old):
            text = f"{coordinate} asks callers for less than before."
            found.append(_change(Severity.SAFE, "ACCESS_LOOSENED", coordinate, text))
        else:
            text = f"{coordinate} asks callers for more than before: {_told(new)}."
            found.append(_change(Severity.BREAKING, "ACCESS_TIGHTENED", coordinate, text))
    return tuple(found)


def _exists(schema: GraphQLSchema, coordinate: str) -> bool:
    type_name, _, field = coordinate.partition(".")
    known = schema.type_map.get(type_name)
    return known is not None and (not field or field in getattr(known, "fields", {}))


def _is_met_by(new: Requirement, old: Requirement) -> bool:
    """Whether every caller that met ``old`` meets ``new``."""
    authenticated = not new.authenticated or old.authenticated or bool(old.scopes)

    def implied(before: tuple[tuple[str, ...], ...], after: tuple[tuple[str, ...], ...]) -> bool:
        return not after or (bool(before) and all(any(set(b) <= set(a) for b in after) for a in before))

    return authenticated and implied(old.scopes, new.scopes) and implied(old.policies, new.policies)


def _told(requirement: Requirement) -> str:
    parts = ["authentication"] if requirement.authenticated else []
    for word, alternatives in (("scopes", requirement.scopes), ("policies", requirement.policies)):
        if alternatives:
            parts.append(f"{word} {' or '.join(' and '.join(each) for each in alternatives)}")
    return ", ".join(parts)


def _change(severity: Severity, kind: str, coordinate: str, description: str, touches: str | None = None) -> Change:
    return Change(severity, kind, coordinate, description, coordinate if touches is None else touches)


def _breaking(kind: str, coordinate: str, description: str, touches: str | None = None) -> Change:
    return _change(Severity.BREAKING, kind, coordinate, description, touches)


def _dangerous(kind: str, coordinate: str, description: str, touches: str | None = None) -> Change:
    return _change(Severity.DANGEROUS, kind, coordinate, description, touches)


def _safe(kind: str, coordinate: str, description: str) -> Change:
    return _change(Severity.SAFE, kind, coordinate, description)


def _root_changes(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[Change]:
    for word in ("query", "mutation", "subscription"):
        old, new = getattr(before, f"{word}_type"), getattr(after, f"{word}_type")
        if old is not None and new is None and old.name in after.type_map:
            yield _breaking("ROOT_TYPE_REMOVED", old.name, f"{old.name} is no longer the {word} root.")


def _type_changes(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[Change]:
    read = _read_names(after)
    for name, old in before.type_map.items():
        new = after.type_map.get(name)
        if is_introspection_type(old) or is_specified_scalar_type(old):
            continue
        if new is None:
            yield _breaking("TYPE_REMOVED", name, f"{name} was removed.")
        elif type(old) is not type(new):
            text = f"{name} changed from {_kind(old)} to {_kind(new)}."
            yield _breaking("TYPE_CHANGED_KIND", name, text)
        else:
            yield from _same_kind(old, new, read=name in read)
    for name, new in after.type_map.items():
        if name not in before.type_map and not is_specified_scalar_type(new) and not is_introspection_type(new):
            yield _safe("TYPE_ADDED", name, f"{name} was added.")


def _kind(named: GraphQLNamedType) -> str:
    return type(named).__name__.removeprefix("GraphQL").removesuffix("Type").lower()


def _read_names(schema: GraphQLSchema) -> frozenset[str]:
    """The types clients may receive, other than objects that hold them."""
    holding = (each for each in schema.type_map.values() if is_object_type(each) or is_interface_type(each))
    fields = (output for each in holding if not is_introspection_type(each) for output in each.fields.values())
    return frozenset(get_named_type(output.type).name for output in fields)


def _same_kind(old: Any, new: Any, *, read: bool) -> Iterator[Change]:
    name = old.name
    if is_enum_type(old):
        yield from _enum_changes(old, new, read=read)
    elif is_union_type(old):
        yield from _member_changes(name, {each.name for each in old.types}, {each.name for each in new.types})
    elif is_input_object_type(old):
        yield from _input_changes(old, new)
    elif is_object_type(old) or is_interface_type(old):
        yield from _interface_changes(
            name, {each.name for each in old.interfaces}, {each.name for each in new.interfaces}
        )
        yield from _field_changes(name, old.fields, new.fields)


def _enum_changes(old: Any, new: Any, *, read: bool) -> Iterator[Change]:
    for value, before in old.values.items():
        where = f"{old.name}.{value}"
        if value not in new.values:
            yield _breaking("VALUE_REMOVED_FROM_ENUM", where, f"{where} was removed.")
        else:
            yield from _deprecation("VALUE", where, before, new.values[value])
    for value in new.values.keys() - old.values.keys():
        where = f"{old.name}.{value}"
        # Who only sends the enum never meets a value it does not know.
        severity = Severity.DANGEROUS if read else Severity.SAFE
        yield _change(severity, "VALUE_ADDED_TO_ENUM", where, f"{where} was added.", old.name)


def _member_changes(name: str, old: set[str], new: set[str]) -> Iterator[Change]:
    for member in old - new:
        yield _breaking("TYPE_REMOVED_FROM_UNION", name, f"{member} was removed from union type {name}.")
    for member in new - old:
        yield _dangerous("TYPE_ADDED_TO_UNION", name, f"{member} was added to union type {name}.")


def _interface_changes(name: str, old: set[str], new: set[str]) -> Iterator[Change]:
    for interface in old - new:
        text = f"{name} no longer implements {interface}."
        yield _breaking("IMPLEMENTED_INTERFACE_REMOVED", name, text)
    for interface in new - old:
        yield _dangerous("IMPLEMENTED_INTERFACE_ADDED", name, f"{name} now implements {interface}.", interface)


def _field_changes(name: str, old: Mapping[str, GraphQLField], new: Mapping[str, GraphQLField]) -> Iterator[Change]:
    for field, before in old.items():
        where = f"{name}.{field}"
        after = new.get(field)
        if after is None:
            yield _breaking("FIELD_REMOVED", where, f"{where} was removed.")
            continue
        yield from _retyped("FIELD", where, before.type, after.type, _is_safe_output(before.type, after.type), where)
        yield from _deprecation("FIELD", where, before, after)
        yield from _argument_changes(where, before.args, after.args)
    for field in new.keys() - old.keys():
        yield _safe("FIELD_ADDED", f"{name}.{field}", f"{name}.{field} was added.")


def _argument_changes(
    owner: str, old: Mapping[str, GraphQLArgument], new: Mapping[str, GraphQLArgument]
) -> Iterator[Change]:
    for name, before in old.items():
        where = f"{owner}({name}:)"
        after = new.get(name)
        if after is None:
            yield _breaking("ARG_REMOVED", where, f"{where} was removed.")
            continue
        newly_required = is_required_argument(after) and not is_required_argument(before)
        touches = owner if newly_required else where
        yield from _retyped("ARG", where, before.type, after.type, _is_safe_input(before.type, after.type), touches)
        yield from _redefaulted("ARG", where, before, after, owner)
        yield from _deprecation("ARG", where, before, after)
    for name in new.keys() - old.keys():
        where = f"{owner}({name}:)"
        if is_required_argument(new[name]):
            yield _breaking("REQUIRED_ARG_ADDED", where, f"{where} was added and is required.", owner)
        else:
            yield _dangerous("OPTIONAL_ARG_ADDED", where, f"{where} was added and is optional.", owner)


def _input_changes(old: Any, new: Any) -> Iterator[Change]:
    for name, before in old.fields.items():
        where = f"{old.name}.{name}"
        after = new.fields.get(name)
        if after is None:
            yield _breaking("FIELD_REMOVED", where, f"{where} was removed.")
            continue
        newly_required = is_required_input_field(after) and not is_required_input_field(before)
        touches = old.name if newly_required else where
        yield from _retyped("FIELD", where, before.type, after.type, _is_safe_input(before.type, after.type), touches)
        yield from _redefaulted("INPUT_FIELD", where, before, after, old.name)
        yield from _deprecation("INPUT_FIELD", where, before, after)
    for name in new.fields.keys() - old.fields.keys():
        where = f"{old.name}.{name}"
        if is_required_input_field(new.fields[name]):
            yield _breaking("REQUIRED_INPUT_FIELD_ADDED", where, f"{where} was added and is required.", old.name)
        else:
            text = f"{where} was added and is optional."
            yield _dangerous("OPTIONAL_INPUT_FIELD_ADDED", where, text, old.name)


def _retyped(what: str, where: str, old: object, new: object, fits: bool, touches: str) -> Iterator[Change]:
    if str(old) == str(new):
        return
    text = f"{where} changed type from {old} to {new}."
    kind = f"{what}_CHANGED_KIND"
    yield _safe(kind, where, text) if fits else _breaking(kind, where, text, touches)


def _is_safe_output(old: Any, new: Any) -> bool:
    """Whether who expects ``old`` can live with ``new``: the same, or never null where it was sometimes."""
    if is_non_null_type(new):
        return _is_safe_output(old.of_type if is_non_null_type(old) else old, new.of_type)
    if is_list_type(old) and is_list_type(new):
        return _is_safe_output(old.of_type, new.of_type)
    return str(old) == str(new)


def _is_safe_input(old: Any, new: Any) -> bool:
    """Whether what was accepted is accepted still: the same, or null where it was not."""
    if is_non_null_type(old):
        return _is_safe_input(old.of_type, new.of_type if is_non_null_type(new) else new)
    if is_list_type(old) and is_list_type(new):
        return _is_safe_input(old.of_type, new.of_type)
    return str(old) == str(new)


def _redefaulted(
    what: str,
    where: str,
    old: GraphQLArgument | GraphQLInputField,
    new: GraphQLArgument | GraphQLInputField,
    touches: str,
) -> Iterator[Change]:
    """A client that leaves the value out gets another, or must give one."""
    before, after = _default(old), _default(new)
    if same_value(before, after) and (before is ABSENT) is (after is ABSENT):
        return
    if after is ABSENT and is_non_null_type(new.type):
        yield _breaking(f"{what}_DEFAULT_REMOVED", where, f"{where} has no default any more and is required.", touches)
        return
    told = ("none" if each is ABSENT else print_value(each) for each in (before, after))
    text = f"{where} changed its default from {' to '.join(told)}."
    yield _dangerous(f"{what}_DEFAULT_VALUE_CHANGE", where, text, touches)


def _default(of: GraphQLArgument | GraphQLInputField) -> Value:
    if of.default is None:
        return ABSENT
    return of.default.value if of.default.literal is None else value_of(of.default.literal)


def _deprecation(what: str, where: str, old: Any, new: Any) -> Iterator[Change]:
    if (old.deprecation_reason is None) is (new.deprecation_reason is None):
        return
    deprecated = new.deprecation_reason is not None
    kind = f"{what}_{'DEPRECATED' if deprecated else 'NO_LONGER_DEPRECATED'}"
    yield _safe(kind, where, f"{where} {'was' if deprecated else 'is no longer'} deprecated.")


def _directive_changes(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[Change]:
    old = {each.name: each for each in before.directives}
    new = {each.name: each for each in after.directives}
    for name in old.keys() - new.keys():
        yield _breaking("DIRECTIVE_REMOVED", f"@{name}", f"@{name} was removed.")
    for name in new.keys() - old.keys():
        yield _safe("DIRECTIVE_ADDED", f"@{name}", f"@{name} was added.")
    for name in old.keys() & new.keys():
        yield from _same_directive(f"@{name}", old[name], new[name])


def _same_directive(where: str, old: GraphQLDirective, new: GraphQLDirective) -> Iterator[Change]:
    if old.is_repeatable and not new.is_repeatable:
        yield _breaking("DIRECTIVE_REPEATABLE_REMOVED", where, f"{where} is no longer repeatable.")
    for location in sorted(set(old.locations) - set(new.locations), key=str):
        text = f"{where} may no longer stand on {location.name}."
        yield _breaking("DIRECTIVE_LOCATION_REMOVED", where, text)
    yield from _argument_changes(where, old.args, new.args)
