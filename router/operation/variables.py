"""Variables: coerced by closures compiled once an operation (spec section 6.1.2), with messages that name the place.

Values stay in their JSON form, for that is how subgraphs receive them: enum values are names, custom scalars pass
through untouched. A variable that was not given and has no default stays absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    is_input_type,
    is_required_input_field,
    is_specified_scalar_type,
    parse_const_value,
    parse_type,
    type_from_ast,
    value_from_ast_untyped,
)

from router.errors import BadVariables
from router.operation.model import Operation

VariableCoercer = Callable[[Mapping[str, Any]], dict[str, Any]]
Problems = list[str]
Coercer = Callable[[Any, str, Problems], Any]
"""(value, its place such as ``$input.date``, where to report) → the coerced value."""

MAX_PROBLEMS = 50


def coerce_variables(operation: Operation, schema: GraphQLSchema, provided: Mapping[str, Any]) -> dict[str, Any]:
    """Coerce once. Raises BadVariables whose ``errors`` hold one entry a problem."""
    return compile_variables(operation, schema)(provided)


def compile_variables(operation: Operation, schema: GraphQLSchema) -> VariableCoercer:
    """A function from the request's variables to the coerced ones; the work on types and defaults is done here."""
    compiler = _Compiler(schema)
    rules: list[tuple[str, bool, Coercer, Any]] = []
    for definition in operation.variables:
        wanted = type_from_ast(schema, parse_type(definition.type))
        assert wanted is not None and is_input_type(wanted), "validation has checked variable types"
        coercer = compiler.coercer(wanted)
        default = Undefined
        if definition.default is not None:
            literal = value_from_ast_untyped(parse_const_value(definition.default))
            problems: Problems = []
            default = coercer(literal, f"${definition.name}", problems)
            assert not problems, "validation has checked default values"
        rules.append((definition.name, isinstance(wanted, GraphQLNonNull), coercer, default))
    if not rules:
        return lambda provided: {}

    def coerce(provided: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        problems: Problems = []
        for name, required, coercer, default in rules:
            value = provided.get(name, Undefined)
            if value is Undefined:
                if default is not Undefined:
                    values[name] = default
                elif required:
                    problems.append(f"${name}: a value is required.")
            else:
                values[name] = coercer(value, f"${name}", problems)
        if problems:
            raise _bad(problems)
        return values

    return coerce


def _bad(problems: Problems) -> BadVariables:
    if len(problems) > MAX_PROBLEMS:
        problems = [*problems[:MAX_PROBLEMS], f"{len(problems) - MAX_PROBLEMS} more problems."]
    return BadVariables(problems[0], errors=[BadVariables(problem) for problem in problems])


class _Compiler:
    """One coercer a type; input objects may contain themselves, so their coercer looks its fields up when it runs."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._objects: dict[str, Coercer] = {}

    def coercer(self, wanted: GraphQLInputType) -> Coercer:
        if isinstance(wanted, GraphQLNonNull):
            return _required(self._nullable(wanted.of_type), str(wanted))
        nullable = self._nullable(wanted)
        return lambda value, place, problems: None if value is None else nullable(value, place, problems)

    def _nullable(self, wanted: GraphQLInputType) -> Coercer:
        if isinstance(wanted, GraphQLList):
            return _list(self.coercer(wanted.of_type))
        if isinstance(wanted, GraphQLInputObjectType):
            return self._input_object(wanted)
        if isinstance(wanted, GraphQLEnumType):
            return _enum(wanted)
        assert isinstance(wanted, GraphQLScalarType)
        return _built_in(wanted) if is_specified_scalar_type(wanted) else _as_given

    def _input_object(self, wanted: GraphQLInputObjectType) -> Coercer:
        known = self._objects.get(wanted.name)
        if known is not None:
            return known
        fields: dict[str, tuple[Coercer, bool, Any]] = {}

        def coerce(value: Any, place: str, problems: Problems) -> Any:
            if not isinstance(value, Mapping):
                problems.append(f"{place}: expected an object of type {wanted.name}, found {_shown(value)}.")
                return None
            result: dict[str, Any] = {}
            for name, (coercer, required, default) in fields.items():
                given = value.get(name, Undefined)
                if given is not Undefined:
                    result[name] = coercer(given, f"{place}.{name}", problems)
                elif default is not Undefined:
                    result[name] = default
                elif required:
                    problems.append(f"{place}.{name}: a value is required.")
            problems.extend(
                f"{place}.{_short(str(name))}: {wanted.name} has no such field." for name in value if name not in fields
            )
            if wanted.is_one_of and (len(value) != 1 or next(iter(value.values())) is None):
                problems.append(f"{place}: exactly one field of {wanted.name} must be given, and not null.")
            return result

        self._objects[wanted.name] = coerce
        for name, field in wanted.fields.items():
            coercer = self.coercer(field.type)
            default = Undefined
            if field.ast_node is not None and field.ast_node.default_value is not None:
                default = coercer(value_from_ast_untyped(field.ast_node.default_value), f".{name}", [])
            fields[name] = (coercer, is_required_input_field(field), default)
        return coerce


def _required(nullable: Coercer, wanted: str) -> Coercer:
    def coerce(value: Any, place: str, problems: Problems) -> Any:
        if value is None:
            problems.append(f"{place}: expected {wanted}, found null.")
            return None
        return nullable(value, place, problems)

    return coerce


def _list(item: Coercer) -> Coercer:
    def coerce(value: Any, place: str, problems: Problems) -> Any:
        if not isinstance(value, list | tuple):
            return [item(value, place, problems)]
        return [item(entry, f"{place}[{index}]", problems) for index, entry in enumerate(value)]

    return coerce


def _enum(wanted: GraphQLEnumType) -> Coercer:
    names = frozenset(wanted.values)

    def coerce(value: Any, place: str, problems: Problems) -> Any:
        if not isinstance(value, str) or value not in names:
            problems.append(f"{place}: {_shown(value)} is not a value of the enum {wanted.name}.")
        return value

    return coerce


def _built_in(wanted: GraphQLScalarType) -> Coercer:
    convert = wanted.coerce_input_value

    def coerce(value: Any, place: str, problems: Problems) -> Any:
        try:
            return convert(value)
        except GraphQLError as error:
            problems.append(f"{place}: {error.message}.")
            return None

    return coerce


def _as_given(value: Any, place: str, problems: Problems) -> Any:
    return value


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _shown(value: Any) -> str:
    return _short(repr(value))
