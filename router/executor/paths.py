"""Walking merged data: the objects at a flatten path with their real positions, and what of a path the client sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from router.executor.reports import ResponsePath
from router.executor.shape import Shape
from router.planner.nodes import Path


def objects_at(data: Any, path: Path) -> Iterator[tuple[ResponsePath, dict[str, Any]]]:
    """Each object at ``path`` with its position, in document order; nulls and missing keys are passed over."""
    return _walk(data, path, 0, ())


def _walk(value: Any, path: Path, step: int, here: ResponsePath) -> Iterator[tuple[ResponsePath, dict[str, Any]]]:
    if isinstance(value, list):
        step += step < len(path) and path[step] == "@"
        for index, item in enumerate(value):
            yield from _walk(item, path, step, (*here, index))
    elif isinstance(value, dict):
        if step == len(path):
            yield here, value
        elif path[step] != "@":
            yield from _walk(value.get(path[step]), path, step + 1, (*here, path[step]))


def visible(root: Shape, data: Any, path: ResponsePath) -> ResponsePath:
    """The longest start of ``path`` that exists in the client's answer."""
    shape: Shape | None = root
    value = data
    kept = 0
    for step in path:
        if isinstance(step, str):
            if shape is None or not isinstance(value, Mapping):
                break
            type_name = value.get("__typename") if shape.is_abstract else shape.type_name
            slots = shape.slots.get(type_name) if isinstance(type_name, str) else None
            slot = next((slot for slot in slots or () if slot.response_key == step), None)
            if slot is None:
                break
            shape = slot.shape
            value = value.get(step)
        elif isinstance(value, list) and 0 <= step < len(value):
            value = value[step]
        kept += 1
    return path[:kept]
