"""Spread named fragments and leave the syntax tree. Expansion is counted, so nested fragments cannot blow up."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)

from router.errors import LimitExceeded
from router.operation.model import AppliedDirective, Argument, Condition, Field, InlineFragment, Selection
from router.operation.normalize.fold import CONDITIONALS, conditions_of

MAX_SELECTIONS = 20_000
"""Selections after expansion; a legitimate operation stays far below."""

EMPTY = "__empty"
"""Response key of the ``__typename`` that stands in when all an object selected was folded away; never answered."""


class Inliner:
    """Walks one operation. What is left to expand is shared by all of it: the guard is on the whole expansion."""

    def __init__(
        self,
        fragments: dict[str, FragmentDefinitionNode],
        max_selections: int,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self._fragments = fragments
        self._ignored = CONDITIONALS.keys() | ignored
        self._left = max_selections
        self._max = max_selections

    def selections(
        self, selection_set: SelectionSetNode | None, around: tuple[Condition, ...] = ()
    ) -> tuple[Selection, ...]:
        """The selections of one set, in order. ``around`` are the conditions the set itself is under."""
        if selection_set is None:
            return ()
        found: list[Selection] = []
        for node in selection_set.selections:
            self._left -= 1
            if self._left < 0:
                raise LimitExceeded(
                    f"The operation expands to more than {self._max} selections.", code="OPERATION_TOO_LARGE"
                )
            conditions = conditions_of(node.directives, around)
            if conditions is None:
                continue
            if isinstance(node, FieldNode):
                found.append(self._field(node, conditions, around))
            else:
                fragment = self._fragment(node, conditions, around)
                if fragment.selections:
                    found.append(fragment)
        return tuple(found)

    def _field(self, node: FieldNode, conditions: tuple[Condition, ...], around: tuple[Condition, ...]) -> Field:
        selections = self.selections(node.selection_set, (*around, *conditions))
        if node.selection_set is not None and not selections:
            selections = (Field(EMPTY, "__typename"),)
        return Field(
            response_key=(node.alias or node.name).value,
            name=node.name.value,
            arguments=arguments_of(node.arguments),
            directives=self.directives(node.directives),
            conditions=conditions,
            selections=selections,
            locations=_locations(node),
        )

    def _fragment(
        self,
        node: InlineFragmentNode | FragmentSpreadNode | Node,
        conditions: tuple[Condition, ...],
        around: tuple[Condition, ...],
    ) -> InlineFragment:
        around = (*around, *conditions)
        if isinstance(node, FragmentSpreadNode):
            fragment = self._fragments[node.name.value]
            type_condition: str | None = fragment.type_condition.name.value
            selections = self.selections(fragment.selection_set, around)
            directives = self.directives((*(node.directives or ()), *(fragment.directives or ())))
        else:
            assert isinstance(node, InlineFragmentNode)
            type_condition = node.type_condition.name.value if node.type_condition else None
            selections = self.selections(node.selection_set, around)
            directives = self.directives(node.directives)
        return InlineFragment(type_condition, selections, conditions, directives)

    def directives(self, nodes: Iterable[DirectiveNode] | None) -> tuple[AppliedDirective, ...]:
        """All directives but include, skip and those to be ignored."""
        return tuple(
            AppliedDirective(node.name.value, arguments_of(node.arguments))
            for node in nodes or ()
            if node.name.value not in self._ignored
        )


def arguments_of(nodes: Iterable[ArgumentNode] | None) -> tuple[Argument, ...]:
    """Arguments as printed GraphQL with the variables each one uses."""
    return tuple(Argument(node.name.value, print_ast(node.value), variables_in(node.value)) for node in nodes or ())


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.names[node.name.value] = None


def variables_in(value: ValueNode) -> tuple[str, ...]:
    """Names of the variables a value uses, each once, in order."""
    if isinstance(value, VariableNode):
        return (value.name.value,)
    if not hasattr(value, "values") and not hasattr(value, "fields"):
        return ()
    visitor = _Variables()
    visit(value, visitor)
    return tuple(visitor.names)


def _locations(node: FieldNode) -> tuple[tuple[int, int], ...]:
    if node.loc is None:
        return ()
    # The token knows its place; looking it up in the source reads the whole text for each field.
    token = node.loc.start_token
    return ((token.line, token.column),)
