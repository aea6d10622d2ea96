"""Merging entity results into the objects they belong to.

Objects of one response may come to stand at several positions (all that share a deduplicated entity). That is sound:
whatever is merged into such an object later depends on the object alone, so it is the same at every position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Entities = Sequence[dict[str, Any] | None]


def attach(objects: Sequence[dict[str, Any]], index: Sequence[int], entities: Entities) -> None:
    """Merge ``entities[index[n]]`` into ``objects[n]``; for fetches none of whose object fields is known already."""
    for target, position in zip(objects, index, strict=True):
        entity = entities[position]
        if entity is not None:
            target.update(entity)


def attach_deep(objects: Sequence[dict[str, Any]], index: Sequence[int], entities: Entities) -> None:
    """As ``attach``, merging objects and lists of objects that both sides have."""
    for target, position in zip(objects, index, strict=True):
        entity = entities[position]
        if entity is not None:
            merge_deep(target, entity)


def merge_deep(target: dict[str, Any], source: dict[str, Any]) -> None:
    """Merge ``source`` into ``target``: objects by key, lists of one length by index; null never replaces a value."""
    if target is source:
        return
    for key, value in source.items():
        held = target.get(key)
        if held is None:
            target[key] = value
        elif isinstance(value, dict) and isinstance(held, dict):
            merge_deep(held, value)
        elif isinstance(value, list) and isinstance(held, list) and len(value) == len(held):
            target[key] = _merged_list(held, value)
        elif value is not None:
            target[key] = value


def _merged_list(held: list[Any], added: list[Any]) -> list[Any]:
    result: list[Any] = []
    for old, new in zip(held, added, strict=True):
        if isinstance(old, dict) and isinstance(new, dict):
            merge_deep(old, new)
            result.append(old)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            result.append(_merged_list(old, new))
        else:
            result.append(old if new is None else new)
    return result
