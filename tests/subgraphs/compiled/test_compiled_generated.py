"""Random schemas, operations and data: the compiled answer is stock Strawberry's answer."""

from __future__ import annotations

import asyncio
import logging
import random
import warnings
from functools import lru_cache

import pytest
from graphql import parse, validate
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from subgraphs.kit.compiled import CompiledSchema, compiled
from tests.subgraphs.compiled.comparing import same_async, same_sync
from tests.subgraphs.compiled.random_schemas import Types, World, Writer

SCHEMAS = 30
SURPRISES = (0.0, 0.03, 0.2)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


@lru_cache(maxsize=SCHEMAS)
def types_of(seed: int) -> tuple[Types, CompiledSchema]:
    types = Types(seed)
    return types, compiled(types.schema)


def operation(types: Types, dice: random.Random) -> tuple[str, dict[str, object]]:
    text, variables = Writer(types.schema, dice).operation()
    assume(not validate(types.schema._schema, parse(text)))
    return text, variables


pytestmark = pytest.mark.filterwarnings("ignore")

EXAMPLES = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
seeds = st.integers(0, 2**32)


@EXAMPLES
@given(schema=st.integers(0, SCHEMAS - 1), query=seeds, data=seeds, surprises=st.sampled_from(SURPRISES))
def test_without_an_event_loop(schema: int, query: int, data: int, surprises: float) -> None:
    types, ours = types_of(schema)
    text, variables = operation(types, random.Random(query))
    assert not isinstance(ours.operations.find(text, None), str), ours.explain(text)
    same_sync(types.schema, ours, text, variables, lambda: World(data, types, is_async=False, surprises=surprises))


@EXAMPLES
@given(schema=st.integers(0, SCHEMAS - 1), query=seeds, data=seeds, surprises=st.sampled_from(SURPRISES))
def test_with_awaitables_anywhere(schema: int, query: int, data: int, surprises: float) -> None:
    types, ours = types_of(schema)
    text, variables = operation(types, random.Random(query))
    with warnings.catch_warnings():
        # Awaitables that data holds and no operation asks for are nobody's to await.
        warnings.simplefilter("ignore", RuntimeWarning)
        asyncio.run(
            same_async(
                types.schema, ours, text, variables, lambda: World(data, types, is_async=True, surprises=surprises)
            )
        )
