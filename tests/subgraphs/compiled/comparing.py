"""Runs one operation by stock Strawberry and compiled, and tells where the responses differ."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLError

from subgraphs.kit.compiled import CompiledSchema

Context = Callable[[], Any]


def formatted(errors: list[GraphQLError] | None) -> list[Any]:
    """The errors as a client sees them, with the class of what was raised."""
    return [
        {**error.formatted, "raised": type(error.original_error).__name__ if error.original_error else None}
        for error in errors or []
    ]


def same_sync(stock: strawberry.Schema, ours: CompiledSchema, query: str, variables: Any, context: Context) -> None:
    """Without awaiting, everything is the same: data, its order, errors, their order."""
    theirs = stock.execute_sync(query, _copy(variables), context())
    mine = ours.execute_sync(query, _copy(variables), context())
    assert _text(mine.data) == _text(theirs.data)
    assert formatted(mine.errors) == formatted(theirs.errors)


async def same_async(
    stock: strawberry.Schema, ours: CompiledSchema, query: str, variables: Any, context: Context
) -> None:
    """Data and its order are the same, and so is every error that nulled its own field.

    Where several errors race to null the same place above them, who comes first is a matter of scheduling: each side
    tells at least one.
    """
    theirs = await asyncio.wait_for(stock.execute(query, _copy(variables), context()), 20)
    mine = await asyncio.wait_for(ours.execute(query, _copy(variables), context()), 20)
    assert _text(mine.data) == _text(theirs.data)
    assert _sorted(theirs.data, theirs.errors) == _sorted(mine.data, mine.errors)


def _sorted(data: Any, errors: list[GraphQLError] | None) -> tuple[list[str], list[str]]:
    own, above = [], set()
    for error in formatted(errors):
        path = error.get("path") or []
        null = _null_on(data, path)
        if len(null) == len(path):
            own.append(_text(error))
        else:
            above.add(_text(null))
    return sorted(own), sorted(above)


def _null_on(data: Any, path: list[str | int]) -> list[str | int]:
    """The part of a path up to where the response is null."""
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        data = data[key]
    return path


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _text(value: Any) -> str:
    return json.dumps(value, default=repr)
