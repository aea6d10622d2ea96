"""The subgraphs behind a supergraph, rebuilt from its join metadata and answering from the deterministic world.

They are strict: a fetch must be valid GraphQL against the subgraph's own types, ask only for fields the subgraph
resolves (or a @provides promises), and bring for each @requires the values the other subgraphs would have given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    get_named_type,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    parse,
    parse_const_value,
    print_ast,
    print_directive,
    value_from_ast_untyped,
)

from router.errors import ValidationFailed
from router.federation.join_metadata import FieldJoin, TypeJoins
from router.federation.supergraph import Supergraph
from router.operation.model import Field
from router.operation.validation import check_document
from router.planner.selections import read_field_set
from tests.corpus.deterministic_world import Thing, World, seed_of, value


class Refused(GraphQLError):
    """A subgraph was asked for something it cannot answer."""


def active(joins: tuple[FieldJoin, ...], subgraph: str, labels: frozenset[str]) -> FieldJoin | None:
    """The subgraph's join for a field when it resolves it itself; None for external and overridden fields."""
    for join in joins:
        if join.subgraph == subgraph:
            if join.external or (join.used_overridden and join.override_label is None):
                return None
            if join.override_label is not None and (join.override_label in labels) != (join.override is not None):
                return None
            taken = any(
                other.override == subgraph and (other.override_label is None or other.override_label in labels)
                for other in joins
                if other.subgraph != subgraph
            )
            return None if taken else join
    return None


def subgraph_sdl(supergraph: Supergraph, subgraph: str) -> str:
    """The subgraph's own schema, federation's ``_entities`` included."""
    parts = ["scalar _Any", *_executable_directives(supergraph.schema)]
    entities = []
    schema = supergraph.schema
    for name, joins in supergraph.joins.items():
        type_ = schema.type_map.get(name)
        if type_ is None or subgraph not in joins.types or is_introspection_type(type_):
            continue
        join = joins.types[subgraph]
        if isinstance(type_, GraphQLScalarType):
            if not is_specified_scalar_type(type_):
                parts.append(f"scalar {name}")
        elif isinstance(type_, GraphQLEnumType):
            parts.append(f"enum {name} {{ {' '.join(sorted(joins.values.get(subgraph, ())))} }}")
        elif isinstance(type_, GraphQLUnionType):
            if joins.members.get(subgraph):
                parts.append(f"union {name} = {' | '.join(sorted(joins.members[subgraph]))}")
        elif isinstance(type_, GraphQLInputObjectType):
            fields = [f"{f}: {d.type}" for f, d in type_.fields.items() if _has(joins.fields[f], subgraph)]
            parts.append(f"input {name} {{ {' '.join(fields)} }}")
        elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            keys = {s.name for key in join.keys for s in read_field_set(key.fields) if hasattr(s, "name")}
            fields = []
            is_root = type_ in (schema.query_type, schema.mutation_type, schema.subscription_type)
            for field_name, definition in type_.fields.items():
                own = next((item for item in joins.fields[field_name] if item.subgraph == subgraph), None)
                if own is None and field_name not in keys and not _unsaid(supergraph, subgraph, definition, is_root):
                    continue
                target = joins_of(supergraph, definition)
                if (target and subgraph not in target.types) or (
                    target and target.members and not target.members[subgraph]
                ):
                    continue
                hidden = {c.name for c in own.context_arguments} if own else set()
                arguments = [_argument(n, a) for n, a in definition.args.items() if n not in hidden]
                arguments += [f"{c.name}: {c.type}" for c in (own.context_arguments if own else ())]
                listed = f"({', '.join(arguments)})" if arguments else ""
                fields.append(f"{field_name}{listed}: {own.type if own and own.type else definition.type}")
            is_interface = isinstance(type_, GraphQLInterfaceType) and not join.is_interface_object
            if join.keys and not is_interface:
                entities.append(name)
            if name == (schema.query_type.name if schema.query_type else "Query"):
                fields.append("_entities(representations: [_Any!]!): [_Entity]!")
            interfaces = sorted(joins.implements.get(subgraph, ()))
            implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
            if fields:
                parts.append(f"{'interface' if is_interface else 'type'} {name}{implements} {{ {' '.join(fields)} }}")
    query = schema.query_type.name if schema.query_type else "Query"
    if not any(part.startswith(f"type {query} ") for part in parts):
        parts.append(f"type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}")
    parts.append(f"union _Entity = {' | '.join(entities)}" if entities else "scalar _Entity")
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    defined = {
        k: r.name
        for k, r in roots.items()
        if r and (r.name == query or any(p.startswith(f"type {r.name} ") for p in parts))
    }
    parts.append(f"schema {{ {' '.join(f'{k}: {n}' for k, n in defined.items())} }}")
    return "\n".join(parts)


def joins_of(supergraph: Supergraph, definition: GraphQLField) -> TypeJoins | None:
    """The joins of the type a field holds; None for built-in scalars."""
    return supergraph.joins.get(get_named_type(definition.type).name)


def _unsaid(supergraph: Supergraph, subgraph: str, definition: GraphQLField, is_root: bool) -> bool:
    """Join v0.1 does not say which external fields a subgraph repeats: any whose type it knows."""
    joins = supergraph.joins.get(get_named_type(definition.type).name)
    oldest = any(f.identity.endswith("/join") and f.version == "v0.1" for f in supergraph.features)
    return oldest and not is_root and (joins is None or subgraph in joins.types)


def _has(joins: tuple[FieldJoin, ...], subgraph: str) -> bool:
    return any(join.subgraph == subgraph for join in joins)


def _argument(name: str, argument: GraphQLArgument) -> str:
    default = argument.ast_node.default_value if argument.ast_node else None
    return f"{name}: {argument.type} = {print_ast(default)}" if default else f"{name}: {argument.type}"


def _executable_directives(schema: GraphQLSchema) -> list[str]:
    return [print_directive(directive) for directive in schema.directives if not is_specified_directive(directive)]


class Subgraph:
    """One subgraph that answers requests from the world."""

    def __init__(self, world: World, name: str, labels: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.schema: GraphQLSchema = build_schema(subgraph_sdl(world.supergraph, name), assume_valid=True)
        self._world = world
        self._labels = labels

    def execute(self, text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The data. Raises Refused for an invalid or unanswerable request."""
        document = parse(text)
        try:
            check_document(document, self.schema)
        except ValidationFailed as error:
            raise Refused(f"{self.name} refuses {text}: {error.message}") from error
        operation = document.definitions[0].operation.value  # type: ignore[attr-defined]
        root = self.schema.get_root_type(document.definitions[0].operation)  # type: ignore[attr-defined]
        result = execute_sync(
            self.schema,
            document,
            root_value=Thing({"query": 0, "mutation": 1, "subscription": 2}[operation], root.name if root else ""),
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=lambda thing, *_: thing.known_as or thing.type,
        )
        if result.errors:
            raise Refused(f"{self.name} fails at {text}: {result.errors[0].message}")
        assert result.data is not None
        return result.data

    def _resolve(self, thing: Thing, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.field_name == "_entities":
            return [self._entity(item) for item in arguments["representations"]]
        parent = info.parent_type.name
        joins = self._world.supergraph.joins[parent].fields[info.field_name]
        join = active(joins, self.name, self._labels)
        promised = self._promised(thing, parent, info.field_name)
        if join is None and promised is None and not self._implied_key(parent, info.field_name):
            raise Refused(f"{self.name} does not resolve {parent}.{info.field_name}")
        if join is not None and join.requires and promised is None:
            self._check(thing, parent, read_field_set(join.requires), thing.representation or {})
        provided = (*(promised or ()), *(read_field_set(join.provides) if join and join.provides else ()))
        return _provide(value(self._world, thing, info.field_name, arguments), provided)

    def _implied_key(self, parent: str, name: str) -> bool:
        keys = self._world.supergraph.joins[parent].types[self.name].keys
        named = not any(join.subgraph == self.name for join in self._world.supergraph.joins[parent].fields[name])
        return named and any(getattr(s, "name", None) == name for key in keys for s in read_field_set(key.fields))

    def _promised(self, thing: Thing, parent: str, name: str) -> tuple[Any, ...] | None:
        found: list[Any] = []
        met = False
        for selection in self._fields(thing.provided, parent):
            if selection.name == name:
                met = True
                found.extend(selection.selections)
        return tuple(found) if met else None

    def _fields(self, selections: tuple[Any, ...], parent: str) -> list[Any]:
        found = []
        for selection in selections:
            if hasattr(selection, "type_condition"):
                if self._applies(selection.type_condition, parent):
                    found.extend(self._fields(selection.selections, parent))
            else:
                found.append(selection)
        return found

    def _applies(self, condition: str | None, name: str) -> bool:
        schema = self._world.supergraph.schema
        if condition is None or condition == name:
            return True
        type_ = schema.type_map.get(condition)
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return name in {item.name for item in schema.get_possible_types(type_)}
        return False

    def _entity(self, representation: Mapping[str, Any]) -> Thing:
        name = representation["__typename"]
        joins = self._world.supergraph.joins.get(name)
        if joins is None or self.name not in joins.types:
            raise Refused(f"{self.name} knows no entity {name}")
        keys = [read_field_set(key.fields) for key in joins.types[self.name].keys if key.resolvable]
        given = next((key for key in keys if _covers(key, representation)), None)
        if given is None:
            raise Refused(f"{self.name} has no key for {representation}")
        named = {selection.name for selection in given if isinstance(selection, Field)}
        seed = seed_of(self._world, {name: item for name, item in representation.items() if name in named})
        if not self._applies(name, self._world.types[seed]):
            raise Refused(f"{representation} is a {self._world.types[seed]}")
        known_as = name if joins.types[self.name].is_interface_object else None
        return Thing(seed, self._world.types[seed], representation, known_as=known_as)

    def _check(self, thing: Thing, parent: str, selections: tuple[Any, ...], given: Mapping[str, Any]) -> None:
        """Every required field is there with the value the world gives it."""
        for selection in self._fields(selections, thing.type):
            if selection.name == "__typename":
                continue
            arguments = {a.name: value_from_ast_untyped(parse_const_value(a.value)) for a in selection.arguments}
            if selection.name not in given:
                raise Refused(f"{self.name} misses {parent}.{selection.name}, which @requires names")
            expected = value(self._world, thing, selection.name, self._defaults(thing.type, selection.name, arguments))
            self._same(parent, selection, expected, given[selection.name])

    def _defaults(self, parent: str, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        definition = self._world.supergraph.schema.type_map[parent].fields[name]  # type: ignore[attr-defined]
        nodes = {n: a.ast_node.default_value for n, a in definition.args.items() if a.ast_node}
        return {**{n: value_from_ast_untyped(node) for n, node in nodes.items() if node}, **arguments}

    def _same(self, parent: str, selection: Any, expected: Any, given: Any) -> None:
        if isinstance(expected, Thing):
            if not isinstance(given, Mapping):
                raise Refused(f"{self.name} got {given!r} for {parent}.{selection.name}")
            self._check(expected, expected.type, selection.selections, given)
        elif isinstance(expected, list):
            for item, other in zip(expected, given, strict=True):
                self._same(parent, selection, item, other)
        elif expected != given:
            raise Refused(f"{self.name} got {given!r} for {parent}.{selection.name}, not {expected!r}")


def _covers(key: tuple[Any, ...], given: Any) -> bool:
    if isinstance(given, list):
        return all(_covers(key, item) for item in given)
    for selection in key:
        if hasattr(selection, "type_condition"):
            continue
        if not isinstance(given, Mapping) or given.get(selection.name) is None:
            return False
        if selection.selections and not _covers(selection.selections, given[selection.name]):
            return False
    return True


def _provide(found: Any, provided: tuple[Any, ...]) -> Any:
    if isinstance(found, list):
        return list(map(partial(_provide, provided=provided), found))
    return replace(found, provided=provided) if isinstance(found, Thing) and provided else found
