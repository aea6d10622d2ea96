"""Whatever is deferred or streamed: the parts put together are the whole answer.

The operations of the planner's case files, marks put in at random, over strict subgraphs of the deterministic world.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from merging import merged, merged_by_path
from worlds import payloads_of, with_marks, world_pipeline

from router.caller import Caller
from router.executor.incremental import draft, path_based
from router.operation import GraphQLRequest, parse_request
from router.operation.model import OperationKind
from tests.corpus.queryplan import variable_sets
from tests.router.planner.planner_cases import CASES, read_case

INVALID = ("overlapping stream directives", "Defer directive cannot be used on root mutation type")
"""Marks put in at random can break these rules; then the document is refused and shows nothing."""
QUERIES = [
    path
    for path in CASES
    if parse_request(read_case(path).operation, None, read_case(path).supergraph().api_schema).kind
    is not OperationKind.SUBSCRIPTION
]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), in_2022=st.booleans())
def test_the_parts_are_the_whole(path: Path, seed: int, in_2022: bool) -> None:
    asyncio.run(compared(path, seed, in_2022))


async def compared(path: Path, seed: int, in_2022: bool) -> None:
    case = read_case(path)
    supergraph = case.supergraph()
    pipeline = world_pipeline(supergraph)
    try:
        operation = parse_request(case.operation, None, supergraph.api_schema)
        for variables in variable_sets(operation, supergraph.api_schema):
            plain = await pipeline.execute(GraphQLRequest(case.operation, None, variables), Caller())
            request = GraphQLRequest(with_marks(case.operation, supergraph.api_schema, seed), None, variables)
            found = await payloads_of(pipeline, request, form=path_based if in_2022 else draft)
            if len(found) == 1:
                assert "data" in found[0] or any(why in found[0]["errors"][0]["message"] for why in INVALID), found[0]
                data = found[0].get("data", orjson.loads(plain.body)["data"])
            else:
                result = (merged_by_path if in_2022 else merged)(found)
                assert not result.errors
                data = result.data
            assert data == orjson.loads(plain.body)["data"], request.query
    finally:
        await pipeline.aclose()
