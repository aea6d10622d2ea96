"""Running an operation on a subgraph: compiled where it can be, else by stock Strawberry on graphql-core.

Requests of a router repeat the same few texts, so a bounded cache holds document, verdict and compiled operations by
text. Errors leave in one form: DomainError by its table, bad input by its stage, anything else masked with an id that
the log repeats.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeGuard, cast

from graphql import DocumentNode, GraphQLError, get_operation_ast, parse, validate
from graphql.execution import ExecutionResult
from graphql.execution import execute as run_document
from graphql.execution import subscribe as open_stream
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from subgraphs.kit.compiled import Compiler, Operation
from subgraphs.kit.context import Context
from subgraphs.kit.entities import FederatedSchema
from subgraphs.kit.errors import KIT_ERRORS, DomainError, Language

log = logging.getLogger("subgraphs.execution")

_is_awaitable = cast(Callable[[Any], TypeGuard[Awaitable[Any]]], optimized_is_awaitable)

MAX_TEXT = 100_000
"""Characters in one operation; the router has its own, lower limit."""
_MAX_TOKENS = 20_000
_CACHED_DOCUMENTS = 512

Response = dict[str, Any]
"""A GraphQL response map: ``data``, ``errors``."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A text after parsing and validation: a document to run, or the errors to answer with."""

    document: DocumentNode | None
    errors: tuple[Mapping[str, Any], ...] = ()
    operations: dict[str | None, Operation] = field(default_factory=dict)
    """Those that were asked for, by the name a request used: None, or one of the document's own."""


class DocumentCache:
    """The last few operation texts of one schema, checked once; least recently used leave first."""

    def __init__(self, schema: FederatedSchema, size: int = _CACHED_DOCUMENTS) -> None:
        self._schema = schema._schema
        self._compiler = Compiler(schema)
        self._size = size
        self._checked: OrderedDict[str, Checked] = OrderedDict()

    def check(self, text: str) -> Checked:
        """The verdict on ``text``, from the cache or made now."""
        known = self._checked.get(text)
        if known is not None:
            self._checked.move_to_end(text)
            return known
        checked = self._check(text)
        # A text too large to be a router's is not worth the memory.
        if len(text) <= MAX_TEXT:
            self._checked[text] = checked
            if len(self._checked) > self._size:
                self._checked.popitem(last=False)
        return checked

    def _check(self, text: str) -> Checked:
        if len(text) > MAX_TEXT:
            return _refused(GraphQLError(f"The operation is longer than {MAX_TEXT} characters."), "OPERATION_TOO_LARGE")
        try:
            document = parse(text, max_tokens=_MAX_TOKENS)
        except GraphQLError as error:
            return _refused(error, "GRAPHQL_PARSE_FAILED")
        except RecursionError:
            return _refused(GraphQLError("The operation is nested too deeply."), "OPERATION_TOO_LARGE")
        try:
            errors = validate(self._schema, document, max_errors=20)
        except RecursionError:
            return _refused(GraphQLError("The operation is nested too deeply."), "OPERATION_TOO_LARGE")
        if errors:
            return Checked(None, tuple(_with_code(error, "GRAPHQL_VALIDATION_FAILED") for error in errors))
        return Checked(document)

    def operation(self, checked: Checked, name: str | None) -> Operation | None:
        """The compiled operation a request names; None where it names none of the document or is not compiled."""
        known = checked.operations.get(name)
        if known is None:
            document = checked.document
            if document is None or (name is not None and get_operation_ast(document, name) is None):
                return None
            known = checked.operations[name] = self._compiler.operation(document, name)
        return known if known.reason is None else None


def _refused(error: GraphQLError, code: str) -> Checked:
    return Checked(None, (_with_code(error, code),))


def _with_code(error: GraphQLError, code: str) -> Mapping[str, Any]:
    return {**error.formatted, "extensions": {**(error.extensions or {}), "code": code}}


async def run(
    schema: FederatedSchema,
    documents: DocumentCache,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> Response:
    """Run a query or mutation. Never raises for bad input; cancellation passes through."""
    checked = documents.check(query)
    if checked.document is None:
        return {"errors": list(checked.errors)}
    operation = documents.operation(checked, operation_name)
    if operation is not None:
        compiled = await operation.execute(variables, context)
        if compiled is not None:
            return response_of(compiled, context.identity.language)
    return await run_by_stock(schema, checked.document, variables, operation_name, context)


async def run_by_stock(
    schema: FederatedSchema,
    document: DocumentNode,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> Response:
    """Run a valid document by stock Strawberry, as ``run`` does where it is not compiled."""
    result = run_document(
        schema._schema,
        document,
        context_value=context,
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        executor_class=StrawberryGraphQLCoreExecutionContext,
        is_awaitable=_is_awaitable,
    )
    if not isinstance(result, ExecutionResult):
        result = await result
    return response_of(result, context.identity.language)


async def stream(
    schema: FederatedSchema,
    documents: DocumentCache,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> AsyncGenerator[Response, None]:
    """Run a subscription: one response an event. Bad input is one response with errors and no data, then the end."""
    checked = documents.check(query)
    if checked.document is None:
        yield {"errors": list(checked.errors)}
        return
    language = context.identity.language
    try:
        opened = open_stream(
            schema._schema,
            checked.document,
            context_value=context,
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            executor_class=StrawberryGraphQLCoreExecutionContext,
        )
        result = await opened if asyncio.iscoroutine(opened) or asyncio.isfuture(opened) else opened
    except GraphQLError as error:
        yield {"errors": [_with_code(error, "OPERATION_RESOLUTION_FAILURE")]}
        return
    if isinstance(result, ExecutionResult):
        yield response_of(result, language)
        return
    async with aclosing(cast(AsyncGenerator[ExecutionResult, None], result)) as events:
        iterator: AsyncIterator[ExecutionResult] = events
        try:
            async for event in iterator:
                yield response_of(event, language)
        except DomainError as error:
            yield {"errors": [{"message": error.message(language), "extensions": error.extension_map()}]}
        except Exception as error:
            yield {"errors": [_masked({}, error, language)]}


def response_of(result: ExecutionResult, language: Language) -> Response:
    """The response map of an execution result, its errors localised, coded and masked."""
    if not result.errors:
        return {"data": result.data}
    errors = [_formatted(error, language) for error in result.errors]
    if result.data is None and all(error.path is None for error in result.errors):
        return {"errors": errors}
    return {"data": result.data, "errors": errors}


def _formatted(error: GraphQLError, language: Language) -> Mapping[str, Any]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    place = {name: value for name, value in error.formatted.items() if name in ("locations", "path")}
    if isinstance(cause, DomainError):
        return {"message": cause.message(language), **place, "extensions": cause.extension_map()}
    if error.path is None:
        # Raised before any field ran: the variables or the operation name do not fit.
        code = "OPERATION_RESOLUTION_FAILURE" if "operation" in error.message.lower() else "BAD_USER_INPUT"
        return _with_code(error, code)
    if cause is None or isinstance(cause, GraphQLError):
        return _with_code(error, str((error.extensions or {}).get("code", "BAD_USER_INPUT")))
    return _masked(place, cause, language)


def _masked(place: Mapping[str, Any], cause: BaseException, language: Language) -> Mapping[str, Any]:
    error_id = secrets.token_hex(8)
    log.error("%s at %s", error_id, place.get("path"), exc_info=cause)
    masked = KIT_ERRORS.error("INTERNAL_SERVER_ERROR", id=error_id)
    return {"message": masked.message(language), **place, "extensions": masked.extension_map()}
