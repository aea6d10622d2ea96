"""INTERFACE_KEY_NOT_ON_IMPLEMENTATION: a key of an interface must be a key of everything that implements it."""

from __future__ import annotations

from collections.abc import Iterator

from router.composition.model import Applied, Kind, Type
from router.composition.problems import Findings, listed
from router.composition.rules.selections import field_of
from router.composition.subgraph import Subgraph
from router.composition.values import print_value
from router.federation.field_sets import FieldSelection, FieldSetError, Selections, merged, parse_field_set


def check_keys_on_implementations(subgraph: Subgraph, findings: Findings) -> None:
    """And resolvable there when it is resolvable on the interface."""
    for interface in subgraph.schema.of_kind(Kind.INTERFACE):
        implementing = [subgraph.schema.types[name] for name in subgraph.schema.runtime_types(interface.name)]
        for key in subgraph.applied(interface, "key"):
            _check_key(subgraph, interface, key, implementing, findings)


def _check_key(subgraph: Subgraph, interface: Type, key: Applied, implementing: list[Type], findings: Findings) -> None:
    fields = _fields(key)
    if fields is None or any(True for _ in _unknown(subgraph, interface, fields)):
        return
    same = {
        each.name: next((other for other in subgraph.applied(each, "key") if _fields(other) == fields), None)
        for each in implementing
    }
    missing = [name for name, other in same.items() if other is None]
    unresolvable = [name for name, other in same.items() if other and other.arguments.get("resolvable") is False]
    shown = f'Key @key(fields: {print_value(key.arguments.get("fields"))}) on interface type "{interface.name}"'
    if missing:
        message = f"{shown} is missing on implementation {listed(missing, 'type', 'types')}."
    elif unresolvable and key.arguments.get("resolvable") is not False:
        message = (
            f"{shown} should be resolvable on all implementation types, but is declared with argument "
            '"@key(resolvable:)" set '
            f"to false in {listed(unresolvable, 'type', 'types')}."
        )
    else:
        return
    nodes = (subgraph.schema.types[name].node for name in missing or unresolvable)
    findings.refuse("INTERFACE_KEY_NOT_ON_IMPLEMENTATION", f"[{subgraph.name}] {message}", subgraph.locate(*nodes))


def _unknown(subgraph: Subgraph, interface: Type, fields: Selections) -> Iterator[str]:
    """Names the interface does not have: KEY_INVALID_FIELDS tells of them."""
    for each in fields:
        if isinstance(each, FieldSelection) and field_of(subgraph.schema, interface.name, each.name) is None:
            yield each.name


def _fields(key: Applied) -> Selections | None:
    try:
        return merged(parse_field_set(str(key.arguments.get("fields"))))
    except FieldSetError:
        return None
