"""A subgraph that answers from the world and refuses whatever a real one could not answer.

A fetch must be valid GraphQL against the subgraph's own SDL, ask only for fields it resolves (or a @provides above
promises), and bring for each @requires what the other subgraphs would have given.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphql import GraphQLResolveInfo, execute_sync, parse, validate

from router.operation.model import Selection
from tests.fuzz.exercised import of_field, of_key, of_value
from tests.fuzz.reading import SubgraphField, SubgraphReading, executable_schema, field_set, fields_of
from tests.fuzz.world import Failed, Thing, World, covers, provide


class Refused(Exception):
    """A subgraph was asked for something it cannot answer. Never a matter of the data: the plan is wrong."""


class StrictSubgraph:
    """``refusals`` holds what was asked for wrongly; ``mutations`` the mutation fields in the order they ran."""

    def __init__(
        self,
        world: World,
        reading: SubgraphReading,
        labels: frozenset[str],
        mutations: list[str],
        exercised: Counter[str],
    ) -> None:
        self.name = reading.name
        self.refusals: list[str] = []
        self._world = world
        self._reading = reading
        self._labels = labels
        self._mutations = mutations
        self._exercised = exercised
        self._schema = executable_schema(reading)
        self._answers: dict[bytes, bytes] = {}

    def answer(self, body: bytes) -> bytes:
        """The response to a request, as JSON bytes both. The same request is computed once, unless it mutates."""
        known = self._answers.get(body)
        if known is None:
            known = self._compute(body)
            if b'"query":"mutation' not in body[:20]:
                self._answers[body] = known
        return known

    def _compute(self, body: bytes) -> bytes:
        request = json.loads(body)
        document = parse(request["query"])
        invalid = validate(self._schema, document)
        if invalid:
            self.refusals.append(f"{self.name} refuses {request['query']}: {invalid[0].message}")
            return b'{"data":null,"errors":[{"message":"invalid"}]}'
        result = execute_sync(
            self._schema,
            document,
            variable_values=request.get("variables", {}),
            field_resolver=self._resolve,
            type_resolver=self._type_of,
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [self._told(error) for error in result.errors]
            for error in result.errors:
                if not self._expected(error):
                    self.refusals.append(f"{self.name} fails at {request['query']}: {error.message}")
        return json.dumps(answer, ensure_ascii=False).encode()

    def _expected(self, error: Any) -> bool:
        return isinstance(error.original_error, Failed) or error.message.startswith("Cannot return null for non-null")

    def _told(self, error: Any) -> dict[str, Any]:
        told = {"message": error.message, "path": error.path, "extensions": error.extensions or {}}
        return {key: item for key, item in told.items() if item}

    def _resolve(self, thing: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name = info.field_name
        if name == "_entities":
            return [self._entity(item) for item in arguments["representations"]]
        parent = self._reading.root_names.get(info.parent_type.name, info.parent_type.name)
        if thing is None:
            thing = self._world.root(parent)
        if parent == "Mutation":
            self._mutations.append(info.path.key if isinstance(info.path.key, str) else "")
        field = self._reading.types[parent].fields[name]
        promised = self._promised(thing, name)
        if promised is None:
            if not self._resolves(parent, name, field):
                raise Refused(f"{self.name} does not resolve {parent}.{name}")
            if field.requires:
                self._check(thing, f"{parent}.{name}", field_set(field.requires), thing.representation or {})
        provided = (*(promised or ()), *(field_set(field.provides) if field.provides else ()))
        # An argument that other subgraphs lack is composed away: clients cannot give it, and its default says nothing.
        api = getattr(self._world.facts.supergraph.schema.type_map.get(parent), "fields", {})
        given = {key: item for key, item in arguments.items() if name not in api or key in api[name].args}
        value = self._world.value(thing, name, given)
        self._exercised.update(of_field(self._world.facts, self._reading, parent, name, promised is not None))
        self._exercised.update(of_value(value, field.type, bool(arguments)))
        return self._as_known(provide(value, provided), info)

    def _type_of(self, thing: Thing, *_: Any) -> str:
        self._exercised["abstract type"] += 1
        return thing.known_as or thing.type

    def _as_known(self, found: Any, info: GraphQLResolveInfo) -> Any:
        """An object of an interface that is an interface object here goes by the interface's name."""
        if isinstance(found, list):
            return [self._as_known(item, info) for item in found]
        if isinstance(found, Thing):
            type_ = info.return_type
            while hasattr(type_, "of_type"):
                type_ = type_.of_type
            known = self._reading.types.get(type_.name)
            if known is not None and known.interface_object:
                return replace(found, known_as=type_.name)
            return found
        return found

    def _resolves(self, parent: str, name: str, field: SubgraphField) -> bool:
        if field.external:
            keys = self._reading.types[parent].keys
            if not keys and self._reading.version == 1:
                # Federation 1: an extension without a key goes by those of the type it extends.
                others = (other.types[parent] for other in self._world.facts.subgraphs if parent in other.types)
                keys = [key for other in others for key in other.keys]
            return any(item.name == name for text, _ in keys for item in fields_of(field_set(text)))
        sources = {each.name for each in self._world.facts.subgraphs}
        if field.label is not None and field.override in sources and not self._is_on(field.label):
            return False
        return not any(
            self._taken(other.types[parent].fields[name])
            for other in self._world.facts.subgraphs
            if other.name != self.name and parent in other.types and name in other.types[parent].fields
        )

    def _taken(self, other: SubgraphField) -> bool:
        return other.override == self.name and (other.label is None or self._is_on(other.label))

    def _is_on(self, label: str) -> bool:
        return label in self._labels

    def _promised(self, thing: Thing, name: str) -> tuple[Selection, ...] | None:
        """What a @provides promises below the field; None when it does not promise the field itself."""
        met = [item for item in self._world.facts.fields_for(thing.provided, thing.type) if item.name == name]
        return tuple(below for item in met for below in item.selections) if met else None

    def _entity(self, representation: Mapping[str, Any]) -> Thing:
        name = representation["__typename"]
        type_ = self._reading.types.get(name)
        if type_ is None:
            raise Refused(f"{self.name} knows no entity {name}")
        resolvable = [text for text, resolvable in type_.keys if resolvable]
        if not any(covers(field_set(text), representation) for text in resolvable):
            raise Refused(f"{self.name} has no key for {representation}")
        thing = self._world.find(name, representation, resolvable)
        self._exercised.update(of_key(next(text for text in resolvable if covers(field_set(text), representation))))
        if len(type_.keys) > 1:
            self._exercised["key: one of several"] += 1
        if type_.interface_object:
            self._exercised["interface object"] += 1
        if thing is None:
            raise Refused(f"{self.name} finds no {representation}")
        known_as = name if type_.interface_object else None
        return Thing(thing.type, thing.identity, thing.number, representation, known_as=known_as)

    def _check(self, thing: Thing, coordinate: str, selections: tuple[Selection, ...], given: Any) -> None:
        """Every required field is there with the value the world gives it."""
        for item in self._world.facts.fields_for(selections, thing.type):
            if item.name == "__typename":
                continue
            if not isinstance(given, Mapping) or item.name not in given:
                raise Refused(f"{self.name} misses {item.name} for {coordinate}, which @requires names, in {given}")
            arguments = self._world.facts.arguments_of(thing.type, item)
            expected = self._world.value(thing, item.name, arguments)
            for value, other in self._pairs(coordinate, expected, given[item.name]):
                if isinstance(value, Thing):
                    self._check(value, coordinate, item.selections, other)
                elif json.dumps(value) != json.dumps(other):
                    raise Refused(f"{self.name} got {other!r} for {item.name} of {coordinate}, not {value!r}")

    def _pairs(self, coordinate: str, expected: Any, given: Any) -> Iterator[tuple[Any, Any]]:
        if isinstance(expected, list):
            if not isinstance(given, list) or len(given) != len(expected):
                raise Refused(f"{self.name} got {given!r} for {coordinate}, not {len(expected)} items")
            for value, other in zip(expected, given, strict=True):
                yield from self._pairs(coordinate, value, other)
        else:
            yield expected, given
