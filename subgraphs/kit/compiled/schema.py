"""A Strawberry schema whose operations are compiled; everything else about it is the schema's own."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLError, specified_rules
from graphql.language import parse
from strawberry import Schema
from strawberry.schema.schema import validate_document
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from subgraphs.kit.compiled.emit import KnownOfSchema
from subgraphs.kit.compiled.facts import why_not
from subgraphs.kit.compiled.operation import Operation
from subgraphs.kit.compiled.running import Run

CACHED_OPERATIONS = 512
MAX_CACHED_TEXT = 100_000
"""Longer texts run by stock Strawberry: they are not worth the memory."""


class Compiler:
    """Compiles operations of a schema that others have parsed and validated, and learns of its classes on the way."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.why_not = why_not(schema)
        self._known = KnownOfSchema()

    def operation(self, document: DocumentNode, name: str | None) -> Operation:
        """The operation a request names; its ``reason`` says why it is not compiled, where it is not."""
        return Operation(self.schema, self._known, document, name, self.why_not)


class Operations:
    """The compiled operations of a schema, by document text and operation name; least recently used leave first."""

    def __init__(self, schema: Schema, size: int = CACHED_OPERATIONS) -> None:
        self.schema = schema
        self._compiler = Compiler(schema)
        self._size = size
        self._known: OrderedDict[tuple[str, str | None], Operation | str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, text: str, name: str | None) -> Operation | str:
        """The operation, parsed, validated and compiled; or the reason why stock Strawberry runs it."""
        key = (text, name)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        if len(text) > MAX_CACHED_TEXT:
            return f"a document of more than {MAX_CACHED_TEXT} characters"
        made = self._known[key] = self._make(text, name)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return made

    def _make(self, text: str, name: str | None) -> Operation | str:
        if self._compiler.why_not is not None:
            return self._compiler.why_not
        try:
            document = parse(text)
            if validate_document(self.schema._schema, document, tuple(specified_rules)):
                return "the document is not valid"
        except (GraphQLError, RecursionError):
            return "the document does not parse"
        operation = self._compiler.operation(document, name)
        return operation if operation.reason is None else operation.reason


class CompiledSchema:
    """Runs like the schema it is made of, and answers the same; ``execute_json`` gives the response as bytes.

    Attributes it does not have are the schema's, so it goes where the schema went: views, routers, test clients.
    """

    def __init__(self, schema: Schema, size: int = CACHED_OPERATIONS) -> None:
        self.stock = schema
        self.operations = Operations(schema, size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stock, name)

    def explain(self, query: str, operation_name: str | None = None) -> str:
        """The source an operation is compiled to; or, as a comment, why it is not compiled."""
        found = self.operations.find(query, operation_name)
        return f"# Runs by stock Strawberry: {found}.\n" if isinstance(found, str) else found.source

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """As ``strawberry.Schema.execute``."""
        run = self._prepare(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
            sync=False,
        )
        if run is None:
            return await self.stock.execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        if isinstance(run, Run):
            await run.plan.complete(run)
        return self._result(run, query, variable_values, context_value, root_value, operation_name)

    def execute_sync(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """As ``strawberry.Schema.execute_sync``."""
        run = self._prepare(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
            sync=True,
        )
        if run is None:
            return self.stock.execute_sync(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        if isinstance(run, Run) and not run.plan.complete_now(run):
            error = RuntimeError("GraphQL execution failed to complete synchronously.")
            run.data, run.errors = None, [GraphQLError(str(error), original_error=error)]
        return self._result(run, query, variable_values, context_value, root_value, operation_name)

    async def execute_json(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
    ) -> bytes:
        """The response map of an operation as JSON."""
        result = await self.execute(query, variable_values, context_value, root_value, operation_name)
        return response_json(result)

    def _prepare(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Any,
        root_value: Any,
        operation_name: str | None,
        allowed: Iterable[OperationType] | None,
        extensions: dict[str, Any] | None,
        *,
        sync: bool,
    ) -> Run | list[GraphQLError] | None:
        """A run to go on with, the errors of the variables, or None where stock Strawberry runs the operation."""
        if not query:
            return None
        operation = self.operations.find(query, operation_name)
        if isinstance(operation, str):
            return None
        if allowed is not None and OperationType(operation.node.operation.value) not in allowed:
            return None
        try:
            variables = operation.variables(variable_values)
        except Exception:
            # Stock Strawberry tells what a parser of the project's own raised.
            return None
        if isinstance(variables, list):
            return variables
        compiled = operation.variant(variables)
        if compiled is None:
            return None
        return operation.begin(compiled, variables, context_value, root_value, extensions, sync=sync)

    def _result(
        self,
        run: Run | list[GraphQLError],
        query: str | None,
        variable_values: dict[str, Any] | None,
        context_value: Any,
        root_value: Any,
        operation_name: str | None,
    ) -> ExecutionResult:
        data, errors = (None, run) if isinstance(run, list) else (run.data, run.errors or None)
        result = ExecutionResult(data, errors, extensions={})
        if errors:
            found = self.operations.find(query or "", operation_name)
            execution_context = self.stock._create_execution_context(
                query=query,
                allowed_operation_types=list(OperationType),
                variable_values=variable_values,
                context_value=context_value,
                root_value=root_value,
                operation_name=operation_name,
            )
            execution_context.graphql_document = None if isinstance(found, str) else found.document
            execution_context.pre_execution_errors = errors
            self.stock._process_errors(errors, execution_context)
        return result


def response_json(result: ExecutionResult) -> bytes:
    """The response map of a result: ``data``, ``errors`` and ``extensions`` where there are any."""
    response: dict[str, Any] = {"data": result.data}
    if result.errors:
        response["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        response["extensions"] = result.extensions
    try:
        return orjson.dumps(response, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Integers beyond 64 bits and lone surrogates are JSON, though not orjson's.
        return json.dumps(response, separators=(",", ":")).encode()


def compiled(schema: Schema, size: int = CACHED_OPERATIONS) -> CompiledSchema:
    """The schema with compiled operations, at most ``size`` of them kept."""
    return CompiledSchema(schema, size)


__all__ = ["CompiledSchema", "Operations", "compiled", "response_json"]
