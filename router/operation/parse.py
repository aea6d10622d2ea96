"""From text to ``Operation``: parse, pick, validate, normalise. Everything a document decides is decided here, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
)

from router.errors import LimitExceeded, OperationNotFound, ParseFailed
from router.operation.cache_key import operation_key
from router.operation.incremental import Marked, marked
from router.operation.model import Operation, OperationKind
from router.operation.normalize import normalise
from router.operation.normalize.inline import MAX_SELECTIONS
from router.operation.validation import check_document
from router.operation.variables import VariableCoercer, compile_variables

DocumentCheck = Callable[[DocumentNode], None]

MAX_TOKENS = 15_000


@dataclass(frozen=True, slots=True)
class Document:
    """A text's operation with what later rooms want to have worked out once. ``key`` names it in the plan cache."""

    operation: Operation
    key: str
    coerce_variables: VariableCoercer
    marked: Marked | None = None
    """The same operation with its @defer and @stream, where they are built in and can act; ``operation`` has none."""

    @property
    def kind(self) -> OperationKind:
        """Query, mutation or subscription."""
        return self.operation.kind


def parse_request(
    text: str,
    operation_name: str | None,
    schema: GraphQLSchema,
    *,
    max_tokens: int | None = MAX_TOKENS,
    max_selections: int = MAX_SELECTIONS,
    suggestions: bool = True,
    before_validation: DocumentCheck | None = None,
    incremental: frozenset[str] = frozenset(),
) -> Operation:
    """Parse, validate against ``schema`` (the API schema) and normalise one operation of a document.

    ``before_validation`` may refuse the syntax tree; validation of a hostile document can be dear. ``incremental``:
    which of @defer and @stream are the built-in ones; the operation is given without them, as if answered at once.
    Raises ParseFailed, LimitExceeded, OperationNotFound, ValidationFailed (``errors`` holds up to fifty).
    """
    return prepare(
        text,
        operation_name,
        schema,
        max_tokens=max_tokens,
        max_selections=max_selections,
        suggestions=suggestions,
        before_validation=before_validation,
        incremental=incremental,
    ).operation


def prepare(
    text: str,
    operation_name: str | None,
    schema: GraphQLSchema,
    *,
    max_tokens: int | None = MAX_TOKENS,
    max_selections: int = MAX_SELECTIONS,
    suggestions: bool = True,
    before_validation: DocumentCheck | None = None,
    incremental: frozenset[str] = frozenset(),
) -> Document:
    """``parse_request`` plus the compiled variable coercion and the cache key; what the document cache keeps."""
    document = parse_text(text, max_tokens)
    if before_validation is not None:
        before_validation(document)
    definition = pick_operation(document, operation_name)
    check_document(document, schema, suggestions=suggestions, incremental=incremental)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    try:
        operation = normalise(definition, fragments, schema, max_selections, incremental)
        in_parts = None
        if any(name in text for name in incremental):
            in_parts = marked(normalise(definition, fragments, schema, max_selections), incremental)
    except RecursionError:
        raise _too_deep() from None
    return Document(operation, operation_key(operation), compile_variables(operation, schema), in_parts)


def parse_text(text: str, max_tokens: int | None = MAX_TOKENS) -> DocumentNode:
    """The syntax tree. Raises ParseFailed with the place, or LimitExceeded for nesting or size beyond reason."""
    try:
        return parse(text, max_tokens=max_tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        if "nested too deeply" in error.message:
            raise _too_deep() from None
        if f"more than {max_tokens} tokens" in error.message:
            raise LimitExceeded(
                f"The document has more than {max_tokens} tokens.", code="MAX_TOKENS_EXCEEDED"
            ) from None
        raise ParseFailed(error.message, locations=_locations(error)) from None
    except RecursionError:
        raise _too_deep() from None


def pick_operation(document: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    """The operation to run (spec section 6.1, GetOperation)."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if operation_name is None:
        if not operations:
            raise OperationNotFound("The document has no operation.")
        if len(operations) > 1:
            raise OperationNotFound("The document has several operations: give operationName.")
        return operations[0]
    for operation in operations:
        if operation.name is not None and operation.name.value == operation_name:
            return operation
    raise OperationNotFound(f"The document has no operation named {operation_name!r}.")


def _locations(error: GraphQLError) -> tuple[tuple[int, int], ...]:
    return tuple((place.line, place.column) for place in error.locations or ())


def _too_deep() -> LimitExceeded:
    return LimitExceeded("The document is nested too deeply.", code="MAX_DEPTH_EXCEEDED")
