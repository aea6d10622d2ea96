"""Access control across interfaces: what guards an object guards it seen through its interfaces too.

``@authenticated``, ``@requiresScopes`` and ``@policy`` go up from object types and their fields to the interfaces they
implement, and down from fields of interface objects to the implementing types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from router.composition.merge.context import Merging
from router.composition.model import Applied, Field, Kind
from router.composition.subgraph import Subgraph

_Found = dict[str, dict[str, list[tuple[Applied, ...]]]]


def additional_applications(m: Merging, coordinate: str) -> Mapping[str, Sequence[tuple[Applied, ...]]]:
    """Directive name in the supergraph → applications that the element has to take over from others."""
    if not m.directives.access_control():
        return {}
    return _all_additional(_Key(m)).get(coordinate, {})


class _Key:
    """A merging compared by identity, so that one pass over its subgraphs serves all its elements."""

    __slots__ = ("merging",)

    def __init__(self, merging: Merging) -> None:
        self.merging = merging

    def __hash__(self) -> int:
        return id(self.merging)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.merging is self.merging


@lru_cache(maxsize=2)
def _all_additional(key: _Key) -> _Found:
    m = key.merging
    found: _Found = {}
    for element, name in m.directives.access_control().items():
        for subgraph in m.subgraphs:
            _from_subgraph(m, subgraph, element, name, found)
    return found


def _from_subgraph(m: Merging, subgraph: Subgraph, element: str, name: str, found: _Found) -> None:
    def add(coordinate: str, applied: tuple[Applied, ...]) -> None:
        found.setdefault(coordinate, {}).setdefault(name, []).append(applied)

    for owner in subgraph.schema.of_kind(Kind.OBJECT):
        applied = subgraph.applied(owner, element)
        if applied:
            for interface in m.interfaces.get(owner.name, ()):
                if m.kinds.get(owner.name) is Kind.OBJECT:
                    add(interface, applied)
        for each in owner.fields.values():
            on_field = subgraph.applied(each, element)
            if on_field and not subgraph.is_external(each.coordinate):
                for parent in _sharing_types(m, subgraph, each):
                    add(f"{parent}.{each.name}", on_field)


def _sharing_types(m: Merging, subgraph: Subgraph, each: Field) -> Sequence[str]:
    if not subgraph.is_interface_object(each.parent):
        return m.interfaces.get(each.parent, ())
    implementing = m.runtime_types(each.parent)
    others = dict.fromkeys(itf for name in implementing for itf in m.interfaces[name] if itf != each.parent)
    return (*implementing, *others)
