"""Fold ``@include`` and ``@skip``: constants decide now, variables become conditions (spec sections 3.13.1, 3.13.2)."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import BooleanValueNode, DirectiveNode, VariableNode

from router.operation.model import Condition

CONDITIONALS = {"include": True, "skip": False}


def conditions_of(
    directives: Iterable[DirectiveNode] | None, around: tuple[Condition, ...] = ()
) -> tuple[Condition, ...] | None:
    """The conditions left after folding, those that hold ``around`` left out; None when the selection can never take
    part."""
    found: list[Condition] = []
    for directive in directives or ():
        expected = CONDITIONALS.get(directive.name.value)
        if expected is None:
            continue
        value = (directive.arguments or ())[0].value
        if isinstance(value, BooleanValueNode):
            if value.value is not expected:
                return None
            continue
        assert isinstance(value, VariableNode), "validation has checked the argument's type"
        condition = Condition(value.name.value, expected)
        opposite = Condition(condition.variable, not expected)
        if opposite in found or opposite in around:
            return None
        if condition not in found and condition not in around:
            found.append(condition)
    return tuple(found)
