"""How compiled operations run: batches, cancellation, what is left behind, what is kept in memory, tracebacks."""

from __future__ import annotations

import asyncio
import gc
import json
import linecache
import logging
import traceback
from typing import Any

import pytest
import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import MaxAliasesLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.types.graphql import OperationType

from subgraphs.kit.compiled import compiled
from subgraphs.kit.compiled.operation import MOST_VARIANTS, Operation
from subgraphs.kit.compiled.schema import MAX_CACHED_TEXT
from tests.subgraphs.compiled.feature_schema import SCHEMA, context

LOG: list[str] = []


@strawberry.type
class Leaf:
    key: int

    @strawberry.field
    async def name(self, info: strawberry.Info) -> str:
        return await info.context["names"].load(self.key)  # type: ignore[no-any-return]

    @strawberry.field
    async def slow(self) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            LOG.append("cancelled and cleaned up")
            raise
        return "slept"

    @strawberry.field
    async def broken(self) -> str:
        await asyncio.sleep(0)
        raise LookupError("broken")

    @strawberry.field
    def broken_now(self) -> str:
        raise LookupError("broken now")

    @strawberry.field
    async def unheard(self) -> str:
        LOG.append("began")
        await asyncio.sleep(0)
        LOG.append("ended")
        return "unheard"

    @strawberry.field
    async def task(self) -> bool:
        return asyncio.current_task() is not None


@strawberry.type
class Query:
    @strawberry.field
    async def leaves(self, count: int) -> list[Leaf]:
        return [Leaf(key=key) for key in range(count)]

    @strawberry.field
    def leaf(self) -> Leaf | None:
        return Leaf(key=1)

    @strawberry.field
    def huge(self) -> strawberry.scalars.JSON:
        return strawberry.scalars.JSON({"number": 2**70, "half": "\ud83d", 1: "key"})  # type: ignore[dict-item]

    @strawberry.field
    def word(self, a: str = "a") -> str:
        return a


OURS = compiled(strawberry.Schema(Query))


@pytest.fixture(autouse=True)
def _quiet() -> None:
    LOG.clear()
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


def names(batches: list[list[int]]) -> dict[str, Any]:
    async def load(keys: list[int]) -> list[str]:
        batches.append(list(keys))
        await asyncio.sleep(0)
        return [f"leaf {key}" for key in keys]

    return {"names": DataLoader(load_fn=load)}


async def test_all_keys_of_a_level_reach_the_loader_at_once() -> None:
    batches: list[list[int]] = []
    result = await OURS.execute("{ a: leaves(count: 40) { name } b: leaves(count: 50) { name } }", None, names(batches))
    assert result.errors is None
    assert batches == [[*range(40), *range(40, 50)]]
    assert result.data is not None
    assert result.data["b"][49] == {"name": "leaf 49"}


async def test_futures_of_a_loader_that_splits_its_batches_all_arrive() -> None:
    async def load(keys: list[int]) -> list[Any]:
        await asyncio.sleep(keys[0] % 3 / 100)
        return [None for _ in keys]

    made = context()
    made["cats"] = DataLoader(load_fn=load, max_batch_size=2)
    keys = list(range(1, 30))
    result = await compiled(SCHEMA).execute("query($k: [Int!]!) { loadedNow(keys: $k) { name } }", {"k": keys}, made)
    assert result.data == {"loadedNow": [None] * 29}


async def test_a_null_above_cancels_what_is_under_way_and_waits_for_its_clean_up() -> None:
    result = await asyncio.wait_for(OURS.execute("{ leaf { slow broken } word }"), 5)
    assert result.data == {"leaf": None, "word": "a"}
    assert [error.path for error in result.errors or []] == [["leaf", "broken"]]
    assert LOG == ["cancelled and cleaned up"]


async def test_what_had_begun_before_an_error_above_it_goes_on_unheard() -> None:
    result = await OURS.execute("{ leaf { unheard brokenNow } word }")
    assert result.data == {"leaf": None, "word": "a"}
    for _ in range(5):
        await asyncio.sleep(0)
    assert LOG == ["began", "ended"]


async def test_cancelling_the_request_cancels_its_resolvers() -> None:
    request = asyncio.create_task(OURS.execute("{ leaf { slow } }"))
    await asyncio.sleep(0.01)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert LOG == ["cancelled and cleaned up"]


async def test_async_resolvers_run_in_tasks_of_their_own() -> None:
    result = await OURS.execute("{ leaf { task } }")
    assert result.data == {"leaf": {"task": True}}


def test_an_operation_that_waits_fails_without_an_event_loop_and_leaves_nothing_behind() -> None:
    result = OURS.execute_sync("{ leaf { unheard } }")
    assert result.data is None
    assert [error.message for error in result.errors or []] == ["GraphQL execution failed to complete synchronously."]
    gc.collect()
    assert LOG == []


@pytest.mark.parametrize(
    ("query", "same_as"),
    [
        ("{ word }", b'{"data":{"word":"a"}}'),
        ("{ huge }", b'{"data":{"huge":{"number":1180591620717411303424,"half":"\\ud83d","1":"key"}}}'),
    ],
)
async def test_the_response_as_json(query: str, same_as: bytes) -> None:
    assert await OURS.execute_json(query) == same_as


async def test_errors_as_json() -> None:
    response = json.loads(await OURS.execute_json("{ leaf { brokenNow } }"))
    assert response == {
        "data": {"leaf": None},
        "errors": [{"message": "broken now", "locations": [{"line": 1, "column": 10}], "path": ["leaf", "brokenNow"]}],
    }


async def test_a_traceback_shows_the_line_of_the_compiled_operation() -> None:
    result = await OURS.execute("query Traced { leaf { brokenNow } }")
    cause = (result.errors or [])[0].original_error
    assert cause is not None
    shown = "".join(traceback.format_exception(cause))
    assert "<compiled query Traced " in shown
    assert "(o)" in shown.split("<compiled query Traced ")[1].splitlines()[1]


async def test_memory_is_bounded() -> None:
    ours = compiled(strawberry.Schema(Query), size=4)
    for number in range(20):
        await ours.execute(f"query Bounded {{ w{number}: word }}")
    gc.collect()
    assert len(ours.operations) == 4
    kept = [name for name in linecache.cache if name.startswith("<compiled query Bounded")]
    assert len(kept) == 4
    assert ours.operations.find("{ word }" + " " * MAX_CACHED_TEXT, None) == "a document of more than 100000 characters"


async def test_conditions_are_compiled_in_a_bounded_number_of_combinations() -> None:
    variables = [f"$c{number}: Boolean!" for number in range(8)]
    fields = [f"w{number}: word @include(if: $c{number})" for number in range(8)]
    text = f"query({', '.join(variables)}) {{ {' '.join(fields)} __typename }}"
    ours = compiled(strawberry.Schema(Query))
    for mask in range(40):
        wanted = {f"c{number}": bool(mask >> number & 1) for number in range(8)}
        result = await ours.execute(text, wanted)
        assert list(result.data or {}) == [f"w{number}" for number in range(8) if wanted[f"c{number}"]] + ["__typename"]
    operation = ours.operations.find(text, None)
    assert isinstance(operation, Operation)
    assert operation.source.count("# query (anonymous) where") == MOST_VARIANTS


async def test_an_operation_type_that_is_not_allowed_is_refused_as_stock_strawberry_refuses_it() -> None:
    with pytest.raises(Exception, match="MUTATION"):
        await compiled(SCHEMA).execute(
            'mutation { noteNow(word: "w") }', None, context(), allowed_operation_types=[OperationType.QUERY]
        )


async def test_it_stands_in_for_the_schema_elsewhere() -> None:
    assert OURS.as_str() == OURS.stock.as_str()
    assert OURS.config is OURS.stock.config


class Counting(SchemaExtension):
    def on_operation(self) -> Any:
        LOG.append("operation")
        yield


@pytest.mark.parametrize(
    ("extensions", "query", "reason"),
    [
        ((), "{ word", "the document does not parse"),
        ((), "{ nothing }", "the document is not valid"),
        ((), "{ __schema { queryType { name } } }", "introspection"),
        ((), "query A { word } query B { word }", "the request names no operation of the document"),
        ((Counting,), "{ word }", "the schema extension Counting may change any step of an execution"),
        (
            (lambda: MaxAliasesLimiter(max_alias_count=1),),
            "{ word }",
            "the schema extension <lambda> may change any step of an execution",
        ),
        ((ParserCache, ValidationCache), "{ word }", None),
    ],
)
async def test_why_an_operation_runs_by_stock_strawberry(extensions: Any, query: str, reason: str | None) -> None:
    schema = strawberry.Schema(Query, extensions=extensions)
    ours = compiled(schema)
    found = ours.operations.find(query, None)
    assert (found if isinstance(found, str) else None) == reason
    if reason is not None:
        assert ours.explain(query) == f"# Runs by stock Strawberry: {reason}.\n"
    ours_result, stock_result = await ours.execute(query), await schema.execute(query)
    assert ours_result.data == stock_result.data
    assert [str(error) for error in ours_result.errors or []] == [str(error) for error in stock_result.errors or []]
    assert ("operation" in LOG) == (Counting in extensions)


def test_subscriptions_run_by_stock_strawberry() -> None:
    assert compiled(SCHEMA).operations.find("subscription { count }", None) == "a subscription"
