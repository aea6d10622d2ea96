"""Selections as values: read field sets, open fragments for one type, merge, print, list variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from graphql import FieldNode, InlineFragmentNode, OperationDefinitionNode, SelectionSetNode, parse, print_ast

from router.operation.model import AppliedDirective, Argument, Condition, Field, InlineFragment, Selection

Selections = tuple[Selection, ...]

TYPENAME = Field("__typename", "__typename")


@lru_cache(maxsize=4096)
def read_field_set(text: str) -> Selections:
    """A field set (``"id org { name }"``, with or without outer braces) as selections. Raises GraphQLError."""
    text = text.strip()
    operation = parse(text if text.startswith("{") else f"{{{text}}}", no_location=True).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return _read(operation.selection_set)


def _read(node: SelectionSetNode | None) -> Selections:
    found: list[Selection] = []
    for item in node.selections if node else ():
        if isinstance(item, FieldNode):
            key = item.alias.value if item.alias else item.name.value
            arguments = tuple(Argument(a.name.value, print_ast(a.value)) for a in item.arguments or ())
            found.append(Field(key, item.name.value, arguments, selections=_read(item.selection_set)))
        elif isinstance(item, InlineFragmentNode):
            condition = item.type_condition.name.value if item.type_condition else None
            found.append(InlineFragment(condition, _read(item.selection_set)))
    return tuple(found)


def joined(conditions: tuple[Condition, ...], more: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """Both sets of conditions, each once."""
    return (*conditions, *(condition for condition in more if condition not in conditions))


def open_fragments(
    selections: Selections, applies: Callable[[str], bool], conditions: tuple[Condition, ...] = ()
) -> Iterator[Selection]:
    """Fields as they stand, fragments that apply opened (their conditions move to their fields), others dropped."""
    for selection in selections:
        if isinstance(selection, Field):
            yield replace(selection, conditions=joined(conditions, selection.conditions)) if conditions else selection
        elif selection.type_condition is None or applies(selection.type_condition):
            yield from open_fragments(selection.selections, applies, joined(conditions, selection.conditions))


Joins = dict[tuple[int, ...], tuple[list[Selections], Selections]]
"""By identity of selection sets: the sets, kept alive, and what they are together."""


def merge(selections: Iterable[Selection], joins: Joins | None = None) -> Selections:
    """The same selections with equal fields and equal fragments merged, at every depth, in first-met order.

    A leaf asked without conditions makes its conditional doubles needless. Sets that several places share stay shared:
    ``joins`` remembers, by identity, what the sets met so far have become together.
    """
    merged: list[Selection] = []
    places: dict[tuple[object, ...], int] = {}
    below: dict[int, list[Selections]] = {}
    joins = {} if joins is None else joins
    for selection in selections:
        if isinstance(selection, Field):
            place: tuple[object, ...] = (
                selection.response_key,
                selection.name,
                selection.arguments,
                selection.conditions,
                selection.directives,
            )
        else:
            place = (selection.type_condition, selection.conditions)
        index = places.setdefault(place, len(merged))
        if index == len(merged):
            merged.append(selection)
        elif all(part is not selection.selections for part in below.get(index, (merged[index].selections,))):
            below.setdefault(index, [merged[index].selections]).append(selection.selections)
    for index, parts in below.items():
        key = tuple(id(part) for part in parts)
        if key not in joins:
            joins[key] = (parts, merge([selection for part in parts for selection in part], joins))
        merged[index] = replace(merged[index], selections=joins[key][1])
    return tuple(
        selection
        for selection in merged
        if not (
            isinstance(selection, Field)
            and selection.conditions
            and not selection.selections
            and (selection.response_key, selection.name, selection.arguments, (), selection.directives) in places
        )
    )


def size(selections: Selections) -> int:
    """How many leaves are asked for."""
    return sum(size(selection.selections) if selection.selections else 1 for selection in selections)


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return f"({', '.join(f'{a.name}: {a.value}' for a in arguments)})" if arguments else ""


def directives_text(directives: tuple[AppliedDirective, ...], conditions: tuple[Condition, ...]) -> str:
    """``" @include(if: $x) @live"``, each with a space before it."""
    conditional = "".join(f" @{'include' if c.expected else 'skip'}(if: ${c.variable})" for c in conditions)
    return conditional + "".join(f" @{d.name}{_arguments(d.arguments)}" for d in directives)


def field_head(field: Field) -> str:
    """A field without what it selects: ``key: name(arguments) @directives``."""
    alias = "" if field.response_key == field.name else f"{field.response_key}: "
    arguments = _arguments(field.arguments)
    return f"{alias}{field.name}{arguments}{directives_text(field.directives, field.conditions)}"


def fragment_head(fragment: InlineFragment) -> str:
    """``... on T @directives``."""
    condition = f" on {fragment.type_condition}" if fragment.type_condition else ""
    return f"...{condition}{directives_text(fragment.directives, fragment.conditions)}"


def print_selections(selections: Selections, named: Mapping[int, str] = MappingProxyType({})) -> str:
    """On one line, braces included: ``{ id ... on T { name } }``; empty text for none.

    A directive may stand once in a place, so further conditions of one kind go on fragments around. ``named`` are the
    fragments that stand for a selection set, by its identity.
    """
    if not selections:
        return ""
    if id(selections) in named:
        return f"{{ ...{named[id(selections)]} }}"
    return f"{{ {print_inside(selections, named)} }}"


def print_inside(selections: Selections, named: Mapping[int, str]) -> str:
    """The same without braces, the set itself written out."""
    return " ".join(_print(selection, named) for selection in selections)


def _print(selection: Selection, named: Mapping[int, str]) -> str:
    once = {condition.expected: condition for condition in reversed(selection.conditions)}
    for condition in selection.conditions:
        if condition not in once.values():
            kept = tuple(other for other in selection.conditions if other != condition)
            return _print(InlineFragment(None, (replace(selection, conditions=kept),), (condition,)), named)
    head = field_head(selection) if isinstance(selection, Field) else fragment_head(selection)
    below = print_selections(selection.selections, named)
    return f"{head} {below}" if below else head


def variables_in(selections: Selections, seen: set[int] | None = None) -> Iterator[str]:
    """Every variable used, with repeats; a selection set that stands in several places is read once."""
    seen = set() if seen is None else seen
    if id(selections) in seen:
        return
    seen.add(id(selections))
    for selection in selections:
        if isinstance(selection, Field):
            for argument in selection.arguments:
                yield from argument.variables
        for directive in selection.directives:
            for argument in directive.arguments:
                yield from argument.variables
        for condition in selection.conditions:
            yield condition.variable
        yield from variables_in(selection.selections, seen)
