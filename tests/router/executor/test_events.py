"""Subscriptions: one answer a source event, completed by other subgraphs; closing reaches the source."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
from shop import Shop, supergraph

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor import CompiledPlan, InProcessTransport, SubgraphRequest, compile_plan
from router.operation import parse_request
from router.planner import plan

TEXT = "subscription { priced { name upc reviews { author { name } } } }"


class Source:
    """A source of events that tells whether it was closed and how far it was read."""

    def __init__(self, *events: Any) -> None:
        self.events = events
        self.read = 0
        self.closed = False
        self.request: SubgraphRequest | None = None

    async def subscribe(self, request: SubgraphRequest, caller: Caller) -> AsyncIterator[Any]:
        self.request = request
        try:
            for event in self.events:
                self.read += 1
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed = True


def priced(upc: str) -> dict[str, Any]:
    return {"data": {"priced": {"__typename": "Product", "upc": upc, "name": f"p{upc}"}}}


def compiled() -> CompiledPlan:
    graph = supergraph()
    operation = parse_request(TEXT, None, graph.api_schema)
    return compile_plan(plan(graph, operation), operation, graph)


def transports(shop: Shop, source: Source) -> dict[str, Any]:
    async def none(request: SubgraphRequest, caller: Caller) -> Any:
        raise AssertionError("only the subscription reaches this subgraph")

    return {**shop.transports, "products": InProcessTransport(none, source.subscribe)}


async def answers(source: Source, shop: Shop | None = None) -> list[Any]:
    ways = transports(shop or Shop(), source)
    return [orjson.loads(body) async for body in compiled().events({}, Caller(), ways)]


async def test_each_event_is_completed_by_the_other_subgraphs() -> None:
    source = Source(priced("1"), priced("3"))
    assert await answers(source) == [
        {"data": {"priced": {"name": "p1", "upc": "1", "reviews": [{"author": {"name": "user 1"}}]}}},
        {"data": {"priced": {"name": "p3", "upc": "3", "reviews": []}}},
    ]
    assert source.request is not None
    assert "subscription" in source.request.query
    assert source.closed


async def test_an_event_that_fails_does_not_end_the_subscription() -> None:
    shop = Shop()
    shop.answers["reviews"] = lambda _: SubgraphUnavailable("down")
    error = {"message": "late", "path": ["priced"], "extensions": {"code": "LATE"}}
    found = await answers(Source(priced("1"), {"data": {"priced": None}, "errors": [error]}), shop)
    assert [one["errors"][0]["path"] for one in found] == [["priced", "reviews"], ["priced"]]
    assert found[0]["data"]["priced"]["name"] == "p1"


async def test_a_source_that_breaks_off_is_told_last() -> None:
    found = await answers(Source(priced("1"), SubgraphUnavailable("closed by 10.0.0.1")))
    assert len(found) == 2
    assert found[1]["data"] is None
    assert found[1]["errors"][0]["extensions"] == {"code": "SUBGRAPH_UNAVAILABLE", "serviceName": "products"}
    assert "10.0.0.1" not in str(found)


async def test_closing_the_iterator_closes_the_source_and_nothing_is_read_ahead() -> None:
    source = Source(*(priced("1") for _ in range(100)))
    stream: Any = compiled().events({}, Caller(), transports(Shop(), source))
    async with aclosing(stream) as bodies:
        await anext(bodies)
        assert source.read == 1
        assert not source.closed
    assert source.closed
    assert source.read == 1
