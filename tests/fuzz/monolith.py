"""The plain executor: graphql-core over the API schema and the merged data, no plan and no subgraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_ast_schema,
    execute_sync,
    parse,
    print_schema,
)
from graphql.language import FieldDefinitionNode, NonNullTypeNode, Visitor, visit

from tests.fuzz.world import Thing, World

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Expected:
    """``data`` as it must be; ``causes``: where it may come from that something is null, each a path of an error."""

    data: dict[str, Any] | None
    nulled: frozenset[Path]
    """The positions at which the plain executor's errors leave null."""
    causes: frozenset[Path]
    mutations: tuple[str, ...]


def run_plainly(text: str, world: World, variables: Mapping[str, Any]) -> Expected:
    """The answer of one server that has everything."""
    document = parse(text)
    schema = world.facts.supergraph.api_schema
    mutations: list[str] = []
    data, errors = _run(schema, document, world, variables, mutations)
    causes = frozenset(_path(error) for error in errors)
    if errors:
        # The first failing field of a set of non-null ones ends the others unseen: run again where nothing spreads.
        _, all_errors = _run(_nullable(schema), document, world, variables, [], strict=schema)
        causes |= {_path(error) for error in all_errors}
    nulled = frozenset(null_position(data, _path(error)) for error in errors)
    return Expected(data, nulled, causes, tuple(mutations))


def _path(error: GraphQLError) -> Path:
    return tuple(error.path or ())


def null_position(data: Any, path: Path) -> Path:
    """How far a path goes in an answer: to its end, or to the null above it."""
    for length, step in enumerate(path):
        if data is None:
            return path[:length]
        data = data[step]
    return path


def _run(
    schema: GraphQLSchema,
    document: DocumentNode,
    world: World,
    variables: Mapping[str, Any],
    mutations: list[str],
    strict: GraphQLSchema | None = None,
) -> tuple[dict[str, Any] | None, list[GraphQLError]]:
    def resolve(thing: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        parent = info.parent_type.name
        if parent == "Mutation":
            mutations.append(str(info.path.key))
        found = world.value(thing or world.root(parent), info.field_name, arguments)
        if strict is None:
            return found
        promised = strict.type_map[parent].fields[info.field_name].type  # type: ignore[attr-defined]
        return _with_broken_promises(found, promised)

    result = execute_sync(
        schema,
        document,
        variable_values=dict(variables),
        field_resolver=resolve,
        type_resolver=lambda thing, *_: thing.type,
    )
    return result.data, result.errors or []


def _with_broken_promises(found: Any, promised: Any) -> Any:
    """The value with an error for each null where none may be."""
    if isinstance(promised, GraphQLNonNull):
        if found is None:
            return GraphQLError("null where a value is promised")
        promised = promised.of_type
    if isinstance(found, list) and isinstance(promised, GraphQLList):
        return [_with_broken_promises(item, promised.of_type) for item in found]
    return found


class _DropNonNull(Visitor):
    def leave_field_definition(self, node: FieldDefinitionNode, *_: Any) -> FieldDefinitionNode:
        return FieldDefinitionNode(
            name=node.name, arguments=node.arguments, directives=node.directives, type=_without_non_null(node.type)
        )


def _without_non_null(node: Any) -> Any:
    if isinstance(node, NonNullTypeNode):
        return _without_non_null(node.type)
    return type(node)(type=_without_non_null(node.type)) if hasattr(node, "type") else node


@lru_cache(maxsize=4)
def _nullable(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with no output field non-null, so that no null spreads."""
    return build_ast_schema(visit(parse(print_schema(schema)), _DropNonNull()), assume_valid=True)
