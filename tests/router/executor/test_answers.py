"""Planned, compiled and run over real subgraphs: the same bytes as graphql-core over the merged schema."""

from typing import Any

import orjson
import pytest
from shop import Shop, expected, supergraph

from router.caller import Caller
from router.executor import CompiledPlan, compile_plan
from router.operation import coerce_variables, parse_request
from router.planner import plan

CASES: list[tuple[str, dict[str, Any]]] = [
    ("{ __typename }", {}),
    ("{ a: __typename b: __typename me { c: __typename id __typename } }", {}),
    ("mutation { __typename t: __typename greet }", {}),
    (
        "{ ... on Query { __typename } ...F } fragment F on Query { x: __typename me { u: __typename } }",
        {},
    ),
    ("{ products { p: __typename ... on Thing { q: __typename } } }", {}),
    (
        "query($c: Boolean!) { __typename @include(if: $c) y: __typename me { t: __typename @skip(if: $c) } }",
        {"c": True},
    ),
    (
        "query($c: Boolean!) { __typename @include(if: $c) y: __typename me { t: __typename @skip(if: $c) } }",
        {"c": False},
    ),
    ("{ products { name upc } }", {}),
    ("{ me { name } products { reviews { author { email name } } } }", {}),
    ("{ products { shipping } }", {}),
    ("{ products { b: inStock a: shipping upc weight } first: products(first: 1) { name kind } }", {}),
    ("{ products { reviews { product { name reviews { body author { id } } } } } }", {}),
    ("{ matrix { upc inStock __typename } }", {}),
    ("{ product(upc: 99) { name shipping reviews { id } } }", {}),
    ("query($n: Int) { products(first: $n) { name } }", {"n": 2}),
    ("query($n: Int) { products(first: $n) { name } }", {}),
    ("query($on: Boolean) { flag(on: $on) }", {}),
    ("query($on: Boolean) { flag(on: $on) }", {"on": None}),
    ("query($c: Boolean!) { products { name reviews @include(if: $c) { author { name } } } }", {"c": True}),
    ("query($c: Boolean!) { products { name reviews @include(if: $c) { author { name } } } }", {"c": False}),
    ("query($c: Boolean!) { products { shipping @skip(if: $c) name ... @include(if: $c) { inStock } } }", {"c": True}),
    ("query($c: Boolean!) { products { shipping @skip(if: $c) name ... @include(if: $c) { inStock } } }", {"c": False}),
    ("query($c: Boolean!) { me @include(if: $c) { id } me @skip(if: $c) { name } t: __typename }", {"c": True}),
    ("query($c: Boolean!) { me @include(if: $c) { id } me @skip(if: $c) { name } t: __typename }", {"c": False}),
    ("query($c: Boolean!) { products @include(if: $c) { name } products { upc } }", {"c": True}),
    ("query($c: Boolean!) { products @include(if: $c) { name } products { upc } }", {"c": False}),
    ("{ products { name @include(if: false) } me { id } }", {}),
    ('{ me { id } __schema { queryType { name } } __type(name: "Kind") { enumValues { name } } }', {}),
    ("query($t: String!) { __type(name: $t) { name fields { name } } me { __typename } }", {"t": "Review"}),
    ('{ __type(name: "Secret") { name } }', {}),
    ('mutation { rename(upc: 1, name: "x") { name shipping } greet again: rename(upc: 2) { name inStock } }', {}),
]


@pytest.mark.parametrize(("text", "variables"), CASES)
async def test_answers_as_a_monolith_would(text: str, variables: dict[str, Any]) -> None:
    graph, shop = supergraph(), Shop()
    operation = parse_request(text, None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph)
    body = await compiled(coerce_variables(operation, graph.api_schema, variables), Caller(), shop.transports)
    assert body == orjson.dumps({"data": expected(graph.api_schema, text, variables)})


@pytest.mark.parametrize(("text", "variables"), CASES)
async def test_a_plan_answers_the_same_before_it_is_compiled(text: str, variables: dict[str, Any]) -> None:
    graph = supergraph()
    operation = parse_request(text, None, graph.api_schema)
    ready = CompiledPlan(plan(graph, operation), operation, graph)
    values = coerce_variables(operation, graph.api_schema, variables)
    before, after = Shop(), Shop()
    body = await ready(values, Caller(), before.transports)
    assert ready.source == ""
    ready.compile()
    assert await ready(values, Caller(), after.transports) == body
    assert sorted((n, r.body) for n, r in before.requests) == sorted((n, r.body) for n, r in after.requests)


async def test_each_entity_is_asked_for_once() -> None:
    graph, shop = supergraph(), Shop()
    operation = parse_request("{ products { reviews { author { name } product { name } } } }", None, graph.api_schema)
    await compile_plan(plan(graph, operation), operation, graph)({}, Caller(), shop.transports)
    asked = {
        (name, tuple(r.get("id") or r["upc"] for r in request.variables["representations"]))
        for name, request in shop.requests
        if "representations" in request.variables
    }
    assert asked == {("reviews", ("1", "2", "3")), ("users", ("1", "2")), ("products", ("1", "2"))}


async def test_no_request_without_representations() -> None:
    graph, shop = supergraph(), Shop()
    operation = parse_request("{ product(upc: 99) { shipping reviews { author { name } } } }", None, graph.api_schema)
    body = await compile_plan(plan(graph, operation), operation, graph)({}, Caller(), shop.transports)
    assert body == b'{"data":{"product":null}}'
    assert [name for name, _ in shop.requests] == ["products"]


async def test_variables_that_were_not_given_stay_absent_in_subgraph_requests() -> None:
    graph, shop = supergraph(), Shop()
    text = "query($n: Int, $on: Boolean) { products(first: $n) { name } flag(on: $on) }"
    operation = parse_request(text, None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph)
    await compiled({"on": None}, Caller(), shop.transports)
    assert {name: dict(request.variables) for name, request in shop.requests} == {"products": {}, "users": {"on": None}}
    assert all(orjson.loads(request.body).get("variables", {}) == request.variables for _, request in shop.requests)


async def test_mutations_run_one_after_the_other() -> None:
    graph, shop = supergraph(), Shop()
    text = "mutation { greet rename(upc: 1) { upc } again: greet }"
    operation = parse_request(text, None, graph.api_schema)
    body = await compile_plan(plan(graph, operation), operation, graph)({}, Caller(), shop.transports)
    assert body == b'{"data":{"greet":"hi","rename":{"upc":"1"},"again":"hi"}}'
    assert [(name, request.is_mutation) for name, request in shop.requests] == [
        ("users", True),
        ("products", True),
        ("users", True),
    ]


def test_source_is_readable_and_tracebacks_point_into_it() -> None:
    import linecache

    graph = supergraph()
    operation = parse_request("query Names { products { name } }", None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph)
    assert "async def execute(run):" in compiled.source
    assert "def answer(E, I, R, v):" in compiled.source
    filename = compiled._unmerged.execute.__code__.co_filename
    assert "".join(linecache.getlines(filename)) == compiled.source
    del compiled
    assert linecache.getlines(filename) == []
