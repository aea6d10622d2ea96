"""Which answer gives which key at which place of the client's answer, for each runtime type.

A place is a response path without lists. At a place stands an object of a *base*: the answer it is nested in. Entity
fetches give more of the same object; their answers are *entities* of the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import GraphQLSchema, get_named_type

from router.executor.fetches import PreparedFetch, keys_of
from router.executor.paths import ON
from router.executor.type_conditions import types_under
from router.operation.model import Field, Selection
from router.planner.nodes import Path

ROOT = -1
"""The base of the client's root object: the data of all root fetches together."""

MAX_READINGS = 20_000


class Unfit(Exception):
    """The plan needs the general way; the message says why."""


@dataclass(slots=True)
class Place:
    """``gives``: runtime type → response key → the fetches whose answers hold it, in the order of the plan."""

    gives: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    bases: dict[int, None] = field(default_factory=dict)
    entities: dict[int, frozenset[str]] = field(default_factory=dict)
    """Entity fetch → the runtime types it is made for."""
    composite: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """All places of a plan."""

    places: Mapping[Path, Place]
    fetches: Mapping[int, PreparedFetch]

    def giver(self, path: Path, base: int, type_name: str, key: str, before: frozenset[int] | None = None) -> int:
        """The fetch to read a key from at an object of ``base``: the base itself, else the latest entity fetch.

        ``before``: only entity fetches among these. Raises Unfit when there is none.
        """
        place = self.places[path]
        givers = place.gives.get(type_name, {}).get(key, ())
        if base in givers or (base == ROOT and any(not self.fetches[giver].path for giver in givers)):
            return base
        for giver in reversed(givers):
            if type_name in place.entities.get(giver, ()) and (before is None or giver in before):
                return giver
        raise Unfit(f"{'.'.join((*path, key))} of {type_name} is given by no answer")

    def types(self, path: Path, base: int) -> frozenset[str]:
        """The runtime types of objects of ``base`` at a place."""
        return frozenset(
            type_name
            for type_name, gives in self.places[path].gives.items()
            if any(base in givers for givers in gives.values())
        )

    def base_below(self, path: Path, base: int, type_name: str, key: str) -> int:
        """The answer in which the objects below a key are nested, when the key is read from ``base``."""
        if base != ROOT:
            return base
        return next(giver for giver in self.places[path].gives[type_name][key] if not self.fetches[giver].path)


def read_sources(fetches: Iterable[PreparedFetch], selections: Mapping[int, tuple[Selection, ...]]) -> Sources:
    """The places of a plan's fetches. Raises Unfit."""
    known = {fetch.number: fetch for fetch in fetches}
    reading = _Reading({})
    for fetch in known.values():
        _check(fetch)
        if fetch.representations is None:
            root = _root_type(fetch)
            reading.place(()).bases[ROOT] = None
            reading.read(fetch, (), frozenset({root}), selections[fetch.number])
        else:
            path = keys_of(fetch.path)
            types = frozenset(fetch.representations.by_type)
            reading.place(path).entities[fetch.number] = types
            reading.read(fetch, path, types, selections[fetch.number])
    for path, place in reading.places.items():
        for type_name, key in place.composite:
            if len(place.gives[type_name][key]) > 1:
                raise Unfit(f"{'.'.join((*path, key))} lies in several answers, which must be merged")
    return Sources(reading.places, known)


def _root_type(fetch: PreparedFetch) -> str:
    schema = fetch.schema
    root = schema.mutation_type if fetch.is_mutation else schema.query_type
    assert root is not None
    return root.name


def _check(fetch: PreparedFetch) -> None:
    if fetch.renames:
        raise Unfit("response keys are renamed")
    if fetch.exact_numbers:
        raise Unfit("numbers of any size")
    if any(step.startswith(ON) for step in fetch.path):
        raise Unfit("a path with a type condition")
    if fetch.representations is None and fetch.path:
        raise Unfit("a root type below the root")
    if fetch.representations is not None and fetch.representations.context:
        raise Unfit("contexts")
    if fetch.untyped:
        raise Unfit("interface objects")


@dataclass(slots=True)
class _Reading:
    places: dict[Path, Place]
    read_: set[tuple[int, int, Path, frozenset[str]]] = field(default_factory=set)

    def place(self, path: Path) -> Place:
        return self.places.setdefault(path, Place())

    def read(self, fetch: PreparedFetch, path: Path, types: frozenset[str], selections: tuple[Selection, ...]) -> None:
        """Note what the selections give to objects of the types at the path."""
        reading = (fetch.number, id(selections), path, types)
        if reading in self.read_:
            return
        self.read_.add(reading)
        if len(self.read_) > MAX_READINGS:
            raise Unfit("a plan of this size")
        place = self.place(path)
        for selection in selections:
            if selection.conditions or selection.directives:
                raise Unfit("conditions")
            if isinstance(selection, Field):
                self._field(fetch, path, types, selection, place)
            else:
                condition = selection.type_condition
                narrowed = types if condition is None else types & frozenset(types_under(fetch.schema, condition))
                if narrowed:
                    self.read(fetch, path, narrowed, selection.selections)

    def _field(self, fetch: PreparedFetch, path: Path, types: frozenset[str], selection: Field, place: Place) -> None:
        key = selection.response_key
        below: set[str] = set()
        for type_name in types:
            givers = place.gives.setdefault(type_name, {}).setdefault(key, [])
            if fetch.number not in givers:
                givers.append(fetch.number)
            if selection.selections:
                place.composite.add((type_name, key))
                below.update(_types_below(fetch.schema, type_name, selection.name))
        if selection.selections:
            inner = (*path, key)
            self.place(inner).bases[fetch.number] = None
            self.read(fetch, inner, frozenset(below), selection.selections)


def _types_below(schema: GraphQLSchema, type_name: str, field_name: str) -> tuple[str, ...]:
    held = getattr(schema.type_map.get(type_name), "fields", {}).get(field_name)
    return () if held is None else types_under(schema, get_named_type(held.type).name)
