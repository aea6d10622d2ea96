"""Reads the schema: how each field gets its value, which checks its types make, what of it cannot be compiled.

Strawberry wraps every resolver in a function made by its schema converter. Where that function does no more than read
an attribute or call the resolver, the emitted code does so itself; where it does more (field extensions, permissions,
exception handlers, input objects, fields of another class), it is called as it is.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLUnionType
from graphql.execution.executor import default_field_resolver, default_type_resolver
from graphql.type import scalars
from strawberry import Schema
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition, has_object_definition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from subgraphs.kit.compiled.arguments import ArgumentMaker, constants_of, conversion_of, is_repeatable

BACKREF = "strawberry-definition"
_CONVERTER = "GraphQLCoreConverter"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value is an attribute of the object; ``read`` is None where plain ``getattr`` reads it."""

    name: str
    read: Callable[[Any, str], Any] | None


@dataclass(frozen=True, slots=True)
class Call:
    """The value comes of calling the project's own function."""

    function: Callable[..., Any]
    takes_self: bool
    source_names: tuple[str, ...]
    """Keyword parameters that get the object (``root``, ``parent``)."""
    info_name: str | None
    constants: dict[str, Any] | None
    """Keyword arguments the document decides; None: made by the argument maker in each run."""
    is_async: bool


@dataclass(frozen=True, slots=True)
class Stock:
    """The value comes of graphql-core's calling convention: ``resolve(source, info, **arguments)``."""

    resolve: Callable[..., Any]
    has_arguments: bool


Access = Attribute | Call | Stock


def why_not(schema: Schema) -> str | None:
    """Why no operation of this schema is compiled; None: operations may be."""
    for extension in schema.extensions:
        kind = type(extension) if isinstance(extension, SchemaExtension) else extension
        if kind not in (ParserCache, ValidationCache):
            name = getattr(kind, "__name__", repr(kind))
            return f"the schema extension {name} may change any step of an execution"
    if schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        return f"the schema has an execution context class of its own, {schema.execution_context_class.__name__}"
    for name in ("execute", "execute_sync", "_execute_operation", "_get_execute_function"):
        if getattr(type(schema), name) is not getattr(Schema, name):
            return f"the schema's class replaces Strawberry's {name}"
    return None


def read_field(definition: GraphQLField, node: FieldNode, schema: Schema) -> tuple[Access, ArgumentMaker]:
    """How a field that a document selects gets its value."""
    field, resolve = definition.extensions.get(BACKREF), definition.resolve
    registry, config = schema.schema_converter.scalar_registry, schema.config
    repeatable = is_repeatable(definition, node)
    raw = ArgumentMaker(definition, node, None, "same", repeatable, registry, config)
    stock = Stock(resolve or default_field_resolver, bool(definition.args))
    if not isinstance(field, StrawberryField) or type(field).get_result is not StrawberryField.get_result:
        return stock, raw
    made_by = _maker(resolve)
    if not made_by.startswith(f"{_CONVERTER}.from_resolver.<locals>."):
        return stock, raw
    if made_by.endswith("._get_basic_result"):
        read = field.default_resolver
        return Attribute(field.python_name, None if read is getattr else read), raw
    base = field.base_resolver
    if (
        base is None
        or field.extensions
        or schema.schema_converter._get_field_exception_handlers(field)
        or type(base).__call__ is not StrawberryResolver.__call__
        or not callable(base.wrapped_func)
        or inspect.isasyncgenfunction(base._unbound_wrapped_func)
    ):
        return stock, raw
    conversion = conversion_of(field.arguments, registry)
    if conversion == "objects":
        return stock, raw
    maker = ArgumentMaker(definition, node, tuple(field.arguments), conversion, repeatable, registry, config)
    constants = constants_of(maker)
    call = Call(
        base.wrapped_func,
        base.self_parameter is not None,
        tuple({found.name: None for found in (base.parent_parameter, base.root_parameter) if found is not None}),
        None if base.info_parameter is None else base.info_parameter.name,
        constants,
        field.is_async,
    )
    if call.is_async and (constants is None or not _fits(call)):
        # What fails before an async resolver starts must fail when it is awaited: Strawberry's wrapper sees to that.
        return stock, raw
    return call, maker


def _fits(call: Call) -> bool:
    keywords = {*call.source_names, *(call.constants or {})} | ({call.info_name} if call.info_name else set())
    try:
        inspect.signature(call.function).bind(*([None] if call.takes_self else []), **dict.fromkeys(keywords))
    except (TypeError, ValueError):
        return False
    return True


def _maker(function: Any) -> str:
    """Where a function was defined, as its qualified name tells."""
    name = getattr(function, "__qualname__", None)
    return name if isinstance(name, str) else ""


def is_name(text: str) -> bool:
    """Whether an attribute or keyword can be written as a Python name."""
    return text.isidentifier() and not keyword.iskeyword(text)


def leaf_test(coerce: Callable[[Any], Any]) -> str | None:
    """For the built-in scalars: a test, of ``{}``, that is true of the values they do not leave as they are."""
    return _TESTS.get(coerce)


_TESTS: dict[Callable[[Any], Any], str] = {
    scalars.serialize_string: "type({}) is not str",
    scalars.serialize_id: "type({}) is not str",
    scalars.serialize_int: "type({0}) is not int or not -2147483648 <= {0} <= 2147483647",
    scalars.serialize_float: "type({0}) is not float or not -INFINITY < {0} < INFINITY",
    scalars.serialize_boolean: "{0} is not True and {0} is not False",
}


def checks_by_class(type_: GraphQLObjectType) -> bool:
    """Whether the type's ``is_type_of`` is Strawberry's own, decided by the class of the object."""
    return _maker(type_.is_type_of).startswith(f"{_CONVERTER}.from_object.<locals>.")


def decided_by_class(type_: Any, schema: Schema) -> Callable[[type], bool]:
    """For an interface or union: whether the class of an object alone decides its GraphQL type."""
    made_by = _maker(type_.resolve_type)
    definition = type_.extensions.get(BACKREF)
    if isinstance(type_, GraphQLUnionType) and made_by.startswith("StrawberryUnion.get_type_resolver.<locals>."):
        entries = [schema.schema_converter.type_map.get(member.name) for member in type_.types]
        members = [entry.definition for entry in entries if entry is not None]

        def is_member(class_: type) -> bool:
            if not has_object_definition(class_):
                return False
            own = class_.__strawberry_definition__
            return not own.is_graphql_generic and any(own is member for member in members)

        return is_member
    if isinstance(definition, StrawberryObjectDefinition) and made_by.startswith(f"{_CONVERTER}.from_interface."):
        origin = definition.origin

        def is_implementer(class_: type) -> bool:
            own = get_object_definition(class_)
            return issubclass(class_, origin) and own is not None and not own.is_graphql_generic

        return is_implementer
    return lambda _class: False


def type_resolver(type_: Any) -> Callable[..., Any]:
    """What finds the runtime type of an interface or union."""
    return type_.resolve_type or default_type_resolver
