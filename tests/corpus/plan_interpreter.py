"""A plain interpreter of query plans: slow, generic, and the oracle for the compiled executor.

It follows the plan format's rules and nothing else: fetch, collect representations, merge, rewrite, project.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_named_type

from router.federation.supergraph import Supergraph
from router.operation.model import Field, InlineFragment, Operation, Selection
from router.planner.nodes import (
    ConditionNode,
    Fetch,
    Flatten,
    KeyRenamer,
    Node,
    Parallel,
    Path,
    QueryPlan,
    Sequence,
    ValueSetter,
)

Send = Callable[[str, str, Mapping[str, Any]], dict[str, Any]]
"""(subgraph, operation text, variables) -> data."""


def run_plan(
    plan: QueryPlan, operation: Operation, supergraph: Supergraph, variables: Mapping[str, Any], send: Send
) -> dict[str, Any]:
    """The data of the operation, as a client would get it. Introspection and the root's __typename are added here."""
    data: dict[str, Any] = {}
    if plan.node is not None:
        _Run(supergraph.schema, variables, send, data).node(plan.node)
    return project(operation.selections, data, operation.root_type, supergraph.api_schema, variables)


def applies(schema: GraphQLSchema, condition: str | None, runtime: str | None) -> bool:
    """Whether an object of the runtime type satisfies a type condition; not when its type was not asked for."""
    if condition is None or condition == runtime:
        return True
    type_ = schema.type_map.get(condition)
    if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
        return runtime in {item.name for item in schema.get_possible_types(type_)}
    return False


class _Run:
    def __init__(self, schema: GraphQLSchema, variables: Mapping[str, Any], send: Send, data: dict[str, Any]) -> None:
        self.schema = schema
        self.variables = variables
        self.send = send
        self.data = data

    def node(self, node: Node) -> None:
        if isinstance(node, Fetch):
            merge_data(self.data, self._answer(node, self._used(node)))
        elif isinstance(node, Flatten):
            self._flatten(node.path, node.node)
        elif isinstance(node, Sequence | Parallel):
            for item in node.nodes:
                self.node(item)
        elif isinstance(node, ConditionNode):
            clause = node.if_clause if self.variables[node.variable] else node.else_clause
            if clause is not None:
                self.node(clause)
        else:
            self.node(node.primary)
            if node.rest is not None:
                self.node(node.rest)

    def _used(self, fetch: Fetch) -> dict[str, Any]:
        return {name: self.variables[name] for name in fetch.variables if name in self.variables}

    def _answer(self, fetch: Fetch, variables: dict[str, Any]) -> dict[str, Any]:
        data = self.send(fetch.subgraph, fetch.operation, variables)
        for answer in data["_entities"] if fetch.requires else (data,):
            for rewrite in fetch.output_rewrites:
                assert isinstance(rewrite, KeyRenamer)
                self._rename(answer, rewrite.path, rewrite.rename_to)
        return data

    def _flatten(self, path: Path, fetch: Fetch) -> None:
        found = [chain for chain in self._chains((self.data,), path) if isinstance(chain[-1], dict)]
        if not fetch.requires:
            if found:
                answer = self._answer(fetch, self._used(fetch))
                for chain in found:
                    merge_data(chain[-1], answer)
            return
        groups: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], dict[str, Any]]]]] = {}
        for chain in found:
            rep = self._represent(fetch, chain[-1])
            if rep is not None:
                values = self._context_values(fetch, chain)
                groups.setdefault(repr(values), (values, []))[1].append((chain[-1], rep))
        for values, items in groups.values():
            variables = {**self._used(fetch), **values, "representations": [rep for _, rep in items]}
            entities = self._answer(fetch, variables)["_entities"]
            for (item, _), entity in zip(items, entities, strict=True):
                if entity is not None:
                    merge_data(item, entity)

    def _chains(self, chain: tuple[Any, ...], path: Path) -> Iterator[tuple[Any, ...]]:
        """Each object at the path with the objects around it, outermost first."""
        here = chain[-1]
        if not path:
            yield chain
        elif path[0] == "@":
            for item in here if isinstance(here, list) else ():
                yield from self._chains((*chain[:-1], item), path[1:])
        elif path[0].startswith("... on "):
            if isinstance(here, dict) and applies(self.schema, path[0].removeprefix("... on "), here["__typename"]):
                yield from self._chains(chain, path[1:])
        elif isinstance(here, dict) and path[0] in here:
            yield from self._chains((*chain, here[path[0]]), path[1:])

    def _context_values(self, fetch: Fetch, chain: tuple[Any, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for rewrite in fetch.context_rewrites:
            ups = sum(item == ".." for item in rewrite.path)
            found = list(self._chains((chain[-1 - ups],), rewrite.path[ups:]))
            if found and rewrite.variable not in values:
                values[rewrite.variable] = found[0][-1]
        return values

    def _represent(self, fetch: Fetch, item: dict[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        for fragment in fetch.requires:
            assert isinstance(fragment, InlineFragment)
            if not applies(self.schema, fragment.type_condition, item.get("__typename")):
                continue
            rep = self._read(fragment.selections, item)
            if rep is None:
                return None
            for rewrite in fetch.input_rewrites:
                assert isinstance(rewrite, ValueSetter)
                if rewrite.path[0] == f"... on {fragment.type_condition}":
                    rep[rewrite.path[1]] = rewrite.value
            found |= rep
        return found or None

    def _read(self, selections: tuple[Selection, ...], item: Any) -> Any:
        if isinstance(item, list):
            return [self._read(selections, inner) for inner in item]
        if not isinstance(item, dict):
            return item
        found: dict[str, Any] = {}
        for selection in selections:
            if isinstance(selection, InlineFragment):
                if applies(self.schema, selection.type_condition, item["__typename"]):
                    inner = self._read(selection.selections, item)
                    if inner is None:
                        return None
                    found |= inner
            elif selection.response_key not in item:
                return None
            else:
                value = item[selection.response_key]
                found[selection.name] = self._read(selection.selections, value) if selection.selections else value
        return found

    def _rename(self, item: Any, path: Path, name: str) -> None:
        if isinstance(item, list):
            for inner in item:
                self._rename(inner, path, name)
        elif isinstance(item, dict):
            if path[0].startswith("... on "):
                runtime = item.get("__typename")
                if runtime is None or applies(self.schema, path[0].removeprefix("... on "), runtime):
                    self._rename(item, path[1:], name)
            elif len(path) == 1:
                if path[0] in item:
                    item[name] = item.pop(path[0])
            elif path[0] in item:
                self._rename(item[path[0]], path[1:], name)


def merge_data(into: Any, data: Any) -> None:
    """Deep merge; lists item by item."""
    if isinstance(into, dict) and isinstance(data, dict):
        for key, item in data.items():
            if isinstance(into.get(key), dict | list) and isinstance(item, dict | list):
                merge_data(into[key], item)
            else:
                into[key] = item
    elif isinstance(into, list) and isinstance(data, list):
        for left, right in zip(into, data, strict=True):
            merge_data(left, right)


def _flat(
    selections: tuple[Selection, ...], runtime: str, schema: GraphQLSchema, variables: Mapping[str, Any]
) -> Iterator[Field]:
    for selection in selections:
        if any(bool(variables.get(c.variable)) is not c.expected for c in selection.conditions):
            continue
        if isinstance(selection, Field):
            yield selection
        elif applies(schema, selection.type_condition, runtime):
            yield from _flat(selection.selections, runtime, schema, variables)


def project(
    selections: tuple[Selection, ...], data: Any, declared: str, schema: GraphQLSchema, variables: Mapping[str, Any]
) -> Any:
    """Only what the client selected, by the runtime type. A field the plan did not bring becomes the text MISSING.

    An interface object's data may not tell the runtime type; then nothing that was selected depends on it.
    """
    if isinstance(data, list):
        return [project(selections, item, declared, schema, variables) for item in data]
    if not isinstance(data, dict):
        return data
    runtime = declared if isinstance(schema.type_map[declared], GraphQLObjectType) else data.get("__typename", declared)
    type_ = schema.type_map[runtime]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType), f"{runtime} has no fields"
    found: dict[str, Any] = {}
    for field in _flat(selections, runtime, schema, variables):
        if field.response_key == "__empty":
            continue
        if field.name == "__typename":
            found[field.response_key] = runtime
        elif not field.name.startswith("__"):
            below = data.get(field.response_key, "MISSING")
            if field.selections:
                inner = get_named_type(type_.fields[field.name].type).name
                below = project(field.selections, below, inner, schema, variables)
            if isinstance(found.get(field.response_key), dict | list):
                merge_data(found[field.response_key], below)
            else:
                found[field.response_key] = below
    return found
