"""What is @inaccessible never leaks: not by introspection, suggestions, values, type names, messages or paths."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
import pytest
from graphql import get_introspection_query
from ways import answer_by_each_way

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Pipeline

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@inaccessible", "@requires",
  "@external"])
type Query {
  train(id: ID!, veiled: Int @inaccessible): Train
  trains(state: State, where: Where): [Train!]
  found: [Found]
  vehicle: Vehicle
  veiledRoot: Int @inaccessible
}
type Train implements Vehicle & VeiledInterface @key(fields: "id") {
  id: ID! name: String state: State states: [State!] must: State! veiledName: String @inaccessible
}
interface Vehicle { id: ID! }
interface VeiledInterface @inaccessible { id: ID! }
type VeiledTrain implements Vehicle @inaccessible { id: ID! }
union Found = Train | VeiledTrain
enum State { RUNNING VEILED_STATE @inaccessible }
enum VeiledEnum @inaccessible { ONE }
input Where { name: String veiledInput: Int @inaccessible }
scalar VeiledScalar @inaccessible
"""
OTHER = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@inaccessible", "@requires",
  "@external"])
type Train @key(fields: "id") {
  id: ID! veiledName: String @external label: String @requires(fields: "veiledName")
}
"""


@cache
def supergraph() -> Supergraph:
    sources = [SubgraphSource("trains", "http://trains", SDL), SubgraphSource("other", "http://other", OTHER)]
    return read_supergraph(compose(sources).supergraph_sdl)


def data(**fields: Any) -> Mapping[str, Any]:
    return {"data": fields}


NO_DATA: Mapping[str, Any] = data()

# (operation, variables, what the subgraph answers, the data the client must get; None where the request is refused)
CASES: dict[str, tuple[str, dict[str, Any], Any, Any]] = {
    "an enum value": (
        "{ train(id: 1) { state } }",
        {},
        data(train={"state": "VEILED_STATE"}),
        {"train": {"state": None}},
    ),
    "an enum value in a list": (
        "{ train(id: 1) { states } }",
        {},
        data(train={"states": ["RUNNING", "VEILED_STATE"]}),
        {"train": {"states": None}},
    ),
    "an enum value in a non-null field": (
        "{ train(id: 1) { must } }",
        {},
        data(train={"must": "VEILED_STATE"}),
        {"train": None},
    ),
    "a type behind an interface": (
        "{ vehicle { id __typename } }",
        {},
        data(vehicle={"__typename": "VeiledTrain", "id": "1"}),
        {"vehicle": None},
    ),
    "a type in a union": (
        "{ found { __typename ... on Train { name } } }",
        {},
        data(found=[{"__typename": "VeiledTrain"}, {"__typename": "Train", "name": "KTX"}]),
        {"found": [None, {"__typename": "Train", "name": "KTX"}]},
    ),
    "a field that came along": (
        "{ train(id: 1) { name } }",
        {},
        data(train={"name": "KTX", "veiledName": "veiled"}),
        {"train": {"name": "KTX"}},
    ),
    "an error's message": (
        "{ train(id: 1) { name } }",
        {},
        {**data(train=None), "errors": [{"message": "veiledName of VeiledTrain", "path": ["train", "veiledName"]}]},
        {"train": None},
    ),
    "an error's path": (
        "{ train(id: 1) { label } }",
        {},
        {
            "data": {"train": {"__typename": "Train", "id": "1", "veiledName": None}},
            "errors": [{"message": "no", "path": ["train", "veiledName"], "extensions": {"code": "NO"}}],
        },
        {"train": {"label": None}},
    ),
    "a suggestion for a root field": ("{ veiledRoo }", {}, NO_DATA, None),
    "a suggestion for a field": ("{ train(id: 1) { veiledNam } }", {}, NO_DATA, None),
    "a suggestion for an argument": ("{ train(id: 1, veile: 1) { name } }", {}, NO_DATA, None),
    "a suggestion for a type": ("{ vehicle { ... on VeiledTrai { id } } }", {}, NO_DATA, None),
    "a suggestion for an interface's field": ("{ vehicle { name } }", {}, NO_DATA, None),
    "a suggestion for a value": ("{ trains(state: VEILED_STAT) { name } }", {}, NO_DATA, None),
    "a suggestion for an input field": ("{ trains(where: {veiledInpu: 1}) { name } }", {}, NO_DATA, None),
    "a variable's value": ("query($s: State) { trains(state: $s) { name } }", {"s": "VEILED"}, NO_DATA, None),
    "a variable's input field": ("query($w: Where) { trains(where: $w) { name } }", {"w": {"veil": 1}}, NO_DATA, None),
}  # fmt: skip


async def answer(text: str, variables: dict[str, Any], response: Any) -> bytes:
    async def trains(request: SubgraphRequest, caller: Caller) -> Any:
        return orjson.loads(orjson.dumps(response))

    async def other(request: SubgraphRequest, caller: Caller) -> Any:
        return {"data": {"_entities": [{"__typename": "Train", "label": None}]}}

    transports = {"trains": InProcessTransport(trains), "other": InProcessTransport(other)}
    return await answer_by_each_way(Pipeline(supergraph(), transports), GraphQLRequest(text, None, variables))


@pytest.mark.parametrize(("text", "variables", "response", "shown"), CASES.values(), ids=CASES)
async def test_nothing_hidden_is_told(text: str, variables: dict[str, Any], response: Any, shown: Any) -> None:
    body = await answer(text, variables, response)
    found = orjson.loads(body)
    assert found.get("data") == shown
    written = text + orjson.dumps(variables).decode()
    hidden = ("veiledRoot", "veiledName", "VeiledTrain", "VEILED_STATE", "veiledInput", "VeiledInterface", "veiled:")
    assert [name for name in hidden if name in body.decode() and name not in written] == []
    if shown is None:
        assert found["errors"]


HIDDEN = [
    "{ veiledRoot }",
    "{ train(id: 1) { veiledName } }",
    "{ train(id: 1, veiled: 1) { name } }",
    "{ vehicle { ... on VeiledTrain { id } } }",
    "{ vehicle { ... on VeiledInterface { id } } }",
    "{ trains(state: VEILED_STATE) { name } }",
    "{ trains(where: {veiledInput: 1}) { name } }",
    "query($e: VeiledEnum) { trains { name @include(if: $e) } }",
    "query($e: State = VEILED_STATE) { trains(state: $e) { name } }",
]


@pytest.mark.parametrize("text", HIDDEN)
async def test_what_is_hidden_is_as_if_it_did_not_exist(text: str) -> None:
    """The answer is that for a name nobody ever used, letter by letter."""
    named = orjson.loads(await answer(text, {}, NO_DATA))["errors"]
    unknown = text
    for name in ("veiled", "Veiled", "VEILED"):
        unknown = unknown.replace(name, "xqzwvj" if name[0] == "v" else "Xqzwvj" if name[1] == "e" else "XQZWVJ")
    expected = orjson.loads(await answer(unknown, {}, NO_DATA))["errors"]
    assert len(unknown) == len(text)
    swapped = orjson.dumps(expected).decode()
    for name, other in (("veiled", "xqzwvj"), ("Veiled", "Xqzwvj"), ("VEILED", "XQZWVJ")):
        swapped = swapped.replace(other, name)
    assert named == orjson.loads(swapped)


@pytest.mark.parametrize("value", ["VEILED_STATE", "XQZWVJ"])
async def test_a_hidden_value_in_a_variable_is_no_value(value: str) -> None:
    body = await answer("query($s: State) { trains(state: $s) { name } }", {"s": value}, NO_DATA)
    assert orjson.loads(body)["errors"][0]["message"] == f"$s: '{value}' is not a value of the enum State."


async def test_introspection_knows_nothing_of_it() -> None:
    body = await answer(get_introspection_query(input_value_deprecation=True), {}, NO_DATA)
    assert b"Train" in body
    assert b"eiled" not in body
    assert b"VEILED" not in body
    for name in ("VeiledTrain", "VeiledEnum", "VeiledScalar", "VeiledInterface"):
        assert await answer(f'{{ __type(name: "{name}") {{ name }} }}', {}, NO_DATA) == b'{"data":{"__type":null}}'
