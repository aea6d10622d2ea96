"""How far a null spreads (spec section 6.4.4), for every nesting of lists and ``!`` and a null at every place.

The field is one of a root field's object, or comes by an entity fetch.
The judge is graphql-core over the merged schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import orjson
import pytest
from graphql import graphql_sync
from ways import ANYONE, answer_by_each_way

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Pipeline

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable"])\n'
FIRST = """
type Query {{ a: A{bang} }}
type A @key(fields: "id") {{ id: ID! here: {type} }}
type T @shareable {{ x: Int n: Int! }}
"""
SECOND = """
type A @key(fields: "id") {{ id: ID! there: {type} }}
type T @shareable {{ x: Int n: Int! }}
"""
FULL = {"Int": 7, "T": {"x": 1, "n": 2}}

Place = tuple[int | str, ...]


def nestings(named: str, lists: int) -> Iterator[str]:
    """``X``, ``X!``, ``[X]`` … with up to so many lists."""
    for depth in range(lists + 1):
        for bangs in product(("", "!"), repeat=depth + 1):
            printed = named + bangs[0]
            for bang in bangs[1:]:
                printed = f"[{printed}]{bang}"
            yield printed


TYPES = [printed for named in FULL for printed in nestings(named, 2)] + ["[[[T!]!]]!", "[[[Int]!]]", "[[[Int!]!]!]!"]


def full(printed: str) -> Any:
    """A value of the type without nulls: lists of two."""
    value: Any = FULL["T" if "T" in printed else "Int"]
    for _ in range(printed.count("[")):
        value = [value, value]
    return value


def places(value: Any) -> Iterator[Place]:
    """Every place in a value at which a null may stand."""
    yield ()
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for step, below in items:
        yield from ((step, *place) for place in places(below))


def with_null(value: Any, place: Place) -> Any:
    if not place:
        return None
    step, *rest = place
    if isinstance(value, dict):
        return {**value, step: with_null(value[step], tuple(rest))}
    return [with_null(item, tuple(rest)) if index == step else item for index, item in enumerate(value)]


@cache
def supergraph(printed: str, bang: str) -> Supergraph:
    subgraphs = {"first": FIRST.format(type=printed, bang=bang), "second": SECOND.format(type=printed)}
    return read_supergraph(
        compose([SubgraphSource(name, f"http://{name}", LINK + sdl) for name, sdl in subgraphs.items()]).supergraph_sdl
    )


class Answers:
    """Two subgraphs that answer what ``value`` is at the moment, well formed or not."""

    def __init__(self) -> None:
        self.value: Any = None
        self.transports = {"first": InProcessTransport(self._first), "second": InProcessTransport(self._second)}

    async def _first(self, request: SubgraphRequest, caller: Caller) -> Any:
        return fresh({"data": {"a": {"__typename": "A", "id": "1", "here": self.value}}})

    async def _second(self, request: SubgraphRequest, caller: Caller) -> Any:
        return fresh({"data": {"_entities": [{"__typename": "A", "there": self.value}]}})


def fresh(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value))


@pytest.mark.parametrize("printed", TYPES)
@pytest.mark.parametrize("field", ["here", "there"])
async def test_a_null_spreads_as_far_as_the_specification_says(printed: str, field: str) -> None:
    text = f"{{ a {{ id {field} {'{ x n }' if 'T' in printed else ''} }} }}"
    for bang in ("", "!"):
        answers, merged = Answers(), supergraph(printed, bang)
        router, request = Pipeline(merged, answers.transports), GraphQLRequest(text, None, {})
        answers.value = full(printed)
        assert b"errors" not in await answer_by_each_way(router, request)
        for place in places(full(printed)):
            answers.value = with_null(full(printed), place)
            found = orjson.loads((await router.execute(request, ANYONE)).body)
            expected = graphql_sync(merged.api_schema, text, {"a": {"id": "1", field: answers.value}}).formatted
            assert found["data"] == expected["data"], (bang, place)
            assert told(found) == told(expected), (bang, place)


def told(answer: Any) -> list[Any]:
    return [(error["message"], error["path"], error["locations"]) for error in answer.get("errors", ())]


async def test_a_null_reaches_past_several_non_null_objects() -> None:
    answers, merged = Answers(), supergraph("[T!]!", "!")
    answers.value = [{"x": 1, "n": None}]
    router = Pipeline(merged, answers.transports)
    body = await answer_by_each_way(router, GraphQLRequest("{ __typename a { there { n } } }", None, {}))
    assert orjson.loads(body)["data"] is None


async def test_several_nulls_each_have_an_error_where_none_explains_the_other() -> None:
    answers, merged = Answers(), supergraph("[T]", "")
    answers.value = [{"x": 1, "n": None}, {"x": 1, "n": 2}, {"x": None, "n": None}]
    router = Pipeline(merged, answers.transports)
    body = await answer_by_each_way(router, GraphQLRequest("{ a { there { x n } } }", None, {}))
    answer = orjson.loads(body)
    assert answer["data"] == {"a": {"there": [None, {"x": 1, "n": 2}, None]}}
    assert [error["path"] for error in answer["errors"]] == [["a", "there", 0, "n"], ["a", "there", 2, "n"]]
