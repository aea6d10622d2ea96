"""Equal objects fold into one only where their representation says all that was fetched of them."""

import orjson
import pytest
from shop import Shop, expected, supergraph

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor import InProcessTransport, SubgraphRequest, compile_plan
from router.executor.fetches import prepare_fetches
from router.executor.transport import SubgraphResponse
from router.federation.supergraph import read_supergraph
from router.operation import parse_request
from router.planner import plan

FOLDED = "{ products { reviews { product { name weight } } } }"
KEPT = "{ products { reviews { product { name reviews { id } } } } }"


@pytest.mark.parametrize(("text", "folds"), [(FOLDED, True), (KEPT, False)])
async def test_folds_leaf_entities_only(text: str, folds: bool) -> None:
    graph, shop = supergraph(), Shop()
    operation = parse_request(text, None, graph.api_schema)
    made = plan(graph, operation)
    path = ("products", "@", "reviews", "@", "product")
    prepared = [fetch for fetch in prepare_fetches(made.node, graph.schema).values() if fetch.path == path]
    assert [fetch.folds for fetch in prepared] == [folds]
    body = await compile_plan(made, operation, graph)({}, Caller(), shop.transports)
    assert body == orjson.dumps({"data": expected(graph.api_schema, text, {})})


async def test_an_error_of_a_folded_entity_is_told_at_every_position() -> None:
    graph, shop = supergraph(), Shop()
    real = shop.transports["products"].execute

    async def failing(request, caller):  # type: ignore[no-untyped-def]
        answer = await real(request, caller)
        if "_entities" in answer["data"]:
            index = next(n for n, one in enumerate(request.variables["representations"]) if one["upc"] == "2")
            answer["data"]["_entities"][index] = {"name": None, "weight": 1}
            answer["errors"] = [{"message": "m", "path": ["_entities", index, "name"], "extensions": {"code": "C"}}]
        return answer

    shop.transports["products"] = type(shop.transports["products"])(failing)
    operation = parse_request(FOLDED, None, graph.api_schema)
    found = orjson.loads(await compile_plan(plan(graph, operation), operation, graph)({}, Caller(), shop.transports))
    assert [error["path"] for error in found["errors"]] == [
        ["products", 1, "reviews", index, "product", "name"] for index in (0, 1)
    ]


async def test_an_object_that_several_hold_is_replaced_in_each() -> None:
    head = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key"])'
    fields = {"rail": "", "air": "owner: Train", "docs": "name: String"}
    sources = [
        SubgraphSource(name, f"http://{name}", f'{head} type Train @key(fields: "id") {{ id: ID! {field} }} {root}')
        for (name, field), root in zip(fields.items(), ("type Query { trains: [Train] }", "", ""), strict=True)
    ]
    graph = read_supergraph(compose(sources).supergraph_sdl)
    answers = {
        "rail": lambda ids: {"trains": [{"__typename": "Train", "id": each} for each in "1212"]},
        "air": lambda ids: {"_entities": [{"owner": {"__typename": "Train", "id": "9"}} for _ in ids]},
        "docs": lambda ids: {"_entities": [{"name": f"train {each}"} for each in ids]},
    }

    def serving(name: str) -> InProcessTransport:
        async def execute(request: SubgraphRequest, caller: Caller) -> SubgraphResponse:
            sent = request.variables.get("representations", [])
            return {"data": answers[name]([each["id"] for each in sent])}

        return InProcessTransport(execute)

    operation = parse_request("{ trains { owner { name } } }", None, graph.api_schema)
    compiled = compile_plan(plan(graph, operation), operation, graph)
    transports = {name: serving(name) for name in fields}
    interpreted = await compiled({}, Caller(), transports)
    compiled.compile()
    assert orjson.loads(interpreted) == {"data": {"trains": [{"owner": {"name": "train 9"}}] * 4}}
    assert await compiled({}, Caller(), transports) == interpreted
