"""``__schema`` and ``__type``: answered here from the API schema, never by a subgraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, execute_sync, parse

from router.operation.model import Field, Operation, Selection
from router.operation.printing import print_operation

FIELDS = frozenset({"__schema", "__type"})


def introspection_part(operation: Operation) -> Operation | None:
    """The operation cut down to its introspection; None when it has none."""
    selections = _kept(operation.selections)
    if not selections:
        return None
    used = _variables(selections)
    return replace(
        operation,
        selections=selections,
        variables=tuple(variable for variable in operation.variables if variable.name in used),
        directives=(),
    )


def _kept(selections: tuple[Selection, ...]) -> tuple[Selection, ...]:
    kept: list[Selection] = []
    for selection in selections:
        if isinstance(selection, Field):
            if selection.name in FIELDS:
                kept.append(selection)
        elif inner := _kept(selection.selections):
            kept.append(replace(selection, selections=inner))
    return tuple(kept)


def _variables(selections: tuple[Selection, ...]) -> set[str]:
    names: set[str] = set()
    for selection in selections:
        names.update(condition.variable for condition in selection.conditions)
        if isinstance(selection, Field):
            names.update(name for argument in selection.arguments for name in argument.variables)
        names.update(name for d in selection.directives for a in d.arguments for name in a.variables)
        names |= _variables(selection.selections)
    return names


class Introspection:
    """The introspection of one operation; without variables it is answered once for all runs."""

    def __init__(self, part: Operation, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._document = parse(print_operation(part), no_location=True)
        self._names = tuple(variable.name for variable in part.variables)
        self._known: Mapping[str, Any] | None = None if self._names else self._execute({})

    def answer(self, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Response key → value."""
        if self._known is not None:
            return self._known
        return self._execute({name: variables[name] for name in self._names if name in variables})

    def _execute(self, variables: dict[str, Any]) -> Mapping[str, Any]:
        result = execute_sync(self._schema, self._document, variable_values=variables)
        assert isinstance(result, ExecutionResult)
        if result.errors:
            raise result.errors[0]
        return result.data or {}
