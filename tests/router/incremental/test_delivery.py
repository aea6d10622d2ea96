"""When parts run: after the first response, side by side, never twice, not ahead of a client that does not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast

import orjson
import pytest
from library import LINK, Library
from merging import merged
from worlds import payloads_of, world_pipeline

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor.incremental import delivery, draft
from router.federation.supergraph import read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Answer

TWO = '{ book(id: 1) { id ... @defer(label: "r") { rating } ... @defer(label: "t") { title } } }'


async def opened(library: Library, document: str) -> AsyncIterator[bytes]:
    found = await library.pipeline.deliver(GraphQLRequest(document), Caller(), draft)
    assert not isinstance(found, Answer)
    return found


async def test_nothing_deferred_is_fetched_before_the_first_response_was_taken() -> None:
    library = Library()
    responses = await opened(library, TWO)
    assert len(library.requests) == 1
    assert orjson.loads(await anext(responses))["data"] == {"book": {"id": "1"}}
    await asyncio.sleep(0.01)
    assert len(library.requests) == 1
    await anext(responses)
    assert len(library.requests) == 3
    await cast(Any, responses).aclose()


async def test_a_slow_part_does_not_hold_back_a_fast_one() -> None:
    library = Library()
    library.gates["reviews"] = asyncio.Event()
    responses = await opened(library, TWO)
    await anext(responses)
    fast = orjson.loads(await anext(responses))
    assert fast["incremental"] == [{"id": "1", "data": {"title": "title 1"}}]
    assert fast["completed"] == [{"id": "1"}]
    assert fast["hasNext"] is True
    library.gates["reviews"].set()
    slow = orjson.loads(await anext(responses))
    assert slow["incremental"] == [{"id": "0", "data": {"rating": 10}}]
    assert slow["hasNext"] is False
    with pytest.raises(StopAsyncIteration):
        await anext(responses)


async def test_closing_ends_what_runs() -> None:
    library = Library()
    library.gates["reviews"] = asyncio.Event()
    responses = await opened(library, TWO)
    await anext(responses)
    await anext(responses)
    assert library.running == 1
    await cast(Any, responses).aclose()
    assert (library.running, library.cancelled) == (0, 1)


async def test_no_field_and_no_entity_is_fetched_twice() -> None:
    library = Library()
    document = """{ books(first: 2) { title rating
      ... @defer { rating must } ... @defer { must best { stars } title } } }"""
    found = await payloads_of(library.pipeline, GraphQLRequest(document))
    assert merged(found).data["books"][1] == {"title": "title 2", "rating": 20, "must": 2, "best": {"stars": 2}}
    for field in ("title", "rating", "must", "best"):
        assert sum(field in query for _, query in library.requests) == 1, field


async def test_a_streams_tail_is_fetched_after_its_head_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 2)
    library = Library()
    responses = await opened(library, "{ books @stream(initialCount: 1) { rating } }")
    first = orjson.loads(await anext(responses))
    assert first["data"] == {"books": [{"rating": 10}]}
    assert [len(sent) for sent in library.sent] == [0, 1]
    found = [first, *[orjson.loads(body) async for body in responses]]
    assert [len(sent) for sent in library.sent] == [0, 1, 2, 2]
    assert merged(found).data == {"books": [{"rating": n * 10} for n in range(1, 6)]}


async def test_a_client_that_does_not_read_lets_few_batches_run_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 1)
    monkeypatch.setattr(delivery, "QUEUE", 1)
    library = Library()
    responses = await opened(library, "{ shelves { books @stream { rating reviews @stream { stars } } } }")
    await anext(responses)
    await anext(responses)
    await asyncio.sleep(0.05)
    assert len(library.requests) < 5, "one batch was taken, one waits in the queue, one waits to be queued"
    await cast(Any, responses).aclose()


async def test_a_list_that_is_sent_to_a_subgraph_is_not_cut() -> None:

    subgraphs = {
        "a": 'type Query { t: T } type T @key(fields: "id") { id: ID! tags: [Int] }',
        "b": 'type T @key(fields: "id") { id: ID! tags: [Int] @external sum: Int @requires(fields: "tags") }',
    }
    sources = [SubgraphSource(name, f"http://{name}.test", LINK + sdl) for name, sdl in subgraphs.items()]
    pipeline = world_pipeline(read_supergraph(compose(sources).supergraph_sdl))
    (answer,) = await payloads_of(pipeline, GraphQLRequest("{ t { tags @stream sum } }"))
    assert len(answer["data"]["t"]["tags"]) == 2
    assert len(await payloads_of(pipeline, GraphQLRequest("{ t { tags @stream } }"))) == 2


async def test_a_defect_fails_the_part_it_is_in(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    library = Library()
    found = await library.pipeline._prepare(GraphQLRequest(TWO), Caller(), in_parts=True)
    plan: Any = found.plan

    async def broken(run: Any) -> None:
        raise ZeroDivisionError

    parts = {**plan._program.parts, (None, 1): broken}
    monkeypatch.setattr(plan, "_program", replace(plan._program, parts=parts))
    result = merged(await payloads_of(library.pipeline, GraphQLRequest(TWO)))
    assert result.data == {"book": {"id": "1", "rating": None, "title": "title 1"}}
    assert [error["extensions"]["code"] for error in result.errors] == ["INTERNAL_SERVER_ERROR"]
    assert "a defect of the router" in caplog.text
