"""Arguments: coerced by graphql-core, converted by Strawberry, once a request where that is the same.

Arguments that are constants of the document never come here: the emitted call spells them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLInputType,
    VariableNode,
    get_argument_values,
    get_named_type,
    is_enum_type,
    is_specified_scalar_type,
)
from graphql.execution.values import (
    VariableValues,
)
from strawberry.relay.types import GlobalID
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import StrawberryArgument, _is_leaf_type, convert_arguments
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import has_enum_definition
from strawberry.types.lazy_type import LazyType

from subgraphs.kit.compiled.running import Run

Conversion = Literal["same", "leaves", "objects"]
"""What Strawberry does to coerced arguments: nothing, convert leaves and lists, or build input objects."""

_IMMUTABLE = (str, int, float, bool, type(None), UUID, date, datetime, time, Decimal, Enum)


@dataclass(frozen=True, slots=True, eq=False)
class ArgumentMaker:
    """How the keyword arguments of one field's resolver are made in a run."""

    definition: GraphQLField
    node: FieldNode
    arguments: Sequence[StrawberryArgument] | None
    """None: the resolver takes graphql-core's values and converts them itself."""
    conversion: Conversion
    repeatable: bool
    """Whether two calls may share the coerced values."""
    registry: Any
    config: StrawberryConfig

    def make(self, run: Run) -> dict[str, Any]:
        """The keyword arguments. Raises GraphQLError, or what a scalar's parser raises."""
        known = run.memo.get(self)
        if known is None:
            known = get_argument_values(self.definition, self.node, run.variables)
            if self.arguments is not None and self.conversion == "same":
                known = self._converted(known)
            if self.repeatable:
                run.memo[self] = known
        if self.arguments is not None and self.conversion != "same":
            return self._converted(known)
        return known

    def _converted(self, coerced: dict[str, Any]) -> dict[str, Any]:
        return convert_arguments(coerced, list(self.arguments or ()), self.registry, self.config)


def conversion_of(arguments: Sequence[StrawberryArgument], registry: Mapping[object, Any]) -> Conversion:
    """The most that the conversion of any of ``arguments`` does."""
    kinds = [_conversion(argument.type, registry) for argument in arguments]
    return "objects" if "objects" in kinds else "leaves" if "leaves" in kinds else "same"


def _conversion(type_: Any, registry: Mapping[object, Any]) -> Conversion:
    if isinstance(type_, StrawberryMaybe | StrawberryList):
        return "objects" if _conversion(type_.of_type, registry) == "objects" else "leaves"
    if isinstance(type_, StrawberryOptional):
        return _conversion(type_.of_type, registry)
    if type_ is GlobalID:
        return "leaves"
    if isinstance(type_, LazyType) or has_object_definition(type_):
        return "objects"
    if has_enum_definition(type_) or _is_leaf_type(type_, registry):
        return "same"
    return "objects"


def has_variables(node: Any) -> bool:
    """Whether a value node or argument holds a variable anywhere."""
    if isinstance(node, VariableNode):
        return True
    values = getattr(node, "values", None) or getattr(node, "fields", None) or ()
    if any(has_variables(value) for value in values):
        return True
    inner = getattr(node, "value", None)
    return inner is not None and not isinstance(inner, str | bool) and has_variables(inner)


def is_repeatable(definition: GraphQLField, node: FieldNode) -> bool:
    """Whether each argument is a variable, or a literal that always coerces to an equal immutable value."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    return all(
        isinstance(given.get(name), VariableNode) or _is_simple(argument.type)
        for name, argument in definition.args.items()
    )


def _is_simple(type_: GraphQLInputType) -> bool:
    named = get_named_type(type_)
    return is_specified_scalar_type(named) or is_enum_type(named)


def constants_of(maker: ArgumentMaker) -> dict[str, Any] | None:
    """The keyword arguments, where the document alone decides them and sharing them cannot be noticed; else None."""
    if any(has_variables(argument) for argument in maker.node.arguments or ()):
        return None
    if maker.arguments is None or not is_repeatable(maker.definition, maker.node):
        return None
    try:
        values = get_argument_values(maker.definition, maker.node, VariableValues({}, {}))
        converted = convert_arguments(values, list(maker.arguments), maker.registry, maker.config)
    except Exception:
        return None
    return converted if all(isinstance(value, _IMMUTABLE) for value in converted.values()) else None
