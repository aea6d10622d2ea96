"""What clients see when subgraphs fail: which fields are null, which errors, at which paths."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from shop import Shop, supergraph

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.errors import SubgraphUnavailable
from router.executor import ExecutionSettings, InProcessTransport, SubgraphRequest, compile_plan
from router.federation.supergraph import read_supergraph
from router.operation import parse_request
from router.planner import plan

Misbehaviour = Callable[[SubgraphRequest], Any]


async def answer(
    text: str,
    misbehaviour: dict[str, Misbehaviour],
    language: str = "en",
) -> dict[str, Any]:
    graph, shop = supergraph(), Shop()
    shop.answers.update(misbehaviour)
    operation = parse_request(text, None, graph.api_schema)
    settings = ExecutionSettings(timeout=0.2)
    compiled = compile_plan(plan(graph, operation), operation, graph, settings=settings)
    found: dict[str, Any] = orjson.loads(await compiled({}, Caller(language=language), shop.transports))
    return found


def told(found: dict[str, Any]) -> list[tuple[str, list[Any] | None]]:
    return [(error["extensions"]["code"], error.get("path")) for error in found.get("errors", [])]


def down(request: SubgraphRequest) -> Exception:
    return SubgraphUnavailable("connection to 10.0.0.7 refused")


def entities(*values: Any, errors: Any = None) -> Misbehaviour:
    return lambda request: {"data": {"_entities": list(values)}, **({"errors": errors} if errors else {})}


async def test_a_failed_fetch_nulls_only_its_fields() -> None:
    found = await answer("{ products(first: 1) { name inStock } me { name } }", {"stock": down, "users": down})
    assert found["data"] == {"products": [{"name": "product 1", "inStock": None}], "me": None}
    assert sorted(told(found)) == [
        ("SUBGRAPH_UNAVAILABLE", ["me"]),
        ("SUBGRAPH_UNAVAILABLE", ["products", 0, "inStock"]),
    ]
    assert {error["extensions"]["serviceName"] for error in found["errors"]} == {"stock", "users"}
    assert "10.0.0.7" not in orjson.dumps(found).decode()


async def test_null_spreads_from_a_failed_non_null_field_without_a_second_error() -> None:
    found = await answer("{ product(upc: 1) { name shipping } me { id } }", {"stock": down})
    assert found["data"] == {"product": None, "me": {"id": "1"}}
    assert told(found) == [("SUBGRAPH_UNAVAILABLE", ["product", "shipping"])]


async def test_null_spreads_to_the_root() -> None:
    found = await answer("{ products { name } }", {"products": down})
    assert found["data"] is None
    assert told(found) == [("SUBGRAPH_UNAVAILABLE", ["products"])]


async def test_an_entity_error_is_told_at_every_position_that_shares_the_entity() -> None:
    boom = {"message": "no such user", "path": ["_entities", 0, "name"], "extensions": {"code": "GONE"}}
    found = await answer(
        "{ products { reviews { author { name } } } }",
        {"users": entities({"name": None}, {"name": "two"}, errors=[boom])},
    )
    assert told(found) == [
        ("GONE", ["products", 0, "reviews", 0, "author", "name"]),
        ("GONE", ["products", 1, "reviews", 1, "author", "name"]),
    ]
    assert found["errors"][0]["message"] == "no such user"
    assert found["data"]["products"][1]["reviews"][0]["author"] == {"name": "two"}


async def test_an_error_that_nulls_an_entity_accounts_for_all_its_fields() -> None:
    boom = {"message": "x", "path": ["_entities", 0, "b"], "extensions": {"code": "X"}}
    found = await answer("{ product(upc: 1) { b: shipping c: shipping } }", {"stock": entities(None, errors=[boom])})
    assert found["data"] == {"product": None}
    assert told(found) == [("X", ["product", "b"])]


async def test_an_error_that_nulls_an_object_accounts_for_the_fields_other_fetches_bring() -> None:
    head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@shareable"])'
    sdls = {
        "rail": f"{head} type Query {{ hall: Hall @shareable }} type Hall {{ a: Int! b: Int! }}",
        "air": f"{head} type Query {{ hall: Hall @shareable }} type Hall {{ c: Int }}",
    }
    boom = {"message": "x", "path": ["hall", "a"], "extensions": {"code": "X"}}
    answers = {"rail": {"data": {"hall": None}, "errors": [boom]}, "air": {"data": {"hall": {"c": 1}}}}

    def serving(name: str) -> InProcessTransport:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            return answers[name]

        return InProcessTransport(execute)

    composed = compose([SubgraphSource(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    graph = read_supergraph(composed.supergraph_sdl)
    operation = parse_request("{ hall { b a c } }", None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph)
    found = orjson.loads(await compiled({}, Caller(), {name: serving(name) for name in sdls}))
    assert found["data"] == {"hall": None}
    assert told(found) == [("X", ["hall", "a"])]


async def test_an_entity_error_on_a_hidden_field_is_told_at_its_object() -> None:
    boom = {"message": "x", "path": ["_entities", 1, "hidden", 0, "deep"], "extensions": {"code": "X"}}
    found = await answer("{ products { inStock } }", {"stock": entities({"inStock": True}, None, None, errors=[boom])})
    assert told(found) == [("X", ["products", 1])]
    assert [product["inStock"] for product in found["data"]["products"]] == [True, None, None]


async def test_masked_text_is_in_the_callers_language() -> None:
    found = await answer("{ me { id } }", {"users": down}, language="ko")
    assert found["errors"][0]["message"] == "하위 그래프 users이(가) 응답하지 않습니다."


MALFORMED: list[tuple[str, Misbehaviour]] = [
    ("no object", lambda _: "text"),
    ("no data", lambda _: {}),
    ("null data", lambda _: {"data": None}),
    ("entities missing", lambda _: {"data": {}}),
    ("too few entities", entities()),
    ("an entity that is no object", entities("x")),
    ("entities that are no list", lambda _: {"data": {"_entities": {"a": 1}}}),
    ("an unexpected exception", lambda _: RuntimeError("defect")),
]


@pytest.mark.parametrize("misbehaviour", [one for _, one in MALFORMED], ids=[name for name, _ in MALFORMED])
async def test_malformed_entity_responses_count_as_no_answer(misbehaviour: Misbehaviour) -> None:
    found = await answer("{ products(first: 1) { name inStock } }", {"stock": misbehaviour})
    assert found["data"] == {"products": [{"name": "product 1", "inStock": None}]}
    assert told(found) == [("SUBGRAPH_UNAVAILABLE", ["products", 0, "inStock"])]


VALUES: list[tuple[str, Any, Any, list[tuple[str, list[Any]]]]] = [
    ("{ product(upc: 1) { kind } }", {"product": {"kind": "HIDDEN"}}, {"product": {"kind": None}},
     [("INVALID_SUBGRAPH_VALUE", ["product", "kind"])]),
    ("{ product(upc: 1) { kind } }", {"product": {"kind": ["BOOK"]}}, {"product": {"kind": None}},
     [("INVALID_SUBGRAPH_VALUE", ["product", "kind"])]),
    ("{ product(upc: 1) { upc } }", {"product": {"upc": None}}, {"product": None},
     [("NULL_IN_NON_NULL_FIELD", ["product", "upc"])]),
    ("{ product(upc: 1) { upc } }", {"product": {}}, {"product": None},
     [("NULL_IN_NON_NULL_FIELD", ["product", "upc"])]),
    ("{ product(upc: 1) { upc } }", {"product": [1]}, {"product": None},
     [("INVALID_SUBGRAPH_VALUE", ["product"])]),
    ("{ product(upc: 1) { __typename } }", {"product": "text"}, {"product": None},
     [("INVALID_SUBGRAPH_VALUE", ["product"])]),
    ("{ products { name } }", {"products": "text"}, None, [("INVALID_SUBGRAPH_VALUE", ["products"])]),
    ("{ products { name } }", {"products": [{"name": "a"}, None]}, None,
     [("NULL_IN_NON_NULL_FIELD", ["products", 1])]),
    ("{ matrix { name } }", {"matrix": [[None, {"name": "a"}], None]}, {"matrix": None},
     [("NULL_IN_NON_NULL_FIELD", ["matrix", 1])]),
    ("{ things { upc } }", {"things": [{"__typename": "Product", "upc": "1"}, {"__typename": "Secret", "upc": "s"}]},
     {"things": [{"upc": "1"}, None]}, [("INVALID_SUBGRAPH_VALUE", ["things", 1])]),
    ("{ things { upc __typename } }", {"things": [{"upc": "1"}, None]}, {"things": [None, None]},
     [("INVALID_SUBGRAPH_VALUE", ["things", 0])]),
    ("{ product(upc: 1) { name } }", {}, {"product": None}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data", "shown", "errors"), VALUES)
async def test_values_that_do_not_fit(text: str, data: Any, shown: Any, errors: list[tuple[str, list[Any]]]) -> None:
    found = await answer(text, {"products": lambda _: {"data": data}})
    assert found["data"] == shown
    assert told(found) == errors


async def test_a_subgraph_that_does_not_answer_in_time() -> None:
    import asyncio

    graph, shop = supergraph(), Shop()

    class Silent:
        async def execute(self, request: Any, caller: Any) -> Any:
            await asyncio.sleep(60)

        def subscribe(self, request: Any, caller: Any) -> Any:
            raise AssertionError

        async def aclose(self) -> None: ...

    operation = parse_request("{ me { id } products { upc } }", None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph, settings=ExecutionSettings(timeout=0.05))
    found = orjson.loads(await compiled({}, Caller(), {**shop.transports, "users": Silent()}))
    assert found["data"]["me"] is None
    assert len(found["data"]["products"]) == 3
    assert told(found) == [("SUBGRAPH_UNAVAILABLE", ["me"])]


async def test_errors_are_bounded() -> None:
    many = [{"upc": str(number)} for number in range(2_000)]
    found = await answer(
        "{ products { inStock } }", {"products": lambda _: {"data": {"products": many}}, "stock": down}
    )
    assert len(found["errors"]) == 501
    assert found["errors"][-1] == {
        "message": "1500 more errors are not shown.",
        "extensions": {"code": "TOO_MANY_ERRORS"},
    }
