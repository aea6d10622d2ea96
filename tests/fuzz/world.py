"""The data behind one case: every field of every object has one value, computed from a seed, whoever asks.

Unlike the corpora's world (tests/corpus/deterministic_world.py) entities come from small pools, so that one is met at
many places; there are nulls, errors, broken promises, empty lists and hard text. Values depend on names only, so taking
a type or field out of a case leaves the rest of its data as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
)

from router.operation.model import Selection
from tests.fuzz.facts import Facts, Place
from tests.fuzz.reading import field_set, fields_of

TEXTS = (
    "",
    "서울역",
    'say "안녕"\\n',
    "\u2028\u2029 \x00\x1f",
    "👩‍👩‍👧 가́",
    "</script>",
    "__typename",
    "null",
    "a" * 40,
)
LONGS = (0, -1, 2**31, 2**53 + 1, -(2**63), 2**64 - 1, 10**30, 1.5, 1e100)
JSONS: tuple[Any, ...] = (
    {"__typename": "Query", "id": None, "한글": [1, {"a": []}]},
    [],
    [None, [2**60]],
    "text",
    False,
    {},
    0.1,
)
FLOATS = (0.5, -0.0, 1e22, 3.0, 1e-7)


@dataclass(frozen=True)
class Knobs:
    """How the data is. Shares are in thousandths of the places where each thing may happen."""

    seed: int = 0
    pool: int = 3
    """Entities of each type."""
    nulls: int = 150
    """Null where null is allowed."""
    broken: int = 0
    """Null where a value is promised."""
    errors: int = 0
    """A field, or an item of a list, that fails."""
    longest: int = 3
    """Items of a list, at most."""


@dataclass(frozen=True)
class Thing:
    """An object. ``identity`` is equal exactly for the same object; ``number`` an entity's place in its pool.

    The rest is how one subgraph came by it.
    """

    type: str
    identity: str
    number: int = 0
    representation: Mapping[str, Any] | None = None
    provided: tuple[Selection, ...] = ()
    known_as: str | None = None


class Failed(GraphQLError):
    """A field that fails, as the data says it does. The text tells where, for the reader of a case."""


@dataclass(frozen=True, eq=False)
class World:
    """The data of a case, readable by type, object and field."""

    facts: Facts
    knobs: Knobs

    def root(self, name: str) -> Thing:
        """The root object of a kind of operation."""
        return Thing(name, name)

    def value(self, thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
        """A field's value: a scalar, a Thing, a Failed, or lists of them."""
        type_ = self.facts.output_type(thing.type, name)
        mark = f"{name}{json.dumps(arguments, sort_keys=True)}" if arguments else name
        if (thing.type, name) in self.facts.identifying:
            return self._identifying(thing, mark, type_)
        return self._value(thing, name, mark, type_, self.facts.place(thing.type, name))

    def _hash(self, *parts: object) -> int:
        text = "|".join(map(str, (self.knobs.seed, *parts)))
        return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big")

    def _happens(self, share: int, *parts: object) -> bool:
        return share > 0 and self._hash(*parts) % 1000 < share

    def _value(self, thing: Thing, name: str, mark: str, type_: Any, place: Place) -> Any:
        where = (thing.identity, mark)
        if isinstance(type_, GraphQLNonNull):
            if place.may_break and self._happens(self.knobs.broken, "broken", *where):
                return None
            if place.may_break and self._happens(self.knobs.errors, "error", *where):
                return self._failed(thing, mark)
            return self._present(thing, name, mark, type_.of_type, place)
        if place.may_fail and self._happens(self.knobs.errors, "error", *where):
            return self._failed(thing, mark)
        if place.may_be_null and self._happens(self.knobs.nulls, "null", *where):
            return None
        return self._present(thing, name, mark, type_, place)

    def _failed(self, thing: Thing, mark: str) -> Failed:
        coded = self._hash("code", thing.identity, mark) % 2
        return Failed(f"failed at {thing.identity}.{mark}", extensions={"code": "GONE"} if coded else None)

    def _present(self, thing: Thing, name: str, mark: str, type_: Any, place: Place) -> Any:
        here = self._hash(thing.identity, mark)
        if isinstance(type_, GraphQLList):
            length = here % (self.knobs.longest + 1)
            return [self._value(thing, name, f"{mark}[{i}]", type_.of_type, place) for i in range(length)]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return self._object(thing, name, mark, here)
        if isinstance(type_, GraphQLEnumType):
            values = self.facts.common_values(type_.name)
            return values[here % len(values)]
        match type_.name:
            case "Int":
                return (here % 2**32) - 2**31
            case "Float":
                return FLOATS[here % len(FLOATS)] if here % 3 else here / 7
            case "Boolean":
                return bool(here % 2)
            case "Long":
                return LONGS[here % len(LONGS)]
            case "JSON":
                return JSONS[here % len(JSONS)]
        text = TEXTS[here % len(TEXTS)]
        return f"{text}·{mark} of {thing.identity}" if here % 2 else text

    def _object(self, thing: Thing, name: str, mark: str, here: int) -> Thing | None:
        choices = self.facts.runtime_types(thing.type, name)
        if not choices:
            return None
        type_ = choices[here // 7 % len(choices)]
        if type_ in self.facts.entities:
            return self.entity(type_, here // 1009 % self.knobs.pool)
        return Thing(type_, f"{thing.identity}/{mark}:{type_}", thing.number)

    def entity(self, type_: str, number: int) -> Thing:
        """An entity of the pool."""
        return Thing(type_, f"{type_}:{number}", number)

    def _identifying(self, thing: Thing, mark: str, type_: Any) -> Any:
        """A part of a key: never null, and of one object only."""
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        here = self._hash(thing.identity, mark)
        if isinstance(type_, GraphQLList):
            return [self._identifying(thing, f"{mark}[0]", type_.of_type)]
        if isinstance(type_, GraphQLObjectType):
            if type_.name in self.facts.entities:
                return self.entity(type_.name, thing.number)
            return Thing(type_.name, f"{thing.identity}/{mark}", thing.number)
        if isinstance(type_, GraphQLEnumType):
            values = self.facts.common_values(type_.name)
            return values[here % len(values)]
        match getattr(type_, "name", ""):
            case "Int":
                return here % 2**31
            case "Float":
                return here % 2**31 + 0.5
            case "Boolean":
                return bool(here % 2)
            case "Long":
                return 2**62 + here % 2**40
        return f"{mark}·{thing.identity}"

    def find(self, type_name: str, given: Mapping[str, Any], keys: Iterable[str]) -> Thing | None:
        """The object a representation stands for, by the first key it covers; None when there is no such object."""
        for text in keys:
            selections = field_set(text)
            if not covers(selections, given):
                continue
            index = self._index(type_name, text)
            return index.get(_canonical(_only(selections, given)))
        return None

    def _index(self, type_name: str, text: str) -> dict[str, Thing]:
        known = self._indexes.get((type_name, text))
        if known is None:
            known = {}
            for each in self.facts.types_under(type_name):
                if each in self.facts.entities:
                    for number in range(self.knobs.pool):
                        thing = self.entity(each, number)
                        known[_canonical(self.read(thing, field_set(text)))] = thing
            self._indexes[type_name, text] = known
        return known

    @cached_property
    def _indexes(self) -> dict[tuple[str, str], dict[str, Thing]]:
        return {}

    def read(self, found: Any, selections: tuple[Selection, ...]) -> Any:
        """What a field set reads of a value."""
        if isinstance(found, list):
            return [self.read(item, selections) for item in found]
        if not isinstance(found, Thing):
            return found
        result: dict[str, Any] = {}
        for selection in self.facts.fields_for(selections, found.type):
            if selection.name == "__typename":
                continue
            value = self.value(found, selection.name, self.facts.arguments_of(found.type, selection))
            result[selection.name] = self.read(value, selection.selections)
        return result


def covers(key: Iterable[Selection], given: Any) -> bool:
    """Whether a representation has all of a key."""
    if isinstance(given, list):
        return all(covers(key, item) for item in given)
    for selection in fields_of(tuple(key)):
        if not isinstance(given, Mapping) or given.get(selection.name) is None:
            return False
        if selection.selections and not covers(selection.selections, given[selection.name]):
            return False
    return True


def _only(key: Iterable[Selection], given: Any) -> Any:
    if isinstance(given, list):
        return [_only(key, item) for item in given]
    return {
        item.name: _only(item.selections, given[item.name]) if item.selections else given[item.name]
        for item in fields_of(tuple(key))
        if item.name != "__typename"
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def provide(found: Any, provided: tuple[Selection, ...]) -> Any:
    """A value with what a @provides promises below it."""
    if isinstance(found, list):
        return [provide(item, provided) for item in found]
    return replace(found, provided=provided) if isinstance(found, Thing) and provided else found
