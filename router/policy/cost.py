"""Static cost of an operation: how much the subgraphs may have to produce, told before anything runs.

Directives of the IBM cost specification as Federation 2.9 uses them (https://specs.apollo.dev/cost/v0.1):
``@cost(weight:)`` on types, fields and arguments; ``@listSize(assumedSize:, slicingArguments:, sizedFields:,
requireOneSlicingArgument:)`` on list fields. Without directives an object costs 1 and a leaf 0, a list counts as many
items as its ``first``/``last`` says (for a connection: its ``nodes``/``edges``), else ``list_size``.
Variables are not known when the cost is told: a slicing argument given by a variable counts as its default value,
else ``list_size``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from router.operation.model import Field, InlineFragment, Operation, OperationKind, Selection

SLICING_ARGUMENTS = ("first", "last")
SIZED_FIELDS = ("nodes", "edges")


def setting(default: int, doc: str) -> int:
    """A setting with its one line of documentation, for ``router.config.settings_reference``."""
    declared: Any = field(default=default, metadata={"doc": doc})
    return cast(int, declared)


@dataclass(frozen=True, slots=True)
class CostWeights:
    """Points where the schema declares none."""

    object: int = setting(1, "Points of an object.")
    mutation: int = setting(10, "Points of a mutation besides its fields.")
    list_size: int = setting(10, "Assumed length of a list of unknown length.")


@dataclass(frozen=True, slots=True)
class _FieldCost:
    """What the schema says about one field: own points, how its list is sized, where its items are."""

    weight: int
    is_list: bool
    returned: str
    assumed_size: int | None
    slicing: tuple[str, ...]
    sized: tuple[str, ...]
    arguments: tuple[tuple[str, int], ...]


def estimate_cost(operation: Operation, schema: GraphQLSchema, weights: CostWeights) -> int:
    """The points of an operation; never negative."""
    defaults = {variable.name: variable.default for variable in operation.variables}
    base = weights.mutation if operation.kind is OperationKind.MUTATION else 0
    return base + _selections_cost(operation.selections, operation.root_type, None, (), schema, weights, defaults)


def _selections_cost(
    selections: tuple[Selection, ...],
    parent: str,
    given_size: int | None,
    sized: tuple[str, ...],
    schema: GraphQLSchema,
    weights: CostWeights,
    defaults: Mapping[str, str | None],
) -> int:
    cost = 0
    for one in selections:
        if isinstance(one, InlineFragment):
            below = one.type_condition or parent
            cost += _selections_cost(one.selections, below, given_size, sized, schema, weights, defaults)
        elif not one.name.startswith("__"):
            size_here = given_size if one.name in sized else None
            cost += _field_cost(one, parent, size_here, schema, weights, defaults)
    return cost


def _field_cost(
    selection: Field,
    parent: str,
    given_size: int | None,
    schema: GraphQLSchema,
    weights: CostWeights,
    defaults: Mapping[str, str | None],
) -> int:
    declared = _declared(schema, parent, selection.name, weights)
    if declared is None:
        return 0
    asked = _sliced(selection, declared.slicing, defaults)
    arguments = {argument.name for argument in selection.arguments}
    own = declared.weight
    below = _selections_cost(selection.selections, declared.returned, asked, declared.sized, schema, weights, defaults)
    items = 1
    if declared.is_list:
        items = next(
            (size for size in (given_size, asked, declared.assumed_size) if size is not None), weights.list_size
        )
    return items * (own + below) + sum(points for name, points in declared.arguments if name in arguments)


@lru_cache(maxsize=20_000)
def _declared(schema: GraphQLSchema, parent: str, name: str, weights: CostWeights) -> _FieldCost | None:
    schema_type = schema.type_map.get(parent)
    fields: Mapping[str, GraphQLField] = getattr(schema_type, "fields", {})
    definition = fields.get(name)
    if definition is None:
        return None
    returned: GraphQLNamedType = get_named_type(definition.type)
    is_list = is_list_type(get_nullable_type(definition.type))
    own = _directive(definition.ast_node, "cost").get("weight")
    if own is None:
        own = _directive(getattr(returned, "ast_node", None), "cost").get("weight")
    default = weights.object if hasattr(returned, "fields") or hasattr(returned, "types") else 0
    size = _directive(definition.ast_node, "listSize")
    arguments = tuple(
        (key, _points(_directive(argument.ast_node, "cost").get("weight"), 0))
        for key, argument in definition.args.items()
    )
    assumed = size.get("assumedSize")
    return _FieldCost(
        weight=_points(own, default),
        is_list=is_list,
        returned=returned.name,
        assumed_size=assumed if isinstance(assumed, int) else None,
        slicing=tuple(size.get("slicingArguments") or SLICING_ARGUMENTS),
        sized=() if is_list else tuple(size.get("sizedFields") or SIZED_FIELDS),
        arguments=tuple((key, points) for key, points in arguments if points),
    )


def _directive(node: Any, name: str) -> Mapping[str, Any]:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name or directive.name.value.endswith(f"__{name}"):
            return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments}
    return {}


def _points(raw: object, default: int) -> int:
    try:
        return max(0, int(float(str(raw)))) if raw is not None else default
    except (ValueError, OverflowError):
        return default


def _sliced(selection: Field, names: tuple[str, ...], defaults: Mapping[str, str | None]) -> int | None:
    sizes = []
    for argument in selection.arguments:
        if argument.name in names:
            text: str | None = argument.value
            if argument.variables:
                text = defaults.get(argument.variables[0])
            if text is not None and text.isdecimal():
                sizes.append(int(text[:18]))
    return max(sizes) if sizes else None
