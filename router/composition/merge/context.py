"""What every part of merging needs to know, computed before the first type is merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from router.composition.merge.directives import UNMERGED_FEATURES, ComposedDirectives
from router.composition.model import FEDERATION_FIELDS, FEDERATION_TYPES, Field, Kind, Type
from router.composition.problems import Findings, Location
from router.composition.subgraph import Subgraph
from router.composition.types import is_strict_subtype
from router.federation.join import graph_names
from router.federation.link import Version

T = TypeVar("T")
Sources = Mapping[str, T | None]
"""Subgraph name → its version of an element; None where the subgraph has the parent but not the element."""


@dataclass(frozen=True)
class Merging:
    """``kinds``: every type of the supergraph; ``federation``: the newest version any subgraph uses."""

    subgraphs: tuple[Subgraph, ...]
    findings: Findings
    federation: Version
    kinds: Mapping[str, Kind]
    directives: ComposedDirectives

    @cached_property
    def by_name(self) -> Mapping[str, Subgraph]:
        return {subgraph.name: subgraph for subgraph in self.subgraphs}

    @cached_property
    def graphs(self) -> Mapping[str, str]:
        """Subgraph name → value of ``join__Graph``."""
        return graph_names([subgraph.name for subgraph in self.subgraphs])

    def sources(self, name: str) -> dict[str, Type]:
        """The subgraphs' versions of a type, of those that agree on its kind."""
        kind = self.kinds[name]
        holders = (subgraph for subgraph in self.holders.get(name, ()) if subgraph.kind(name) is kind)
        return {subgraph.name: subgraph.schema.types[name] for subgraph in holders}

    @cached_property
    def holders(self) -> Mapping[str, tuple[Subgraph, ...]]:
        """Type → the subgraphs that have a type of that name."""
        found: dict[str, list[Subgraph]] = {}
        for subgraph in self.subgraphs:
            for name in subgraph.schema.types:
                found.setdefault(name, []).append(subgraph)
        return {name: tuple(subgraphs) for name, subgraphs in found.items()}

    @cached_property
    def interfaces(self) -> Mapping[str, tuple[str, ...]]:
        """Type → all interfaces it implements in any subgraph."""
        found: dict[str, dict[str, None]] = {}
        for name, kind in self.kinds.items():
            if kind in (Kind.OBJECT, Kind.INTERFACE):
                found[name] = {itf: None for source in self.sources(name).values() for itf in source.interfaces}
        return {name: tuple(interfaces) for name, interfaces in found.items()}

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Union → its members in any subgraph."""
        unions = (name for name, kind in self.kinds.items() if kind is Kind.UNION)
        return {
            name: tuple(dict.fromkeys(member for source in self.sources(name).values() for member in source.members))
            for name in unions
        }

    @cached_property
    def _runtime_types(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for name, interfaces in self.interfaces.items():
            if self.kinds[name] is Kind.OBJECT:
                for interface in interfaces:
                    found.setdefault(interface, []).append(name)
        return {interface: tuple(names) for interface, names in found.items()}

    def runtime_types(self, interface: str) -> tuple[str, ...]:
        """The object types that implement the interface in the supergraph."""
        return self._runtime_types.get(interface, ())

    def is_direct_subtype(self, supertype: str, subtype: str) -> bool:
        if supertype in self.members:
            return subtype in self.members[supertype]
        return supertype in self.interfaces.get(subtype, ())

    def is_strict_subtype(self, reference: str, candidate: str) -> bool:
        return is_strict_subtype(reference, candidate, self.is_direct_subtype)

    def is_external(self, subgraph: str, element: object) -> bool:
        """Whether a field is external there; input fields never are."""
        return isinstance(element, Field) and self.by_name[subgraph].is_external(element.coordinate)

    def is_root(self, name: str) -> bool:
        """Whether the type is a root operation type of the supergraph."""
        return name in self.roots.values()

    @cached_property
    def roots(self) -> Mapping[str, str]:
        """Operation → root type, leaving out a query root that only has Federation's own fields."""
        found: dict[str, str] = {}
        for operation in ("query", "mutation", "subscription"):
            for subgraph in self.subgraphs:
                name = subgraph.schema.roots.get(operation)
                if name is not None and any(True for _ in merged_fields(subgraph, subgraph.schema.types[name])):
                    found.setdefault(operation, name)
        return found

    def abstracted(self, type_name: str, field_name: str, subgraph: Subgraph) -> tuple[Field, ...]:
        """Fields of interface objects that stand in a subgraph for a field of an object type it does not have."""
        if self.kinds.get(type_name) is not Kind.OBJECT or type_name in subgraph.schema.types:
            return ()
        stand_ins = (
            subgraph.schema.field(interface, field_name)
            for interface in self.interfaces[type_name]
            if subgraph.schema.kind(interface) is Kind.OBJECT and self._interface_has(interface, field_name)
        )
        return tuple(each for each in stand_ins if each is not None)

    def is_abstracted(self, interface: str, field_name: str) -> bool:
        """Whether some interface object resolves the field for all that implements the interface."""
        for subgraph in self.subgraphs:
            field = subgraph.schema.field(interface, field_name) if subgraph.is_interface_object(interface) else None
            if field is not None and not subgraph.is_external(field.coordinate):
                return True
        return False

    def _interface_has(self, interface: str, field_name: str) -> bool:
        return any(subgraph.schema.field(interface, field_name) is not None for subgraph in self.subgraphs)

    def locate(self, sources: Sources[T]) -> tuple[Location, ...]:
        """Where the sources are written."""
        return tuple(
            place
            for name, source in sources.items()
            if source is not None
            for place in self.by_name[name].locate(getattr(source, "node", None))
        )


def merged_fields(subgraph: Subgraph, of: Type) -> Iterator[Field]:
    """The fields of a type that can reach the supergraph: all but Federation's own on the query root."""
    is_query = subgraph.schema.roots.get("query") == of.name
    for each in of.fields.values():
        if not (is_query and each.name in FEDERATION_FIELDS):
            yield each


def supergraph_kinds(subgraphs: Sequence[Subgraph]) -> dict[str, Kind]:
    """The kind of every type of the supergraph, as the first subgraph that has it says."""
    kinds: dict[str, Kind] = {}
    for subgraph in subgraphs:
        for each in subgraph.schema.types.values():
            if is_merged_type(subgraph, each.name):
                kind = subgraph.kind(each.name)
                assert kind is not None
                kinds.setdefault(each.name, kind)
    return kinds


def is_merged_type(subgraph: Subgraph, name: str) -> bool:
    """Types of the link and federation specs stay in their subgraph."""
    if name in FEDERATION_TYPES or name.startswith("__"):
        return False
    origin = subgraph.links.origin(name, directive=False) if subgraph.links else None
    return origin is None or origin.feature.url.identity not in UNMERGED_FEATURES
