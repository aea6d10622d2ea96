"""Output rewrites: undo the aliases the planner added (``KeyRenamer``), before a fetch's data is merged."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLSchema

from router.executor.paths import ON
from router.executor.type_conditions import applies_to
from router.planner.nodes import KeyRenamer, Path


def rename_keys(schema: GraphQLSchema, value: Any, rewrites: tuple[KeyRenamer, ...]) -> None:
    """Apply all renames to the data of a root fetch, or to one entity."""
    for rewrite in rewrites:
        _rename(schema, value, rewrite.path, rewrite.rename_to)


def _rename(schema: GraphQLSchema, value: Any, path: Path, rename_to: str) -> None:
    if isinstance(value, list):
        below = path[1:] if path[0] == "@" else path
        for item in value:
            _rename(schema, item, below, rename_to)
        return
    if not isinstance(value, dict):
        return
    step = path[0]
    if step.startswith(ON):
        type_name = value.get("__typename")
        if type_name is None or applies_to(schema, step.removeprefix(ON), type_name):
            _rename(schema, value, path[1:], rename_to)
    elif len(path) > 1:
        _rename(schema, value.get(step), path[1:], rename_to)
    elif step in value:
        value[rename_to] = value.pop(step)
