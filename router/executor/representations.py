"""Representations: what of each object at a flatten path is sent to another subgraph, each distinct one once.

Here is the plan-time reading of a fetch's ``requires`` and the exact, interpreted collector; ``emit_collector`` writes
the fast one, which hands over to this one when data is not as expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema

from router.executor.json_bytes import dumps
from router.executor.paths import ON, Chain, chains_at
from router.executor.type_conditions import applies_to, types_under
from router.operation.model import Field, InlineFragment, Selection
from router.planner.nodes import ContextRewrite, Fetch, Path, ValueSetter

Collected = tuple[list[dict[str, Any]], list[int], list[dict[str, Any]]]
"""The objects found, for each the number of its representation, and the representations."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read from an object of one type. ``sent_type`` is the ``__typename`` to send, after rewrites."""

    fields: tuple[Field, ...]
    sent_type: str


@dataclass(frozen=True, slots=True, eq=False)
class Representations:
    """One entity fetch's reading of the objects at ``path``."""

    path: Path
    by_type: dict[str, Wanted]
    lone_type: str | None
    """The type taken for granted where data holds no ``__typename``."""
    schema: GraphQLSchema
    context: tuple[ContextRewrite, ...] = ()


def read_requires(fetch: Fetch, path: Path, schema: GraphQLSchema) -> Representations:
    """Group ``requires`` by the concrete types it takes; later fragments on one type add their fields."""
    collected: dict[str, dict[str, Field]] = {}
    conditions: list[str] = []
    for selection in fetch.requires:
        assert isinstance(selection, InlineFragment), "requires is made of inline fragments"
        assert selection.type_condition is not None, "each names its type"
        conditions.append(selection.type_condition)
        for type_name in types_under(schema, selection.type_condition):
            fields = collected.setdefault(type_name, {})
            for wanted in _fields_for(selection.selections, type_name, schema):
                if wanted.name != "__typename":
                    known = fields.get(wanted.response_key)
                    fields[wanted.response_key] = wanted if known is None else _joined(known, wanted)
    setters = [rewrite for rewrite in fetch.input_rewrites if isinstance(rewrite, ValueSetter)]
    return Representations(
        path=path,
        by_type={
            type_name: Wanted(tuple(fields.values()), _sent_type(type_name, setters, schema))
            for type_name, fields in collected.items()
        },
        lone_type=conditions[0] if len(set(conditions)) == 1 else None,
        schema=schema,
        context=fetch.context_rewrites,
    )


def _joined(first: Field, second: Field) -> Field:
    return Field(first.response_key, first.name, selections=first.selections + second.selections)


def _fields_for(selections: Iterable[Selection], type_name: str, schema: GraphQLSchema) -> Iterator[Field]:
    for selection in selections:
        if isinstance(selection, Field):
            yield selection
        elif selection.type_condition is None or applies_to(schema, selection.type_condition, type_name):
            yield from _fields_for(selection.selections, type_name, schema)


def _sent_type(type_name: str, setters: Iterable[ValueSetter], schema: GraphQLSchema) -> str:
    for setter in setters:
        *holds, last = setter.path
        if last == "__typename" and all(applies_to(schema, step.removeprefix(ON), type_name) for step in holds):
            return setter.value
    return type_name


def collect(plan: Representations, data: Any) -> Collected:
    """The exact collector: objects without a type of ours, or lacking a wanted field, are passed over."""
    return _collected(plan, (chain[-1] for _, chain in chains_at(data, plan.path, plan.schema)))


def collect_in_context(plan: Representations, data: Any) -> list[tuple[dict[str, Any], Collected]]:
    """As ``collect`` for fetches with @fromContext variables: one group for each set of their values."""
    groups: dict[bytes, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    for _, chain in chains_at(data, plan.path, plan.schema):
        values = _context_values(plan, chain)
        groups.setdefault(dumps(values), (values, []))[1].append(chain[-1])
    return [(values, _collected(plan, objects)) for values, objects in groups.values()]


def _context_values(plan: Representations, chain: Chain) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for rewrite in plan.context:
        if rewrite.variable not in values:
            ups = sum(step == ".." for step in rewrite.path)
            if ups < len(chain):
                _read_context(chain[-1 - ups], rewrite.path[ups:], rewrite.variable, values, plan.schema)
    return values


def _read_context(value: Any, path: Path, variable: str, values: dict[str, Any], schema: GraphQLSchema) -> None:
    for step in path:
        if not isinstance(value, dict):
            return
        if step.startswith(ON):
            type_name = value.get("__typename")
            if type_name is not None and not applies_to(schema, step.removeprefix(ON), type_name):
                return
        elif step in value:
            value = value[step]
        else:
            return
    values[variable] = value


def _collected(plan: Representations, candidates: Iterable[dict[str, Any]]) -> Collected:
    objects: list[dict[str, Any]] = []
    index: list[int] = []
    representations: list[dict[str, Any]] = []
    known: dict[bytes, int] = {}
    for found in candidates:
        type_name = found.get("__typename", plan.lone_type)
        wanted = plan.by_type.get(type_name) if isinstance(type_name, str) else None
        if wanted is None:
            continue
        try:
            representation = {"__typename": wanted.sent_type, **selected(found, wanted.fields, plan.schema)}
        except KeyError:
            continue
        key = dumps(representation)
        position = known.setdefault(key, len(representations))
        if position == len(representations):
            representations.append(representation)
        objects.append(found)
        index.append(position)
    return objects, index, representations


def selected(value: Any, selections: Iterable[Selection], schema: GraphQLSchema) -> Any:
    """The part of a value a selection set names. Raises KeyError when a field is not there."""
    if isinstance(value, list):
        return [selected(item, selections, schema) for item in value]
    if not isinstance(value, dict):
        return None
    result: dict[str, Any] = {}
    type_name = value.get("__typename")
    for selection in selections:
        if isinstance(selection, InlineFragment):
            condition = selection.type_condition
            if condition is None or (isinstance(type_name, str) and applies_to(schema, condition, type_name)):
                result.update(selected(value, selection.selections, schema))
        else:
            held = value[selection.response_key]
            below = selection.selections
            result[selection.name] = selected(held, below, schema) if below else held
    return result
