"""@defer and @stream of one operation, before values are known: which booleans decide, and the operation they leave.

An operation is planned anew for each outcome of its booleans: of ``if:`` on @defer and @stream, and of @include and
@skip too, because whether a field stands outside of every deferral can depend on them. That is bounded twice: an
operation with more than ``MAX_CHOICES`` of them is answered whole, and the plan cache holds so many plans.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLSchema

from router.errors import BadVariables
from router.operation.cache_key import operation_key
from router.operation.incremental.divide import divide
from router.operation.incremental.model import Divided
from router.operation.model import AppliedDirective, Field, InlineFragment, Operation, OperationKind, Selection
from router.operation.normalize.inline import EMPTY
from router.operation.normalize.prune import prune_type_conditions

DEFER, STREAM = "defer", "stream"
MAX_CHOICES = 6
"""Booleans an operation may depend on and still be delivered in parts: 64 plans at most."""

Choices = tuple[tuple[str, bool], ...]
"""By variable: its value; absent ones are left out, for then the argument's default holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """An operation that has such directives; ``key`` names it in the plan cache."""

    operation: Operation
    key: str
    variables: tuple[str, ...]
    names: frozenset[str]
    """Which of the two directives are the built-in ones: a schema's own directive of that name is forwarded."""

    @property
    def defaults(self) -> dict[str, bool]:
        """The Booleans the operation gives its variables itself."""
        given = {variable.name: variable.default for variable in self.operation.variables}
        return {name: given[name] == "true" for name in self.variables if given.get(name) in ("true", "false")}

    def choices(self, values: Mapping[str, Any]) -> Choices:
        """What decides which parts there are, for the coerced variables of one request."""
        return tuple((name, values[name] is True) for name in self.variables if values.get(name) is not None)

    def check(self, values: Mapping[str, Any]) -> None:
        """Raises ``BadVariables`` for an ``initialCount`` below 0."""
        for directive in _marks(self.operation.selections, self.names):
            for argument in directive.arguments:
                if argument.name == "initialCount":
                    value = values.get(argument.value[1:]) if argument.variables else int(argument.value)
                    if isinstance(value, int) and value < 0:
                        raise BadVariables(
                            f"initialCount of @stream must not be negative, and is {value}.",
                            ko=f"@stream의 initialCount는 음수일 수 없습니다: {value}.",
                        )

    def divided(self, choices: Choices, schema: GraphQLSchema, ignored: frozenset[int] = frozenset()) -> Divided:
        """The operation under these values, without the deferrals whose numbers are ``ignored``."""
        decided = _Decided(dict(choices), self.names)
        root = self.operation.root_type
        selections = prune_type_conditions(decided.selections(self.operation.selections), root, schema)
        return divide(replace(self.operation, selections=selections), schema, self.names, ignored)


def marked(operation: Operation, names: frozenset[str]) -> Marked | None:
    """The operation if @defer or @stream can act in it; None where everything is answered at once."""
    if operation.kind is OperationKind.SUBSCRIPTION or not any(_marks(operation.selections, names)):
        return None
    variables = tuple(dict.fromkeys(_variables(operation.selections, names)))
    if len(variables) > MAX_CHOICES:
        return None
    return Marked(operation, operation_key(operation), variables, names)


def _marks(selections: tuple[Selection, ...], names: frozenset[str]) -> Iterator[AppliedDirective]:
    for selection in selections:
        yield from (directive for directive in selection.directives if directive.name in names)
        yield from _marks(selection.selections, names)


def _variables(selections: tuple[Selection, ...], names: frozenset[str]) -> Iterator[str]:
    for selection in selections:
        yield from (condition.variable for condition in selection.conditions)
        for directive in selection.directives:
            if directive.name in names:
                yield from (name for a in directive.arguments if a.name == "if" for name in a.variables)
        yield from _variables(selection.selections, names)


@dataclass(frozen=True, slots=True)
class _Decided:
    values: Mapping[str, bool]
    names: frozenset[str]

    def selections(self, selections: tuple[Selection, ...]) -> tuple[Selection, ...]:
        """Without what @include and @skip leave out, and without marks that are switched off."""
        kept: list[Selection] = []
        for selection in selections:
            if any(self.values.get(c.variable, False) is not c.expected for c in selection.conditions):
                continue
            below = self.selections(selection.selections)
            if isinstance(selection, Field) and selection.selections and not below:
                below = (Field(EMPTY, "__typename"),)
            if isinstance(selection, InlineFragment) and not below:
                continue
            directives = tuple(d for d in selection.directives if d.name not in self.names or self._is_on(d))
            kept.append(replace(selection, conditions=(), directives=directives, selections=below))
        return tuple(kept)

    def _is_on(self, directive: AppliedDirective) -> bool:
        value = next((argument.value for argument in directive.arguments if argument.name == "if"), "true")
        return self.values.get(value[1:], True) if value.startswith("$") else value == "true"
