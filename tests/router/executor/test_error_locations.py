"""Locations of execution errors point into the text of the request at hand, whatever plan and subgraph were at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from shop import Shop, supergraph
from ways import answer_by_each_way

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor import InProcessTransport, SubgraphRequest
from router.operation import GraphQLRequest
from router.pipeline import Answer, Pipeline


def down(request: SubgraphRequest) -> Exception:
    return SubgraphUnavailable("away")


def broken(path: list[Any]) -> Any:
    def answer(request: SubgraphRequest) -> Any:
        error = {"message": "broken", "path": path, "locations": [{"line": 77, "column": 77}]}
        return {"data": None, "errors": [error]}

    return answer


# A caret marks where each location must point; it is taken out of the text before the request is made.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "a field": ("{ ^me { id } }", {"users": down}),
    "an aliased field begins at its alias": ("{ me { id } a: product(upc: 1) { name ^b: inStock } }", {"stock": down}),
    "on a later line, after Korean and emoji": (
        '{\n  # 한글 🚆\n  me { id }\n  none: product(upc: "가 🚆") { name } product(upc: 2) {\n    ^inStock\n  }\n}',
        {"stock": down},
    ),
    "on a line with emoji before it": ('{ none: product(upc: "가 🚆") { name } ^me { id } }', {"users": down}),
    "in a named fragment": (
        "query { product(upc: 1) { ...F } } fragment F on Product { name ^inStock }",
        {"stock": down},
    ),
    "in nested fragments": (
        "{ products { ... on Product { ...F } } } fragment F on Product { ...G } fragment G on Product { ^inStock }",
        {"stock": down},
    ),
    "a field selected twice has both places": (
        "{ product(upc: 1) { ^reviews { id } ... on Product { ^reviews { body } } } }",
        {"reviews": down},
    ),
    "twice in merged parents": (
        "{ product(upc: 1) { reviews { ^author { id } } reviews { ^author { name } } } }",
        {"reviews": lambda _: {"data": {"_entities": [{"reviews": [{"author": None}]}]}}},
    ),
    "not where a condition leaves it out": (
        "query($x: Boolean! = false) { product(upc: 1) { inStock @include(if: $x) ... { ^inStock } } }",
        {"stock": down},
    ),
    "behind a type condition": (
        "{ things { ... on Product { ^u: upc } __typename } }",
        {"products": lambda _: {"data": {"things": [{"__typename": "Product", "u": None}]}}},
    ),
    "a non-null field deep in lists": (
        "{ matrix {\n ^upc } }",
        {"products": lambda _: {"data": {"matrix": [[{"upc": "1"}, {"upc": None}]]}}},
    ),
    "an enum value nobody may see": (
        "{ product(upc: 1) { ^kind } }",
        {"products": lambda _: {"data": {"product": {"kind": "HIDDEN"}}}},
    ),
    "an error a subgraph reports at an entity's field": (
        "{ products(first: 1) { ^inStock } }",
        {"stock": broken(["_entities", 0, "inStock"])},
    ),
    "an error about what the client did not select": (
        "{ ^products(first: 1) { shipping } }",
        {
            "products": lambda _: {
                "data": {"products": [{"upc": "1", "weight": 5}]},
                "errors": [{"message": "no scales", "path": ["products", 0, "weight"]}],
            }
        },
    ),
    "a mutation": ("mutation { ^rename(upc: 1) { name } }", {"products": broken(["rename"])}),
    "a root named by an alias": ("{ ^ich: me { id } }", {"users": broken(["ich"])}),
}


def marked(text: str) -> tuple[str, list[dict[str, int]]]:
    places = []
    while "^" in text:
        before, _, after = text.partition("^")
        places.append({"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")})
        text = before + after
    return text, places


async def errors_of(one: Pipeline, text: str) -> list[dict[str, Any]]:
    answer = orjson.loads(await answer_by_each_way(one, GraphQLRequest(text, None, {})))
    return list(answer["errors"])


@pytest.mark.parametrize(("text", "misbehaviour"), CASES.values(), ids=CASES)
async def test_errors_point_at_the_selection(text: str, misbehaviour: dict[str, Any]) -> None:
    text, places = marked(text)
    shop = Shop()
    shop.answers.update(misbehaviour)
    errors = await errors_of(Pipeline(supergraph(), shop.transports), text)
    assert errors
    for error in errors:
        assert error["locations"] == places


async def test_texts_that_share_a_plan_have_their_own_locations() -> None:
    shop = Shop()
    shop.answers["users"] = down
    one = Pipeline(supergraph(), shop.transports)
    for written in ("{ ^me { id } }", "\n\n query {\n   ^me { id } }", "{ ...F } fragment F on Query { ^me { id } }"):
        text, places = marked(written)
        (error,) = await errors_of(one, text)
        assert error["locations"] == places
    assert one.counters.plans_made == 1


async def test_every_error_of_many_is_located() -> None:
    shop = Shop()
    shop.answers["stock"] = down
    shop.answers["products"] = lambda _: {"data": {"products": [{"upc": str(n)} for n in range(600)]}}
    text, places = marked("{ products { " + " ".join(f"a{n}: name" for n in range(50)) + " ^inStock } }")
    *errors, last = await errors_of(Pipeline(supergraph(), shop.transports), text)
    assert [error["locations"] for error in errors] == [places] * 500
    assert "locations" not in last


async def test_events_and_the_end_of_a_subscription_are_located() -> None:
    async def opened(request: SubgraphRequest, caller: Caller) -> AsyncIterator[Any]:
        yield {"data": {"neu": None}, "errors": [{"message": "no price", "path": ["neu"]}]}
        raise SubgraphUnavailable("away")

    shop = Shop()
    transports = {**shop.transports, "products": InProcessTransport(shop.transports["products"].execute, opened)}
    text, places = marked("subscription {\n  ^neu: priced { name } }")
    events = await Pipeline(supergraph(), transports).subscribe(GraphQLRequest(text, None, {}), Caller())
    assert not isinstance(events, Answer)
    answers = [orjson.loads(event) async for event in events]
    assert [[(error["path"], error["locations"]) for error in answer["errors"]] for answer in answers] == [
        [(["neu"], places)],
        [(["neu"], places)],
    ]
