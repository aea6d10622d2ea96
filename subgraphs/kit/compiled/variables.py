"""Variables: coerced by functions made for their types; whatever those do not expect is graphql-core's to judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_variable_values,
    input_is_nested_too_deeply,
)
from graphql.type import scalars
from graphql.utilities.coerce_input_value import coerce_input_value

MAX_ERRORS = 50
"""Errors told of one request's variables, as graphql-core has it."""
_DEEPEST_LIST = 8

Coerce = Callable[[Any], Any]
"""From a JSON value to its coerced value; Undefined: let graphql-core decide."""


class Variables:
    """The variable definitions of an operation, their types looked up once."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        self._known: list[tuple[str, GraphQLVariableSignature, Coerce]] = []
        for definition in definitions:
            signature = get_variable_signature(schema, definition)
            if isinstance(signature, GraphQLError):
                raise signature
            self._known.append((signature.name, signature, coercer(signature.type)))

    def coerce(self, inputs: Mapping[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """The values of a request, or the errors that end it (as graphql-core words them)."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        given = inputs or {}
        for name, signature, coerce in self._known:
            value = given.get(name, Undefined)
            # Defaults, omissions and errors are rare enough to be left to graphql-core as a whole.
            try:
                result = Undefined if value is Undefined else coerce(value)
            except Exception:
                result = Undefined
            if result is Undefined:
                return get_variable_values(self._schema, self._definitions, dict(given), max_errors=MAX_ERRORS)
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = result
        return VariableValues(sources, coerced)


def coercer(type_: GraphQLInputType, depth: int = 0) -> Coerce:
    """The function that coerces the values of a type that are as they should be."""
    if is_non_null_type(type_):
        return _required(coercer(type_.of_type, depth))
    inner = _inner(type_, depth)
    return lambda value: None if value is None else inner(value)


def _required(nullable: Coerce) -> Coerce:
    return lambda value: Undefined if value is None else nullable(value)


def _inner(type_: Any, depth: int) -> Coerce:
    if is_list_type(type_) and depth < _DEEPEST_LIST:
        item = coercer(type_.of_type, depth + 1)

        def coerce_list(value: Any) -> Any:
            if type(value) is not list:
                return Undefined
            items = [item(entry) for entry in value]
            return Undefined if Undefined in items else items

        return coerce_list
    if is_leaf_type(type_):
        own = type_.coerce_input_value
        expected = _EXPECTED.get(own)
        if expected is not None:
            return lambda value: value if type(value) is expected else own(value)
        return own
    if is_input_object_type(type_) or is_list_type(type_):
        return lambda value: Undefined if input_is_nested_too_deeply(value, type_) else coerce_input_value(value, type_)
    return lambda _value: Undefined


_EXPECTED: dict[Any, type] = {
    scalars.coerce_string: str,
    scalars.coerce_id: str,
    scalars.coerce_boolean: bool,
}
