"""MISSING_TRANSITIVE_AUTH_REQUIREMENTS: a field fed by guarded data must be guarded at least as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from router.composition.merge import Merged
from router.composition.merge.strategies import Condition, conjunction, implies
from router.composition.model import Field, Type, applications
from router.composition.problems import Location
from router.composition.rules.selections import field_of
from router.composition.subgraph import parse_context
from router.composition.types import base
from router.federation.field_sets import FieldSelection, FragmentSelection, Selections, parse_field_set

CODE = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS"


@dataclass(frozen=True, slots=True)
class Guard:
    """What access control asks for; None where it asks nothing."""

    authenticated: bool = False
    scopes: Condition | None = None
    policies: Condition | None = None

    def covers(self, other: Guard) -> bool:
        """Whether whoever passes this guard passes the other."""
        return (
            (self.authenticated or not other.authenticated)
            and implies(self.scopes, other.scopes)
            and implies(self.policies, other.policies)
        )

    def __and__(self, other: Guard) -> Guard:
        return Guard(
            self.authenticated or other.authenticated,
            _both(self.scopes, other.scopes),
            _both(self.policies, other.policies),
        )


def _both(one: Condition | None, other: Condition | None) -> Condition | None:
    given = [condition for condition in (one, other) if condition is not None]
    return conjunction(given) if given else None


class _Uncovered(Exception):
    """What is guarded better than the field."""


def check_transitive_access(merged: Merged) -> None:
    """Data reaches a field by ``@requires`` and ``@fromContext``."""
    if not merged.merging.directives.access_control():
        return
    for field, kind, places, selections in _fed_fields(merged):
        own = guard(merged, merged.schema.types[field.parent]) & guard(merged, field)
        try:
            for type_name, nested, is_context in selections:
                if is_context and not own.covers(guard(merged, merged.schema.types[type_name])):
                    raise _Uncovered(f"the transitive data in context on {type_name}")
                _check_selections(merged, own, type_name, nested)
        except _Uncovered as uncovered:
            merged.merging.findings.refuse(
                CODE,
                f'Field "{field.coordinate}" does not specify necessary @authenticated, @requiresScopes and/or '
                f"@policy auth requirements to access {uncovered} from {kind} selection set.",
                places,
            )


_Fed = tuple[Field, str, tuple[Location, ...], list[tuple[str, Selections, bool]]]


def _fed_fields(merged: Merged) -> Iterator[_Fed]:
    for subgraph in merged.merging.subgraphs:
        for owner, type_name, applied in subgraph.field_sets("requires"):
            field = merged.schema.field(type_name, owner.name)
            if field is not None:
                selections = parse_field_set(str(applied.arguments["fields"]))
                yield field, "@requires", subgraph.locate(applied.node), [(type_name, selections, False)]
        for owner, argument, applied in subgraph.contextual_arguments():
            field = merged.schema.field(owner.parent, owner.name)
            context, selection = parse_context(applied.arguments.get("field"))
            if field is not None and context in subgraph.contexts:
                parsed = parse_field_set(selection or "")
                types = [(name, parsed, True) for name in subgraph.contexts[context or ""]]
                yield field, "@fromContext", subgraph.locate(argument.node), types


def guard(merged: Merged, element: Type | Field) -> Guard:
    """The access control on an element of the supergraph."""
    names = merged.merging.directives.access_control()

    def argument(directive: str, name: str) -> Any:
        found = applications(element, names[directive]) if directive in names else ()
        return found[0].arguments.get(name) if found else None

    authenticated = "authenticated" in names and bool(applications(element, names["authenticated"]))
    return Guard(authenticated, argument("requiresScopes", "scopes"), argument("policy", "policies"))


def _check_selections(merged: Merged, own: Guard, type_name: str, selections: Selections) -> None:
    schema = merged.schema
    for selection in selections:
        if isinstance(selection, FragmentSelection):
            condition = selection.type_condition or type_name
            if selection.type_condition and not own.covers(guard(merged, schema.types[condition])):
                raise _Uncovered(f'the transitive data in inline fragment type condition "{condition}"')
            _check_selections(merged, own, condition, selection.selections)
        elif isinstance(selection, FieldSelection):
            field = field_of(schema, type_name, selection.name)
            if field is None:
                continue
            returned = schema.types.get(base(field.type))
            if not own.covers(guard(merged, field)) or (returned and not own.covers(guard(merged, returned))):
                raise _Uncovered(f'the transitive field "{field.coordinate}" data')
            _check_selections(merged, own, base(field.type), selection.selections or ())
