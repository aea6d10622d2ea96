"""Field sets: the selections in ``@key``, ``@requires``, ``@provides`` and ``@fromContext``, without a schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    print_ast,
)


class FieldSetError(Exception):
    """The text is no selection set."""


@dataclass(frozen=True, slots=True)
class FieldSelection:
    """``alias: name(arguments) { selections }``; argument values are printed GraphQL, ``selections`` None on a leaf."""

    name: str
    selections: Selections | None = None
    alias: str | None = None
    arguments: tuple[tuple[str, str], ...] = ()
    directives: tuple[str, ...] = ()

    def __str__(self) -> str:
        alias = f"{self.alias}: " if self.alias else ""
        arguments = f"({', '.join(f'{name}: {value}' for name, value in self.arguments)})" if self.arguments else ""
        nested = f" {{ {print_selections(self.selections)} }}" if self.selections else ""
        return f"{alias}{self.name}{arguments}{nested}"


@dataclass(frozen=True, slots=True)
class FragmentSelection:
    """``... on type_condition { selections }``"""

    type_condition: str | None
    selections: Selections
    directives: tuple[str, ...] = ()

    def __str__(self) -> str:
        condition = f" on {self.type_condition}" if self.type_condition else ""
        return f"...{condition} {{ {print_selections(self.selections)} }}"


@dataclass(frozen=True, slots=True)
class SpreadSelection:
    """``...name``, which no field set may use; kept so that a rule can say so."""

    name: str

    def __str__(self) -> str:
        return f"...{self.name}"


Selection = FieldSelection | FragmentSelection | SpreadSelection
Selections = tuple[Selection, ...]


def print_selections(selections: Selections) -> str:
    """``id org { id }``"""
    return " ".join(map(str, selections))


@lru_cache(maxsize=4096)
def parse_field_set(text: str) -> Selections:
    """Read ``"id org { id }"``, with or without braces around it. Raises FieldSetError."""
    source = text if text.strip().startswith("{") else f"{{{text}}}"
    try:
        document = parse(source, no_location=True)
    except GraphQLSyntaxError as error:
        raise FieldSetError(error.message) from error
    if len(document.definitions) != 1:
        raise FieldSetError(f"Selections should contain a single definitions, found {len(document.definitions)}")
    definition = document.definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        raise FieldSetError("Expected an operation definition")
    return tuple(_selections(definition.selection_set))


def _selections(node: SelectionSetNode) -> Iterator[Selection]:
    # The parser lets empty braces pass; the grammar does not.
    if not node.selections:
        raise FieldSetError("Syntax Error: Expected Name, found '}'.")
    for selection in node.selections:
        directives = tuple(print_ast(directive) for directive in selection.directives or ())
        if isinstance(selection, FieldNode):
            yield FieldSelection(
                selection.name.value,
                tuple(_selections(selection.selection_set)) if selection.selection_set else None,
                selection.alias.value if selection.alias else None,
                tuple((argument.name.value, print_ast(argument.value)) for argument in selection.arguments or ()),
                directives,
            )
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition.name.value if selection.type_condition else None
            yield FragmentSelection(condition, tuple(_selections(selection.selection_set)), directives)
        elif isinstance(selection, FragmentSpreadNode):
            yield SpreadSelection(selection.name.value)


def merged(selections: Selections) -> Selections:
    """The same selections with repeated fields and conditions joined and in a settled order, for comparing sets."""
    fields: dict[tuple[str, tuple[tuple[str, str], ...]], Selections | None] = {}
    fragments: dict[str | None, Selections] = {}
    for selection in selections:
        if isinstance(selection, FieldSelection):
            key = (selection.name, selection.arguments)
            before, nested = fields.get(key), selection.selections
            fields[key] = nested if before is None else (*before, *(nested or ()))
        elif isinstance(selection, FragmentSelection):
            fragments[selection.type_condition] = (*fragments.get(selection.type_condition, ()), *selection.selections)
    joined: list[Selection] = [
        FieldSelection(name, merged(nested) if nested is not None else None, arguments=arguments)
        for (name, arguments), nested in sorted(fields.items(), key=lambda entry: entry[0])
    ]
    joined.extend(
        FragmentSelection(condition, merged(nested))
        for condition, nested in sorted(fragments.items(), key=lambda entry: entry[0] or "")
    )
    return tuple(joined)
