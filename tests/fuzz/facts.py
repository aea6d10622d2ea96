"""What the subgraphs of a case say together that their data depends on: which types are entities, what identifies one,
which runtime types and enum values all know, where null or an error may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    coerce_input_literal,
    get_named_type,
    parse_const_value,
)

from router.federation.supergraph import Supergraph
from router.operation.model import Field, InlineFragment, Selection
from tests.fuzz.reading import SubgraphReading, field_set, fields_of


class Unfit(Exception):
    """The subgraphs leave a value undecidable; the generator must not make such, the shrinker may."""


@dataclass(frozen=True)
class Place:
    """What may go wrong with a field's value."""

    may_be_null: bool
    may_fail: bool
    may_break: bool


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts about a composed set of subgraphs, each worked out when first asked for."""

    supergraph: Supergraph
    subgraphs: tuple[SubgraphReading, ...]

    def output_type(self, owner: str, name: str) -> Any:
        type_ = self.supergraph.schema.type_map[owner]
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        return type_.fields[name].type

    @cached_property
    def entities(self) -> frozenset[str]:
        """Object types that have a key anywhere, by themselves or by an interface."""
        keyed = {name for reading in self.subgraphs for name, type_ in reading.types.items() if type_.keys}
        found = set()
        for name, type_ in self.supergraph.schema.type_map.items():
            if isinstance(type_, GraphQLObjectType) and keyed & {name, *(item.name for item in type_.interfaces)}:
                found.add(name)
        return frozenset(found)

    @cached_property
    def has_interface_objects(self) -> bool:
        """Whether some subgraph knows an interface without its types."""
        return any(type_.interface_object for reading in self.subgraphs for type_ in reading.types.values())

    @cached_property
    def identifying(self) -> frozenset[tuple[str, str]]:
        """(type, field) of all parts of keys."""
        return self._named_by("keys")

    @cached_property
    def needed(self) -> frozenset[tuple[str, str]]:
        """(type, field) of all that a @requires names: an error there would be told of fields nobody asked for."""
        return self._named_by("requires")

    def _named_by(self, what: str) -> frozenset[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for reading in self.subgraphs:
            for name, type_ in reading.types.items():
                sets = [text for text, _ in type_.keys] if what == "keys" else []
                if what == "requires":
                    sets = [item.requires for item in type_.fields.values() if item.requires]
                for text in sets:
                    self._add_named(name, field_set(text), found)
        return frozenset(found)

    def _add_named(self, owner: str, selections: Iterable[Selection], found: set[tuple[str, str]]) -> None:
        for selection in selections:
            if isinstance(selection, InlineFragment):
                self._add_named(selection.type_condition or owner, selection.selections, found)
            elif selection.name != "__typename":
                for each in self.types_under(owner):
                    found.add((each, selection.name))
                below = self.supergraph.schema.type_map[owner].fields[selection.name].type  # type: ignore[attr-defined]
                self._add_named(get_named_type(below).name, selection.selections, found)

    def types_under(self, name: str) -> tuple[str, ...]:
        """The object types of a type of the supergraph, and itself."""
        type_ = self.supergraph.schema.type_map[name]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return (name, *(item.name for item in self.supergraph.schema.get_possible_types(type_)))
        return (name,)

    def applies(self, condition: str | None, name: str) -> bool:
        """Whether an object type satisfies a type condition."""
        return condition is None or name in self.types_under(condition)

    def declared(self, owner: str, name: str) -> list[tuple[SubgraphReading, str]]:
        """The subgraphs that have the field, and its type there; interface objects have it for their types too."""
        merged = self.supergraph.schema.type_map[owner]
        found = []
        for reading in self.subgraphs:
            for each in (owner, *(item.name for item in getattr(merged, "interfaces", ()))):
                type_ = reading.types.get(each)
                if type_ and name in type_.fields and (each == owner or type_.interface_object):
                    found.append((reading, type_.fields[name].type))
        return found

    def runtime_types(self, owner: str, name: str) -> list[str]:
        """The types of the field's objects that every subgraph with the field knows and clients may see."""
        known = self._runtime_types.get((owner, name))
        if known is None:
            common: set[str] | None = None
            for reading, text in self.declared(owner, name):
                types = self._possible_in(reading, text.strip("[]!").replace("]", "").replace("!", ""))
                common = types if common is None else common & types
            known = sorted((common or set()) & self.supergraph.api_schema.type_map.keys())
            self._runtime_types[owner, name] = known
        return known

    @cached_property
    def _runtime_types(self) -> dict[tuple[str, str], list[str]]:
        return {}

    def _possible_in(self, reading: SubgraphReading, name: str) -> set[str]:
        type_ = reading.types[name]
        if type_.interface_object:
            sets = [
                self._possible_in(other, name)
                for other in self.subgraphs
                if name in other.types and other.types[name].kind == "interface" and other.types[name].keys
            ]
            return set.intersection(*sets) if sets else set()
        if type_.kind == "union":
            return type_.members
        if type_.kind == "interface":
            return {n for n, each in reading.types.items() if each.kind == "object" and name in each.interfaces}
        return {name}

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        return {}

    def common_values(self, name: str) -> list[str]:
        """The values of an enum that every subgraph with it knows and clients may see."""
        if name not in self._values:
            public = self.supergraph.api_schema.type_map.get(name) or self.supergraph.schema.type_map[name]
            common = set(public.values)  # type: ignore[attr-defined]
            for reading in self.subgraphs:
                if name in reading.types:
                    common &= reading.types[name].values
            if not common:
                raise Unfit(f"enum {name} has no common value")
            self._values[name] = sorted(common)
        return self._values[name]

    @cached_property
    def spreading(self) -> bool:
        """Whether null may spread upwards. Not where it would spread in one subgraph further than for the client, or
        take with it what a nested field set reads."""
        for reading in self.subgraphs:
            for name, type_ in reading.types.items():
                texts = [text for text, _ in type_.keys]
                texts += [item.requires for item in type_.fields.values() if item.requires]
                if any(each.selections for text in texts for each in fields_of(field_set(text))):
                    return False
                if name in self.supergraph.schema.type_map and type_.kind in ("object", "interface"):
                    for field in type_.fields:
                        merged = str(self.output_type(name, field))
                        if _promises(type_.fields[field].type) != _promises(merged):
                            return False
        return True

    def place(self, owner: str, name: str) -> Place:
        """What may go wrong with a field: nothing that some subgraph excludes and another does not."""
        known = self._places.get((owner, name))
        if known is None:
            merged = _promises(str(self.output_type(owner, name)))
            alike = all(_promises(text) == merged for _, text in self.declared(owner, name))
            free = (owner, name) not in self.needed
            known = Place(alike, alike and free, alike and free and self.spreading)
            self._places[owner, name] = known
        return known

    @cached_property
    def _places(self) -> dict[tuple[str, str], Place]:
        return {}

    def fields_for(self, selections: Iterable[Selection], name: str) -> list[Field]:
        """The fields of a field set that apply to an object type."""
        found: list[Field] = []
        for selection in selections:
            if isinstance(selection, Field):
                found.append(selection)
            elif self.applies(selection.type_condition, name):
                found.extend(self.fields_for(selection.selections, name))
        return found

    def arguments_of(self, owner: str, selection: Field) -> dict[str, Any]:
        """The arguments a field set gives, with the schema's defaults, as a resolver would get them."""
        definition = self.supergraph.schema.type_map[owner].fields[selection.name]  # type: ignore[attr-defined]
        given = {argument.name: parse_const_value(argument.value) for argument in selection.arguments}
        found = {}
        for name, argument in definition.args.items():
            node = given.get(name) or (argument.ast_node.default_value if argument.ast_node else None)
            if node is not None:
                found[name] = coerce_input_literal(node, argument.type)
        return found


def _promises(type_: str) -> str:
    """``[Train!]!`` → ``[!]!``"""
    return re.sub(r"\w+", "", type_)
