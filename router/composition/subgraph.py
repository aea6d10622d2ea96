"""A subgraph ready to be judged and merged: its schema, the features it links, and what follows from its directives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from graphql import Node

from router.composition.fields import selected_fields
from router.composition.model import (
    COMPOSITE,
    Applied,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
    applications,
    has,
)
from router.composition.problems import Location, locate
from router.composition.types import base
from router.composition.values import EnumName
from router.federation.directives import FeatureSpec
from router.federation.link import Feature, Links


@dataclass(frozen=True, slots=True)
class SubgraphSource:
    """A subgraph as it is handed in: a name, the URL the router will call, and its SDL."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True)
class Subgraph:
    """``federation`` is its link to the Federation spec (for v1 a stand-in), ``spec`` that version's elements."""

    name: str
    url: str
    schema: Schema
    federation: Feature
    spec: FeatureSpec
    links: Links | None = None
    sdl: str = field(default="", repr=False)

    @property
    def is_federation_2(self) -> bool:
        return self.spec.version.major >= 2

    def directive_name(self, name: str) -> str:
        """What the Federation directive is called here; a name nothing has when this version lacks it."""
        return self._directive_names.get(name) or f"@{name} is not in {self.spec.version}"

    @cached_property
    def _directive_names(self) -> dict[str, str]:
        return {each.name: self.federation.directive_name(each.name) for each in self.spec.directives}

    def defines(self, name: str) -> bool:
        """Whether this Federation version has the directive."""
        return self.spec.directive(name) is not None

    def applied(self, element: Type | Field | InputValue | EnumValue | Schema, name: str) -> tuple[Applied, ...]:
        """Applications of the Federation directive ``name`` on the element."""
        return applications(element, self.directive_name(name))

    def has(self, element: Type | Field | InputValue | EnumValue | Schema, name: str) -> bool:
        return has(element, self.directive_name(name))

    def locate(self, *nodes: Node | None) -> tuple[Location, ...]:
        return tuple(location for node in nodes for location in locate(self.name, node))

    def is_interface_object(self, name: str) -> bool:
        return name in self._interface_objects

    @cached_property
    def _interface_objects(self) -> frozenset[str]:
        return frozenset(each.name for each in self.schema.of_kind(Kind.OBJECT) if self.has(each, "interfaceObject"))

    def kind(self, name: str) -> Kind | None:
        """The kind the type has in the supergraph: an interface object counts as interface."""
        return Kind.INTERFACE if self.is_interface_object(name) else self.schema.kind(name)

    def is_entity(self, name: str) -> bool:
        found = self.schema.types.get(name)
        return found is not None and self.has(found, "key")

    def fields(self) -> Iterator[Field]:
        """All output fields."""
        for each in self.schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
            yield from each.fields.values()

    def field_sets(self, name: str) -> Iterator[tuple[Type | Field, str, Applied]]:
        """Every ``@key`` (on a type), ``@requires``, ``@provides`` (on a field) with the type its fields are of."""
        if name == "key":
            for owner in self.schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
                for applied in self.applied(owner, name):
                    yield owner, owner.name, applied
            return
        for each in self.fields():
            for applied in self.applied(each, name):
                yield each, each.parent if name == "requires" else base(each.type), applied

    def targets(self, type_name: str, applied: Applied, *, implementations: bool) -> Iterator[Field]:
        """The fields a ``fields:`` argument names, as far as it can be read."""
        text = applied.arguments.get("fields")
        if isinstance(text, str) and not isinstance(text, EnumName) and self.schema.kind(type_name) in COMPOSITE:
            yield from selected_fields(self.schema, type_name, text, implementations=implementations)

    def is_external(self, coordinate: str) -> bool:
        """Marked ``@external`` and truly not resolved here."""
        return coordinate in self._external

    def is_fully_external(self, coordinate: str) -> bool:
        """External, and not provided on any path either."""
        return coordinate in self._external and coordinate not in self._provided

    def is_fake_external(self, coordinate: str) -> bool:
        """A key of an extended type, marked external as Federation v1 asked for, yet known here."""
        return coordinate in self._fake_external

    def is_shareable(self, coordinate: str) -> bool:
        return coordinate in self._shareable

    def is_used(self, coordinate: str) -> bool:
        """Named by a federation directive, or implementing an interface's field."""
        return coordinate in self._used

    @cached_property
    def _fake_external(self) -> frozenset[str]:
        return frozenset(
            target.coordinate
            for owner, type_name, key in self.field_sets("key")
            if key.extension is not None or self.has(owner, "extends")
            for target in self.targets(type_name, key, implementations=False)
            if self.has(target, "external")
        )

    @cached_property
    def _provided(self) -> frozenset[str]:
        return frozenset(_coordinates(self._all_targets("provides")))

    @cached_property
    def _external(self) -> frozenset[str]:
        marked = {each.coordinate for each in self.fields() if self.has(each, "external")}
        # Federation v1 accepted the directive on types and gave it no meaning.
        if self.is_federation_2:
            for owner in self.schema.of_kind(Kind.OBJECT):
                if self.has(owner, "external"):
                    marked.update(_coordinates(owner.fields.values()))
        return frozenset(marked - self._fake_external)

    @cached_property
    def _shareable(self) -> frozenset[str]:
        shareable = set(_coordinates(self._all_targets("key")))
        for owner in self.schema.of_kind(Kind.OBJECT):
            parts = {applied.extension for applied in self.applied(owner, "shareable")}
            for each in owner.fields.values():
                if each.extension in parts or self.has(each, "shareable"):
                    shareable.add(each.coordinate)
        provided = (each.coordinate for each in self._all_targets("provides"))
        shareable.update(coordinate for coordinate in provided if self.is_external(coordinate))
        return frozenset(shareable)

    @cached_property
    def _used(self) -> frozenset[str]:
        used = {
            coordinate
            for name in ("key", "requires", "provides")
            for coordinate in _coordinates(self._all_targets(name))
        }
        used.update(_coordinates(self._context_targets()))
        for interface in self.schema.of_kind(Kind.INTERFACE):
            for runtime_type in self.schema.runtime_types(interface.name):
                for name in interface.fields:
                    implementing = self.schema.field(runtime_type, name)
                    if implementing is not None:
                        used.add(implementing.coordinate)
        return frozenset(used)

    def _all_targets(self, name: str) -> Iterator[Field]:
        for _, type_name, applied in self.field_sets(name):
            yield from self.targets(type_name, applied, implementations=True)

    def _context_targets(self) -> Iterator[Field]:
        for _, _, applied in self.contextual_arguments():
            context, selection = parse_context(applied.arguments.get("field"))
            for type_name in self.contexts.get(context or "", ()):
                yield from selected_fields(self.schema, type_name, selection or "", implementations=True)

    def contextual_arguments(self) -> Iterator[tuple[Field, InputValue, Applied]]:
        """Every field argument with ``@fromContext``."""
        for owner in self.fields():
            for argument in owner.arguments.values():
                for applied in self.applied(argument, "fromContext"):
                    yield owner, argument, applied

    @cached_property
    def contexts(self) -> dict[str, tuple[str, ...]]:
        """Context name → the types that set it."""
        found: dict[str, tuple[str, ...]] = {}
        for owner in self.schema.of_kind(*COMPOSITE):
            for applied in self.applied(owner, "context"):
                name = str(applied.arguments.get("name"))
                found[name] = (*found.get(name, ()), owner.name)
        return found


def parse_context(text: object) -> tuple[str | None, str | None]:
    """``"$user { id }"`` → (``user``, ``{ id }``); (None, None) when no context is named."""
    if not isinstance(text, str):
        return None, None
    rest = _skip_ignored(text)
    if not rest.startswith("$"):
        return None, None
    rest = _skip_ignored(rest[1:])
    length = 0
    while length < len(rest) and (rest[length] == "_" or (rest[length].isascii() and rest[length].isalnum())):
        length += 1
    if length == 0 or rest[0].isdigit():
        return None, None
    return rest[:length], rest[length:]


def _skip_ignored(text: str) -> str:
    """Without leading white space, commas and comments."""
    while True:
        stripped = text.lstrip("\n\r\t ,")
        if not stripped.startswith("#"):
            return stripped
        line_end = min((stripped.find(end) for end in "\n\r" if end in stripped), default=len(stripped))
        text = stripped[line_end:]


def _coordinates(fields: Iterable[Field]) -> Iterator[str]:
    return (each.coordinate for each in fields)
