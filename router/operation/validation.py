"""Validation by the rules of the specification (section 5): graphql-core's rules, run without their set-up cost.

graphql-core asks every rule for its method of every kind of node anew for each document, which for documents of usual
size costs more than the rules themselves. Rules are classes, so the answer is the same each time: it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ParallelVisitor,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    Visitor,
    visit,
)
from graphql.language.visitor import BREAK, SKIP, EnterLeaveVisitor
from graphql.validation.validate import FragmentNestingVisitor, ValidationAbortedError, query_document_keys_to_validate

from router.errors import LimitExceeded, ValidationFailed
from router.operation.acceptance import surely_valid
from router.operation.incremental.rules import INCREMENTAL_RULES, RULES, about
from router.operation.own_stream import MERGING, has_own_stream, without_stream

MAX_VALIDATION_ERRORS = 50


def check_document(
    document: DocumentNode,
    schema: GraphQLSchema,
    *,
    suggestions: bool = True,
    incremental: frozenset[str] = frozenset(),
) -> None:
    """Validate by the rules of the specification. Raises ValidationFailed, LimitExceeded for nesting beyond reason.

    ``incremental``: which of @defer and @stream are the built-in ones, that the draft's rules are about.
    """
    if surely_valid(document, schema):
        return
    found = broken_rules(document, schema, RULES, suggestions=suggestions)
    if found and "stream" not in incremental and has_own_stream(schema):
        others = tuple(rule for rule in RULES if rule not in MERGING)
        found = broken_rules(document, schema, others, suggestions=suggestions)
        found += broken_rules(without_stream(document), schema, MERGING)
    if incremental and not found:
        found = about(incremental, broken_rules(document, schema, INCREMENTAL_RULES))
    if found:
        errors = [ValidationFailed(error.message, locations=_locations(error)) for error in found]
        raise ValidationFailed(found[0].message, locations=errors[0].locations, errors=errors)


def broken_rules(
    document: DocumentNode,
    schema: GraphQLSchema,
    rules: Sequence[type[ASTValidationRule]] = RULES,
    *,
    suggestions: bool = True,
) -> list[GraphQLError]:
    """What ``graphql.validate`` finds, in its order. The schema is taken to be valid."""
    errors: list[GraphQLError] = []
    type_info = TypeInfo(schema)

    def found(error: GraphQLError) -> None:
        if len(errors) >= MAX_VALIDATION_ERRORS:
            raise ValidationAbortedError("Too many validation errors, error limit reached. Validation aborted.")
        errors.append(error)

    context = ValidationContext(schema, document, type_info, found, not suggestions, False)
    visitors: list[Visitor] = [rule(context) for rule in rules]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    if fragments:
        visitors.insert(0, FragmentNestingVisitor(fragments))
    try:
        visit(document, TypeInfoVisitor(type_info, _ParallelRules(visitors)), query_document_keys_to_validate)
    except ValidationAbortedError as error:
        errors.append(error)
    except RecursionError:
        raise LimitExceeded("The document is nested too deeply.", code="MAX_DEPTH_EXCEEDED") from None
    return errors


class _ParallelRules(ParallelVisitor):
    """graphql-core's ParallelVisitor, calling only the rules that have a method for a kind of node."""

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        known = self.enter_leave_map.get(kind)
        if known is None:
            known = self.enter_leave_map[kind] = self._methods_for(kind)
        return known

    def _methods_for(self, kind: str) -> EnterLeaveVisitor:
        found = _methods_of_all(tuple(type(visitor) for visitor in self.visitors), kind)
        if not found:
            return EnterLeaveVisitor(None, None)
        rules = list(self.visitors)
        enters = [(at, getattr(rules[at], enter)) for at, enter, _ in found if enter]
        leaves = [(at, getattr(rules[at], leave) if leave else None) for at, _, leave in found]
        return EnterLeaveVisitor(_entering(enters, self.skipping), _leaving(leaves, self.skipping))


def _entering(calls: Sequence[tuple[int, Callable[..., Any]]], skipping: list[Any]) -> Callable[..., Any]:
    def enter(*arguments: Any) -> None:
        for at, call in calls:
            if skipping[at] is None:
                result = call(*arguments)
                if result is None:
                    continue
                skipping[at] = arguments[0] if result is SKIP or result is False else BREAK

    return enter


def _leaving(calls: Sequence[tuple[int, Callable[..., Any] | None]], skipping: list[Any]) -> Callable[..., Any]:
    def leave(*arguments: Any) -> None:
        for at, call in calls:
            if skipping[at] is None:
                if call is not None and call(*arguments) in (BREAK, True):
                    skipping[at] = BREAK
            elif skipping[at] is arguments[0]:
                skipping[at] = None

    return leave


@cache
def _methods_of_all(rules: tuple[type[Visitor], ...], kind: str) -> tuple[tuple[int, str, str], ...]:
    """Position, enter and leave method (``""`` for none) of the rules that have one of them."""
    found = ((at, _method(rule, "enter", kind), _method(rule, "leave", kind)) for at, rule in enumerate(rules))
    return tuple((at, enter, leave) for at, enter, leave in found if enter or leave)


def _method(rule: type[Visitor], verb: str, kind: str) -> str:
    return next((name for name in (f"{verb}_{kind}", verb) if hasattr(rule, name)), "")


def _locations(error: GraphQLError) -> tuple[tuple[int, int], ...]:
    return tuple((place.line, place.column) for place in error.locations or ())
