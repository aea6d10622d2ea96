"""The domains' queries run twice in their own tests: compiled, as they are served, and by stock Strawberry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationType

from subgraphs.kit import Context, execution
from subgraphs.kit.entities import FederatedSchema

DOMAINS = ("contract", "lodge", "rail", "sensing")
_run = execution.run


@pytest.fixture(autouse=True)
def _answers_as_stock_strawberry(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path(request.path).parent.name in DOMAINS:
        monkeypatch.setattr(execution, "run", run_both)


async def run_both(
    schema: FederatedSchema,
    documents: execution.DocumentCache,
    query: str,
    variables: Mapping[str, Any] | None,
    operation_name: str | None,
    context: Context,
) -> execution.Response:
    """The compiled answer; a query's is first compared with stock Strawberry's in a context of its own."""
    checked = documents.check(query)
    operation = documents.operation(checked, operation_name)
    answer = await _run(schema, documents, query, variables, operation_name, context)
    if operation is None or checked.document is None or operation.node.operation is not OperationType.QUERY:
        return answer
    if counts_statements(context):
        return answer
    fresh = Context(context.database, context.identity, context.clock, context.model, context.services)
    stock = await execution.run_by_stock(schema, checked.document, variables, operation_name, fresh)
    assert comparable(answer) == comparable(stock)
    return answer


def counts_statements(context: Context) -> bool:
    """Whether the test listens to the database: it then counts the statements of one run."""
    engines = (context.database.reader.sync_engine, context.database.writer.sync_engine)
    return any(list(engine.dispatch.before_cursor_execute) for engine in engines)


def comparable(answer: execution.Response) -> tuple[str, list[str]]:
    """Data as text, keys in order; errors in no order, the random id of an internal error taken out."""
    errors = [re.sub(r"[0-9a-f]{16}", "id", json.dumps(error, default=str)) for error in answer.get("errors", ())]
    return json.dumps(answer.get("data"), default=str), sorted(errors)
