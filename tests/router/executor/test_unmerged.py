"""Plans that run without merging: which do, what they ask for, and that a surprise changes nothing for the client."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import Shop, supergraph

from router.caller import Caller
from router.errors import SubgraphUnavailable
from router.executor import CompiledPlan, InProcessTransport, SubgraphRequest, compile_plan
from router.executor.json_bytes import dumps
from router.operation import parse_request
from router.planner import plan

GRAPH = supergraph()

FIT = [
    "{ products { name upc inStock } }",
    "{ me { name } products { reviews { author { email name } product { name } } } }",
    "{ products { b: inStock a: shipping upc weight } first: products(first: 1) { name kind } }",
    "{ matrix { upc inStock __typename } }",
    'mutation { rename(upc: 1, name: "x") { name shipping } greet again: rename(upc: 2) { name inStock } }',
    "query($n: Int) { products(first: $n) { name reviews { author { name } } } }",
]

UNFIT = [
    ("{ __typename }", "nothing is fetched"),
    ("{ me { id } __schema { queryType { name } } }", "introspection"),
    ("query($c: Boolean!) { products { name inStock @include(if: $c) } }", "a ConditionNode"),
    ("query($c: Boolean!) { products { name kind @include(if: $c) } }", "conditions"),
]


def compiled(text: str) -> CompiledPlan:
    operation = parse_request(text, None, GRAPH.api_schema)
    return compile_plan(plan(GRAPH, operation), operation, GRAPH)


def interpreted(text: str) -> CompiledPlan:
    operation = parse_request(text, None, GRAPH.api_schema)
    return CompiledPlan(plan(GRAPH, operation), operation, GRAPH)


@pytest.mark.parametrize("text", FIT)
def test_usual_plans_merge_nothing(text: str) -> None:
    made = compiled(text)
    assert made.merges == ""
    assert "def answer(E, I, R, v):" in made.source


@pytest.mark.parametrize(("text", "reason"), UNFIT)
def test_others_say_why_they_merge(text: str, reason: str) -> None:
    assert compiled(text).merges == reason


async def test_fetches_that_ask_the_same_are_one_request() -> None:
    shop = Shop()
    text = "{ products { reviews { author { name } } } product(upc: 2) { reviews { author { name } } } }"
    answer = await compiled(text)({}, Caller(), shop.transports)
    assert [name for name, _ in shop.requests] == ["products", "reviews", "users"]
    assert answer == await interpreted(text)({}, Caller(), Shop().transports)


async def test_an_answer_shared_with_others_is_never_written_to() -> None:
    shop, kept = Shop(), []

    def remembering(transport: Any) -> InProcessTransport:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            assert request.read_only
            answer = await transport.execute(request, caller)
            kept.append((answer, copy.deepcopy(answer)))
            return answer

        return InProcessTransport(execute)

    transports = {name: remembering(transport) for name, transport in shop.transports.items()}
    await compiled(FIT[1])({}, Caller(), transports)
    assert all(answer == before for answer, before in kept)


def spoiled(seed: int, shop: Shop) -> Shop:
    """The shop with values of its answers nulled, lost or of another kind, and errors told, the same for equal asks."""

    def spoil(random: Random, value: Any) -> Any:
        kinds = (
            ["drop", "null", "kind", "below", "below", "below"] if isinstance(value, dict | list) else ["null", "kind"]
        )
        kind = random.choice(kinds)
        if kind == "kind":
            return random.choice([7, "text", [], {}, [None]])
        if kind == "null" or not value:
            return None
        if isinstance(value, list):
            at = random.randrange(len(value))
            return [spoil(random, item) if number == at else item for number, item in enumerate(value)]
        key = random.choice(sorted(value))
        rest = {name: item for name, item in value.items() if name != key}
        return rest if kind == "drop" else {**value, key: spoil(random, value[key])}

    def transport(name: str, inner: Any) -> InProcessTransport:
        async def execute(request: SubgraphRequest, caller: Caller) -> Any:
            answer = await inner.execute(request, caller)
            asked = request.variables.get("representations")
            if asked is None:
                random = Random(f"{seed} {name} {request.query}")
                if random.random() < 0.1:
                    raise SubgraphUnavailable("down")
                return {"data": spoil(random, answer["data"])} if random.random() < 0.3 else answer
            entities, errors = [], []
            for number, (key, entity) in enumerate(zip(asked, answer["data"]["_entities"], strict=True)):
                random = Random(f"{seed} {name} {request.query} {dumps(key).decode()}")
                spoils = random.random() < 0.4
                entities.append(spoil(random, entity) if spoils else entity)
                if spoils and random.random() < 0.5:
                    errors.append({"message": "no", "path": ["_entities", number], "extensions": {"code": "NO"}})
            found = [entity if isinstance(entity, dict) else None for entity in entities]
            return {"data": {"_entities": found}, **({"errors": errors} if errors else {})}

        return InProcessTransport(execute)

    shop.transports = {name: transport(name, inner) for name, inner in shop.transports.items()}
    return shop


def comparable(body: bytes) -> Any:
    found = json.loads(body)
    return found["data"], sorted(orjson.dumps(error) for error in found.get("errors", []))


@pytest.mark.parametrize("text", FIT)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
async def test_surprises_are_answered_as_the_general_way_does(text: str, seed: int) -> None:
    ours = await compiled(text)({}, Caller(), spoiled(seed, Shop()).transports)
    expected = await interpreted(text)({}, Caller(), spoiled(seed, Shop()).transports)
    assert comparable(ours) == comparable(expected)


async def test_nothing_is_asked_twice_because_of_a_surprise() -> None:
    shop = Shop()
    shop.answers["stock"] = lambda request: {"data": {"_entities": [None]}, "errors": [{"message": "no"}]}
    text = 'mutation { rename(upc: 1, name: "x") { name inStock } greet }'
    found = orjson.loads(await compiled(text)({}, Caller(), shop.transports))
    assert found["data"] == {"rename": {"name": "x", "inStock": None}, "greet": "hi"}
    assert sorted(name for name, _ in shop.requests) == ["products", "stock", "users"]
