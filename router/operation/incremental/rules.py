"""Validation of @defer and @stream: the draft's rules as graphql-core has them, one of them repaired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    GraphQLError,
    ValidationContext,
    get_nullable_type,
    is_list_type,
    specified_rules,
)
from graphql.validation import ValidationRule

_NAMES = ("DeferStream", "StreamDirective")


class StreamOnListField(ValidationRule):
    """Stream directives are used on list fields. graphql-core 3.3's own fails on ``__typename`` of a union."""

    context: ValidationContext

    def enter_directive(self, node: DirectiveNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> None:
        """Refuse @stream where the field's type, non-null or not, is no list."""
        found, parent = self.context.get_field_def(), self.context.get_parent_type()
        if node.name.value != "stream" or not found or not parent or is_list_type(get_nullable_type(found.type)):
            return
        field = next((one for one in reversed(ancestors) if isinstance(one, FieldNode)), None)
        name = field.name.value if field else ""
        message = f"Stream directive cannot be used on non-list field '{name}' on type '{parent.name}'."
        self.report_error(GraphQLError(message, node))


RULES = tuple(rule for rule in specified_rules if not rule.__name__.startswith(_NAMES))
"""All rules but those about the built-in @defer and @stream: a schema may have its own of these names."""
INCREMENTAL_RULES = (
    *(rule for rule in specified_rules if rule.__name__.startswith(_NAMES[0])),
    StreamOnListField,
)


def about(names: frozenset[str], errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Those of the draft's rules' errors that are about the directives of these names."""
    return [error for error in errors if any(_is_one_of(node, names) for node in error.nodes or ())]


def _is_one_of(node: Any, names: frozenset[str]) -> bool:
    return isinstance(node, DirectiveNode) and node.name.value in names
