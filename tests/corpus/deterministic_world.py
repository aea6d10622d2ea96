"""A world in which every field of every object has exactly one value, computed from who asks for what.

An object is a seed. A scalar is text or a number from which the seed can be read back, so a representation with any key
finds its object; a child's seed is the hash of (parent seed, field, arguments, index). Both the monolith over the API
schema and each subgraph answer from the same world, so any difference in data is the plan's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)

from router.federation.supergraph import Supergraph
from router.operation.model import InlineFragment
from router.planner.selections import read_field_set

LIST_LENGTH = 2
SEEDS = 2**31


@dataclass(frozen=True)
class Thing:
    """An object: ``type`` is its runtime type; the rest is what one subgraph knows of how it was come by."""

    seed: int
    type: str
    representation: Mapping[str, Any] | None = None
    provided: tuple[Any, ...] = ()
    above: Thing | None = None
    """The object around it, on the way this one was come by."""
    known_as: str | None = None
    """The interface's name, where an interface object stands for the type."""


@dataclass
class World:
    """``parents`` and ``types`` are by seed, filled as objects are first met."""

    supergraph: Supergraph
    parents: dict[int, int] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)


def _mark(name: str, arguments: Mapping[str, Any]) -> str:
    return f"{name}{json.dumps(arguments, sort_keys=True)}" if arguments else name


def value(world: World, thing: Thing, name: str, arguments: Mapping[str, Any]) -> Any:
    """The value of a field of the merged schema: a scalar, a Thing, or lists of them."""
    owner = world.supergraph.schema.type_map[thing.type]
    assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
    return _of_type(world, thing, name, _mark(name, arguments), owner.fields[name].type)


def _of_type(world: World, thing: Thing, name: str, mark: str, type_: Any) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _of_type(world, thing, name, mark, type_.of_type)
    if isinstance(type_, GraphQLList):
        return [_of_type(world, thing, name, f"{mark}[{i}]", type_.of_type) for i in range(LIST_LENGTH)]
    if isinstance(type_, GraphQLEnumType):
        values = _common_values(world.supergraph, type_.name)
        return values[(thing.seed + crc32(mark.encode())) % len(values)]
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        roots = (world.supergraph.schema.query_type, world.supergraph.schema.mutation_type)
        if type_ in roots:
            return Thing(roots.index(type_), type_.name, above=thing)
        seed = crc32(f"{thing.seed}.{mark}".encode()) % SEEDS
        choices = runtime_types(world.supergraph, thing.type, name)
        if not choices:
            return None
        world.parents[seed] = thing.seed
        world.types[seed] = choices[seed % len(choices)]
        return Thing(seed, world.types[seed], above=thing)
    match type_.name:
        case "Int":
            return (thing.seed + crc32(mark.encode())) % SEEDS
        case "Float":
            return (thing.seed + crc32(mark.encode())) % SEEDS + 0.5
        case "Boolean":
            return bool((thing.seed + crc32(mark.encode())) % 2)
    return f"{mark}#{thing.seed}"


def with_contexts(world: World, thing: Thing, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with those that @fromContext fills, read from the nearest object around that sets the context."""
    filled = dict(arguments)
    for join in world.supergraph.joins[thing.type].fields[name]:
        for argument in join.context_arguments:
            setters = world.supergraph.contexts[argument.context]
            around = thing.above
            while around is not None and not any(_is(world.supergraph, around.type, setter) for setter in setters):
                around = around.above
            if around is not None:
                filled[argument.name] = _read(world, around, read_field_set(argument.selection))
    return filled


def _is(supergraph: Supergraph, name: str, condition: str) -> bool:
    type_ = supergraph.schema.type_map[condition]
    if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
        return name in {item.name for item in supergraph.schema.get_possible_types(type_)}
    return name == condition


def _read(world: World, thing: Thing, selections: tuple[Any, ...]) -> Any:
    for selection in selections:
        if isinstance(selection, InlineFragment):
            if _is(world.supergraph, thing.type, selection.type_condition or thing.type):
                return _read(world, thing, selection.selections)
        else:
            found = value(world, thing, selection.name, {})
            return _read(world, found, selection.selections) if isinstance(found, Thing) else found
    return None


def _common_values(supergraph: Supergraph, name: str) -> list[str]:
    public = supergraph.api_schema.type_map[name]
    assert isinstance(public, GraphQLEnumType)
    common = set(public.values)
    for values in supergraph.joins[name].values.values():
        common &= values or common
    return sorted(common) or sorted(public.values)


def _possible_in(supergraph: Supergraph, subgraph: str, name: str) -> set[str]:
    """The object types a value of the type can have when the subgraph answers."""
    type_ = supergraph.schema.type_map[name]
    joins = supergraph.joins[name]
    if isinstance(type_, GraphQLObjectType):
        return {name}
    if isinstance(type_, GraphQLUnionType):
        return set(joins.members.get(subgraph, ()))
    if subgraph in joins.types and joins.types[subgraph].is_interface_object:
        known: set[str] | None = None
        for other, join in joins.types.items():
            if not join.is_interface_object and any(key.resolvable for key in join.keys):
                types = _possible_in(supergraph, other, name)
                known = types if known is None else known & types
        return known or set()
    return {
        other
        for other, item in supergraph.joins.items()
        if isinstance(supergraph.schema.type_map[other], GraphQLObjectType)
        and name in item.implements.get(subgraph, ())
    }


def runtime_types(supergraph: Supergraph, owner: str, name: str) -> list[str]:
    """The types all subgraphs that have the field agree on, as far as clients may see them."""
    joins = supergraph.joins[owner].fields[name]
    if not joins:
        merged = supergraph.schema.type_map[owner]
        assert isinstance(merged, GraphQLObjectType | GraphQLInterfaceType)
        joins = tuple(
            join
            for interface in merged.interfaces
            for join in supergraph.joins[interface.name].fields.get(name, ())
            if supergraph.joins[interface.name].types[join.subgraph].is_interface_object
        )
    merged_type = supergraph.schema.type_map[owner].fields[name].type  # type: ignore[attr-defined]
    common: set[str] | None = None
    for join in joins:
        declared = (join.type or str(merged_type)).strip("[]!")
        types = _possible_in(supergraph, join.subgraph, declared.replace("]", "").replace("!", ""))
        common = types if common is None else common & types
    if common is None:
        common = {get_named_type(merged_type).name}
    return sorted(common & supergraph.api_schema.type_map.keys())


def seed_of(world: World, representation: Mapping[str, Any]) -> int:
    """Read the object's seed back from a representation. Raises LookupError, also when its values disagree."""
    found = {seed for key, item in representation.items() if (seed := _seed_in(world, key, item)) is not None}
    if len(found) != 1:
        raise LookupError(f"a representation of {len(found)} objects: {representation}")
    return found.pop()


def _seed_in(world: World, key: str, item: Any) -> int | None:
    if key == "__typename" or isinstance(item, bool) or item is None:
        return None
    if isinstance(item, str):
        return int(item.rpartition("#")[2]) if "#" in item else None
    if isinstance(item, float):
        return int(item - 0.5 - crc32(key.encode())) % SEEDS
    if isinstance(item, int):
        return (item - crc32(key.encode())) % SEEDS
    if isinstance(item, list):
        if item and isinstance(item[0], Mapping):
            return _seed_in(world, key, item[0])
        return _seed_in(world, f"{key}[0]", item[0]) if item else None
    try:
        return world.parents[seed_of(world, item)]
    except LookupError:
        return None
