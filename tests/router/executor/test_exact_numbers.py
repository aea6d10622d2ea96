"""Integers of any size pass through: as variables, in keys, in answers. Only custom scalars hold such."""

from typing import Any

import pytest

from router.caller import Caller
from router.composition import SubgraphSource, compose
from router.executor import InProcessTransport, SubgraphRequest, compile_plan
from router.executor.http import read_response
from router.executor.http_connection import HttpResponse
from router.executor.json_bytes import dumps, loads_exactly
from router.federation.supergraph import read_supergraph
from router.operation import parse_request
from router.over_http.requests import from_json
from router.planner import plan
from router.subscriptions.protocol import SubscribeReceived, decode, encode

WIDE = 10**30


@pytest.mark.parametrize(
    "text",
    [
        b"1000000000000000000000000000000",
        b"-18446744073709551617",
        b"18446744073709551615",
        b"[9223372036854775807,1.5,null]",
        b'{"a":[{"b":123456789012345678901234567890}],"c":"123456789012345678901234567890"}',
        b'"1234567890123456789"',
    ],
)
def test_what_is_read_exactly_is_written_as_it_was(text: bytes) -> None:
    assert dumps(loads_exactly(text)) == text
    assert dumps(loads_exactly(text.decode())) == text


def test_what_is_no_json_is_refused_and_what_is_too_deep_is_rounded() -> None:
    with pytest.raises(ValueError, match="infinity"):
        loads_exactly(b"9" * 4301)
    deep = loads_exactly(b"[" * 1000 + b"9" * 20 + b"]" * 1000)
    while isinstance(deep, list):
        (deep,) = deep
    assert deep == float("9" * 20)


def test_a_response_is_read_exactly_where_a_custom_scalar_was_asked_for() -> None:
    response = HttpResponse(200, "application/json", b'{"data":{"n":1000000000000000000000000000000}}')
    assert read_response(response, exact_numbers=True) == {"data": {"n": WIDE}}


def test_variables_are_read_exactly() -> None:
    body = b'{"query":"{a}","variables":{"n":1000000000000000000000000000000}}'
    assert from_json(body).variables == {"n": WIDE}
    received = decode(b'{"type":"subscribe","id":"1","payload":' + body + b"}")
    assert isinstance(received, SubscribeReceived)
    assert received.request.variables == {"n": WIDE}
    assert encode({"n": WIDE}) == '{"n":1000000000000000000000000000000}'


HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key"]) scalar Long '
SUBGRAPHS = {
    "rail": HEAD + 'type Query { train: Train } type Train @key(fields: "id") { id: Long! name: String }',
    "air": HEAD + 'type Train @key(fields: "id") { id: Long! dust: Long seats: Int }',
}


async def test_keys_are_sent_exactly_and_only_fetches_with_custom_scalars_are_read_so() -> None:
    sources = [SubgraphSource(name, f"http://{name}", sdl) for name, sdl in SUBGRAPHS.items()]
    supergraph = read_supergraph(compose(sources).supergraph_sdl)
    asked: list[SubgraphRequest] = []

    async def rail(request: SubgraphRequest, caller: Caller) -> Any:
        asked.append(request)
        return {"data": {"train": {"__typename": "Train", "id": WIDE, "name": "KTX"}}}

    async def air(request: SubgraphRequest, caller: Caller) -> Any:
        asked.append(request)
        return {"data": {"_entities": [{"__typename": "Train", "dust": WIDE, "seats": 1}]}}

    transports = {"rail": InProcessTransport(rail), "air": InProcessTransport(air)}
    for text, data, exact in [
        ("{ train { id dust } }", b'{"id":%d,"dust":%d}' % (WIDE, WIDE), [True, True]),
        ("{ train { seats } }", b'{"seats":1}', [True, False]),
        ("{ train { name } }", b'{"name":"KTX"}', [False]),
    ]:
        asked.clear()
        operation = parse_request(text, None, supergraph.api_schema)
        compiled = compile_plan(plan(supergraph, operation), operation, supergraph)
        assert await compiled({}, Caller(), transports) == b'{"data":{"train":' + data + b"}}"
        assert [request.exact_numbers for request in asked] == exact
    assert b'"id":1000000000000000000000000000000' in asked[0].body or len(asked) == 1
