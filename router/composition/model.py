"""A schema as composition sees it: plain frozen values that remember where they were written.

The same values hold a subgraph's schema and the supergraph being made. Mappings keep the order of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from graphql import Node

from router.composition.types import BUILT_IN_SCALARS, is_required
from router.composition.values import ABSENT, Value

NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
ROOT_NAMES: Final = MappingProxyType({"query": "Query", "mutation": "Mutation", "subscription": "Subscription"})
FEDERATION_TYPES: Final = frozenset({"_Any", "_Service", "_Entity"})
BUILT_IN_DIRECTIVES: Final = frozenset({"skip", "include", "deprecated", "specifiedBy", "defer", "stream"})
FEDERATION_FIELDS: Final = frozenset({"_service", "_entities"})


class Kind(StrEnum):
    """The kind of a named type; the value is how messages call it."""

    SCALAR = "Scalar Type"
    OBJECT = "Object Type"
    INTERFACE = "Interface Type"
    UNION = "Union Type"
    ENUM = "Enum Type"
    INPUT = "InputObject Type"


COMPOSITE: Final = frozenset({Kind.OBJECT, Kind.INTERFACE, Kind.UNION})
ABSTRACT: Final = frozenset({Kind.INTERFACE, Kind.UNION})


@dataclass(frozen=True, slots=True)
class Applied:
    """A directive on an element. ``extension`` numbers the ``extend`` it stands on, None for the definition."""

    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    node: Node | None = field(default=None, compare=False, repr=False)
    extension: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InputValue:
    """An argument or the field of an input object; ``coordinate`` is ``Type.field(argument:)`` or ``Type.field``."""

    coordinate: str
    name: str
    type: str
    default: Value = ABSENT
    description: str | None = None
    applied: tuple[Applied, ...] = ()
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def required(self) -> bool:
        return is_required(self.type) and self.default is ABSENT


@dataclass(frozen=True, slots=True)
class Field:
    """An output field."""

    parent: str
    name: str
    type: str
    arguments: Mapping[str, InputValue] = field(default_factory=dict)
    description: str | None = None
    applied: tuple[Applied, ...] = ()
    node: Node | None = field(default=None, compare=False, repr=False)
    extension: int | None = field(default=None, compare=False)

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum type."""

    parent: str
    name: str
    description: str | None = None
    applied: tuple[Applied, ...] = ()
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def coordinate(self) -> str:
        return f"{self.parent}.{self.name}"


@dataclass(frozen=True, slots=True)
class Type:
    """A named type: of ``fields``, ``inputs``, ``values`` and ``members`` only what its kind has is filled.

    ``extensions`` are its ``extend`` nodes; ``defined`` tells whether there is a definition beside them.
    """

    name: str
    kind: Kind
    description: str | None = None
    applied: tuple[Applied, ...] = ()
    interfaces: tuple[str, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    values: Mapping[str, EnumValue] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    defined: bool = True
    extensions: tuple[Node, ...] = field(default=(), compare=False, repr=False)
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def coordinate(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class DirectiveDefinition:
    """A directive's definition."""

    name: str
    locations: tuple[str, ...]
    arguments: Mapping[str, InputValue] = field(default_factory=dict)
    repeatable: bool = False
    description: str | None = None
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def coordinate(self) -> str:
        return f"@{self.name}"


Element = Type | Field | InputValue | EnumValue


@dataclass(frozen=True)
class Schema:
    """Types, directives, root types (operation → type name) and what stands on ``schema`` itself."""

    types: Mapping[str, Type]
    directives: Mapping[str, DirectiveDefinition]
    roots: Mapping[str, str]
    description: str | None = None
    applied: tuple[Applied, ...] = ()
    defined: bool = False
    node: Node | None = field(default=None, compare=False, repr=False)

    def kind(self, name: str) -> Kind | None:
        """The kind of a type; built-in scalars are scalars."""
        found = self.types.get(name)
        if found is not None:
            return found.kind
        return Kind.SCALAR if name in BUILT_IN_SCALARS else None

    def field(self, type_name: str, name: str) -> Field | None:
        found = self.types.get(type_name)
        return None if found is None else found.fields.get(name)

    @cached_property
    def _implementations(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for implementing in self.types.values():
            for interface in implementing.interfaces:
                found.setdefault(interface, []).append(implementing.name)
        return {interface: tuple(names) for interface, names in found.items()}

    def implementations(self, interface: str) -> tuple[str, ...]:
        """All types, objects and interfaces, that implement the interface."""
        return self._implementations.get(interface, ())

    def runtime_types(self, name: str) -> tuple[str, ...]:
        """The object types a value of the type can have: itself, union members, implementing objects."""
        found = self.types.get(name)
        if found is None:
            return ()
        if found.kind is Kind.UNION:
            return found.members
        if found.kind is Kind.INTERFACE:
            return tuple(each for each in self.implementations(name) if self.types[each].kind is Kind.OBJECT)
        return (name,)

    def of_kind(self, *kinds: Kind) -> Iterator[Type]:
        return (found for found in self.types.values() if found.kind in kinds)

    def operation_of(self, name: str) -> str | None:
        """``query`` for the query root type, and so on; None for any other type."""
        return next((operation for operation, root in self.roots.items() if root == name), None)


def applications(element: Type | Field | InputValue | EnumValue | Schema, name: str) -> tuple[Applied, ...]:
    """The applications of one directive on an element."""
    return tuple(applied for applied in element.applied if applied.name == name)


def has(element: Type | Field | InputValue | EnumValue | Schema, name: str) -> bool:
    """Whether the directive is on the element."""
    return any(applied.name == name for applied in element.applied)


def by_name(elements: Iterable[DirectiveDefinition]) -> dict[str, DirectiveDefinition]:
    return {element.name: element for element in elements}
