"""Walking merged data: the objects at a flatten path with their real positions, and what of a path the client sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import GraphQLSchema

from router.executor.reports import ResponsePath
from router.executor.shape import Shape, Slot
from router.executor.type_conditions import applies_to
from router.planner.nodes import Path

ON = "... on "

Chain = tuple[dict[str, Any], ...]
"""An object with the objects around it, outermost first; lists do not count."""


def objects_at(data: Any, path: Path, schema: GraphQLSchema) -> Iterator[tuple[ResponsePath, dict[str, Any]]]:
    """Each object at ``path`` with its position, in document order; nulls and missing keys are passed over."""
    for position, chain in chains_at(data, path, schema):
        yield position, chain[-1]


def chains_at(data: Any, path: Path, schema: GraphQLSchema) -> Iterator[tuple[ResponsePath, Chain]]:
    """As ``objects_at``, each object with those around it. A step ``"... on T"`` holds back other types."""
    return _walk(data, path, 0, (), (), schema)


def _walk(
    value: Any, path: Path, step: int, here: ResponsePath, chain: Chain, schema: GraphQLSchema
) -> Iterator[tuple[ResponsePath, Chain]]:
    if isinstance(value, list):
        step += step < len(path) and path[step] == "@"
        for index, item in enumerate(value):
            yield from _walk(item, path, step, (*here, index), chain, schema)
    elif isinstance(value, dict):
        while step < len(path) and path[step].startswith(ON):
            type_name = value.get("__typename")
            if type_name is not None and not applies_to(schema, path[step].removeprefix(ON), type_name):
                return
            step += 1
        if step == len(path):
            yield here, (*chain, value)
        elif path[step] != "@":
            key = path[step]
            yield from _walk(value.get(key), path, step + 1, (*here, key), (*chain, value), schema)


def visible(root: Shape, data: Any, path: ResponsePath) -> ResponsePath:
    """The longest start of ``path`` that the client selected. Where no type is known, any possible one may be meant."""
    shape: Shape | None = root
    value = data
    kept = 0
    for step in path:
        if isinstance(step, str):
            slot = None if shape is None else _slot(shape, value, step)
            if slot is None:
                break
            shape = slot.shape
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            value = value[step] if isinstance(value, list) and 0 <= step < len(value) else None
        kept += 1
    return path[:kept]


def _slot(shape: Shape, value: Any, key: str) -> Slot | None:
    found = shape.type_of(value) if isinstance(value, Mapping) else None
    types = shape.slots if found is None or (shape.is_abstract and found == shape.type_name) else [found]
    slots = (slot for name in types for slot in shape.slots.get(name, ()))
    return next((slot for slot in slots if slot.response_key == key), None)
