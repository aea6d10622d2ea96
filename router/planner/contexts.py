"""Context moves: arguments that @fromContext fills from an enclosing object that sets the context."""

from __future__ import annotations

from dataclasses import replace

from router.federation.join_metadata import ContextArgument
from router.operation.model import Argument, Field
from router.planner.graph import FieldHere
from router.planner.route import ContextNeed, Search, Standing
from router.planner.selections import read_field_set


def variable_of(type_name: str, field: str, argument: str) -> str:
    """The variable that carries a context's value into a fetch."""
    return f"contextualArgument_{type_name}_{field}_{argument}"


def with_context_arguments(type_name: str, field: Field, here: FieldHere) -> Field:
    """The field with its context arguments given by variables."""
    if not here.contexts:
        return field
    filled = tuple(Argument(a.name, f"${variable_of(type_name, field.name, a.name)}") for a in here.contexts)
    return replace(field, arguments=(*field.arguments, *filled))


def context_need(
    search: Search, type_name: str, here: FieldHere, argument: ContextArgument, standing: Standing
) -> ContextNeed | None:
    """How the value is read at the nearest enclosing position that sets the context; None when it cannot be."""
    for index in range(len(standing.frames) - 1, -1, -1):
        frame = standing.frames[index]
        if argument.context in search.graph.context_setters[frame.type]:
            selections = read_field_set(argument.selection)
            there = Standing(frame.subgraph, frame.provided, standing.frames[:index])
            route = search.solve(search, frame.type, selections, there)
            if route.rest:
                return None
            variable = variable_of(type_name, here.name, argument.name)
            return ContextNeed(index, frame.type, selections, route, variable, argument.type)
    return None
