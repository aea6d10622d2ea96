"""A new supergraph beside a previous one: what breaks clients, what may surprise them, what is only new."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLSchema, is_enum_type, is_interface_type, is_object_type
from graphql.utilities import find_breaking_changes, find_dangerous_changes


class Severity(StrEnum):
    """How a change meets clients that exist today."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two API schemas; ``kind`` is graphql-js' name for it (``FIELD_REMOVED``, …)."""

    severity: Severity
    kind: str
    description: str

    def as_json(self) -> dict[str, str]:
        return {"severity": str(self.severity), "kind": self.kind, "description": self.description}


def compare_schemas(before: GraphQLSchema, after: GraphQLSchema) -> tuple[Change, ...]:
    """All changes between two API schemas, worst first. What is inaccessible is no part of them."""
    breaking = find_breaking_changes(before, after)
    dangerous = find_dangerous_changes(before, after)
    return (
        *(Change(Severity.BREAKING, each.type.name, each.description) for each in breaking),
        *(Change(Severity.DANGEROUS, each.type.name, each.description) for each in dangerous),
        *_additions(before, after),
    )


def _additions(before: GraphQLSchema, after: GraphQLSchema) -> list[Change]:
    """What is there now and was not; dangerous additions are told by graphql-core."""
    found: list[Change] = []

    def add(kind: str, description: str) -> None:
        found.append(Change(Severity.SAFE, kind, description))

    for name, current in after.type_map.items():
        previous = before.type_map.get(name)
        if previous is None:
            add("TYPE_ADDED", f"{name} was added.")
            continue
        if is_object_type(current) or is_interface_type(current):
            known = getattr(previous, "fields", {})
            for field_name, field in current.fields.items():
                if field_name not in known:
                    add("FIELD_ADDED", f"{name}.{field_name} was added.")
                elif field.deprecation_reason and not known[field_name].deprecation_reason:
                    add("FIELD_DEPRECATED", f"{name}.{field_name} was deprecated.")
        elif is_enum_type(current) and is_enum_type(previous):
            for value, definition in current.values.items():
                if (
                    value in previous.values
                    and definition.deprecation_reason
                    and not previous.values[value].deprecation_reason
                ):
                    add("VALUE_DEPRECATED", f"{name}.{value} was deprecated.")
    return found
