"""Values on their way through the router, as bytes: a real HTTP subgraph at one end, the door at the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import pytest
from ways import answer_by_each_way

from router.composition import SubgraphSource, compose
from router.executor import HttpTransport
from router.federation.supergraph import Supergraph, read_supergraph
from router.over_http.requests import from_json
from router.pipeline import Pipeline

SDL = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7")
type Query {
  any: Any float: Float int: Int id: ID string: String boolean: Boolean lists: [[[Int]]] anys: [[Any!]]
  take(any: Any, float: Float, int: Int, id: ID, string: String, list: [[Int]], trip: Trip, one: One, day: Day): Int
}
scalar Any
enum Day { WEEKDAY SUNDAY }
input Trip { any: Any km: Float = 2 days: [Day!] = [SUNDAY] back: Trip via: [Trip!] }
input One @oneOf { any: Any int: Int }
"""


class Subgraph:
    """Answers every request with the same bytes and keeps the bodies it got."""

    def __init__(self) -> None:
        self.data = b'{"take":1}'
        self.bodies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                (length,) = (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                self.bodies.append(await reader.readexactly(length))
                body = b'{"data":' + self.data + b"}"
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
                )
                writer.write(body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@cache
def supergraph() -> Supergraph:
    return read_supergraph(compose([SubgraphSource("one", "http://one", SDL)]).supergraph_sdl)


@asynccontextmanager
async def routed() -> AsyncIterator[tuple[Subgraph, Pipeline]]:
    subgraph = Subgraph()
    server = await asyncio.start_server(subgraph.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pipeline = Pipeline(supergraph(), {"one": HttpTransport(f"http://127.0.0.1:{port}/")})
    try:
        yield subgraph, pipeline
    finally:
        await pipeline.aclose()
        server.close()
        await asyncio.sleep(0)


async def ask(pipeline: Pipeline, body: bytes) -> bytes:
    return await answer_by_each_way(pipeline, from_json(body))


# (field, the JSON a subgraph answers for it, the JSON the client gets; "" where it is the same)
ANSWERED: dict[str, tuple[str, str, str]] = {
    "an integer beyond doubles": ("any", "9007199254740993", ""),
    "the largest of 64 bits": ("any", "18446744073709551615", ""),
    "the smallest of 64 bits": ("any", "-9223372036854775808", ""),
    "an integer beyond 64 bits": ("any", "-123456789012345678901234567890", ""),
    "such an integer inside a scalar": ("any", '{"a":[12345678901234567890123,{"b":1.5}]}', ""),
    "such an integer in lists of scalars": ("anys", "[[1,340282366920938463463374607431768211456],null,[]]", ""),
    "a float": ("float", "0.1", ""),
    "a float that is whole": ("float", "2.0", ""),
    "a float given as an integer": ("float", "2", ""),
    "a tiny float": ("float", "5e-324", ""),
    "minus zero": ("float", "-0.0", ""),
    "text, number, truth and null in one scalar": ("any", '[null,true,false,"",0,{}]', ""),
    "keys of a scalar keep their order": ("any", '{"z":1,"a":2,"m":{"b":1,"a":0}}', ""),
    "a key given twice: the last counts": ("any", '{"a":1,"a":2}', '{"a":2}'),
    "lists of lists of lists": ("lists", "[[[1,null],[]],[],null,[null]]", ""),
    "Korean": ("string", '"서울역 → 강릉"', ""),
    "Korean, escaped": ("string", '"\\uc11c\\uc6b8"', '"서울"'),
    "an emoji": ("string", '"🚆"', ""),
    "an emoji as a pair of surrogates": ("string", '"\\ud83d\\ude86"', '"🚆"'),
    "half a pair, as JavaScript cuts it": ("string", '"cut \\ud83d"', '"cut \\ud83d"'),
    "half a pair beside a whole one": ("string", '"\\ude86 🚆"', '"\\ude86 \\ud83d\\ude86"'),
    "half a pair beside a large number": ("any", '["\\ud800",12345678901234567890123]', ""),
    "control characters": ("string", '"a\\u0000b\\n\\t\\u001f"', ""),
    "a line separator": ("string", '"a\u2028b"', ""),
    "a combining letter stays as it is": ("string", '"e\u0301 \u1112\u1161\u11ab"', ""),
    "a long text": ("string", '"' + "가" * 5_000 + '"', ""),
    "an ID that looks like a number": ("id", '"0012"', ""),
}


@pytest.mark.parametrize(("field", "answered", "shown"), ANSWERED.values(), ids=ANSWERED)
async def test_what_a_subgraph_answers_reaches_the_client(field: str, answered: str, shown: str) -> None:
    async with routed() as (subgraph, pipeline):
        subgraph.data = f'{{"{field}":{answered}}}'.encode()
        body = await ask(pipeline, json.dumps({"query": f"{{ {field} }}"}).encode())
    assert body.decode() == f'{{"data":{{"{field}":{shown or answered}}}}}'


REFUSED = ["NaN", "Infinity", "1e400", '["\\ud800", NaN]', '["\\ud800", 1e400]', "01", "'a'", '"\t"', "[1,]", "\\ud800"]


@pytest.mark.parametrize("answered", REFUSED)
async def test_what_is_no_json_is_no_answer(answered: str) -> None:
    async with routed() as (subgraph, pipeline):
        subgraph.data = f'{{"any":{answered}}}'.encode()
        found = json.loads(await ask(pipeline, b'{"query":"{ any }"}'))
    assert found["data"] == {"any": None}
    assert found["errors"][0]["extensions"]["code"] == "SUBGRAPH_UNAVAILABLE"


# (definition and use of $v, the JSON a client sends for it, the JSON the subgraph gets; None where it is absent)
SENT: dict[str, tuple[str, str, str | None, str | None]] = {
    "an integer": ("$v: Int", "int: $v", "5", "5"),
    "a whole float is an integer": ("$v: Int", "int: $v", "5.0", "5"),
    "the largest integer": ("$v: Int", "int: $v", "2147483647", "2147483647"),
    "an integer for a float": ("$v: Float", "float: $v", "3", "3.0"),
    "an integer for an ID": ("$v: ID", "id: $v", "12", '"12"'),
    "a large integer for an ID": ("$v: ID", "id: $v", "9007199254740993", '"9007199254740993"'),
    "Unicode": ("$v: String", "string: $v", '"\\uac00🚆"', '"가🚆"'),
    "a scalar as it is": ("$v: Any", "any: $v", '{"b":[1,2.50,"x"],"a":null}', '{"b":[1,2.5,"x"],"a":null}'),
    "a scalar beyond doubles": ("$v: Any", "any: $v", "9007199254740993", "9007199254740993"),
    "a scalar beyond 64 bits": ("$v: Any", "any: $v", "[12345678901234567890123]", "[12345678901234567890123]"),
    "null": ("$v: Int", "int: $v", "null", "null"),
    "absent": ("$v: Int", "int: $v", None, None),
    "null beats a default": ("$v: Int = 7", "int: $v", "null", "null"),
    "a default for what is absent": ("$v: Int = 7", "int: $v", None, "7"),
    "a default that is null": ("$v: Int = null", "int: $v", None, "null"),
    "a default of a scalar": ("$v: Any = {a: [1, {b: ONE}]}", "any: $v", None, '{"a":[1,{"b":"ONE"}]}'),
    "a default beyond 64 bits": ("$v: Any = 12345678901234567890123", "any: $v", None, "12345678901234567890123"),
    "one item for a list": ("$v: [[Int]]", "list: $v", "3", "[[3]]"),
    "one item for an inner list": ("$v: [[Int]]", "list: $v", "[3,[4],null]", "[[3],[4],null]"),
    "defaults of an input object": ("$v: Trip", "trip: $v", "{}", '{"km":2.0,"days":["SUNDAY"]}'),
    "null where a default is": ("$v: Trip", "trip: $v", '{"km":null}', '{"km":null,"days":["SUNDAY"]}'),
    "a single input object for a list": (
        "$v: Trip",
        "trip: $v",
        '{"km":1,"days":"WEEKDAY","via":{"km":3,"days":[]}}',
        '{"km":1.0,"days":["WEEKDAY"],"via":[{"km":3.0,"days":[]}]}',
    ),
    "a oneOf input": ("$v: One", "one: $v", '{"int":1}', '{"int":1}'),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "use", "given", "got"), SENT.values(), ids=SENT)
async def test_what_a_client_sends_reaches_the_subgraph(
    definition: str, use: str, given: str | None, got: str | None
) -> None:
    query = json.dumps(f"query({definition}) {{ take({use}) }}")
    variables = "{}" if given is None else f'{{"v":{given}}}'
    async with routed() as (subgraph, pipeline):
        answer = await ask(pipeline, f'{{"query":{query},"variables":{variables}}}'.encode())
        (body,) = set(subgraph.bodies)
    assert answer == b'{"data":{"take":1}}'
    assert body.decode().partition(',"variables":')[2] == ("" if got is None else f'{{"v":{got}}}}}')


# (definition and use of $v, its JSON, how the message begins)
BAD: dict[str, tuple[str, str, str, str]] = {
    "an integer of 33 bits": ("$v: Int", "int: $v", "2147483648", "$v: Int cannot represent non 32-bit signed integer"),
    "an integer below 32 bits": ("$v: Int", "int: $v", "-2147483649", "$v: Int cannot represent non 32-bit signed"),
    "an integer beyond 64 bits": ("$v: Int", "int: $v", "1" * 30, "$v: Int cannot represent non 32-bit signed integer"),
    "a float for an integer": ("$v: Int", "int: $v", "1.5", "$v: Int cannot represent non-integer value: 1.5"),
    "a float for an ID": ("$v: ID", "id: $v", "1.5", "$v: ID cannot represent value: 1.5"),
    "truth for a number": ("$v: Float", "float: $v", "true", "$v: Float cannot represent non numeric value: True"),
    "a number for text": ("$v: String", "string: $v", "1", "$v: String cannot represent a non string value: 1"),
    "null in an inner list": ("$v: [[Int!]]", "list: $v", "[[1],[null]]", "$v[1][0]: expected Int!, found null"),
    "a value no enum has, deep": ("$v: Trip", "trip: $v", '{"back":{"days":["MONDAY"]}}', "$v.back.days[0]: 'MONDAY'"),
    "no field of a oneOf": ("$v: One", "one: $v", "{}", "$v: exactly one field of One must be given"),
    "two fields of a oneOf": ("$v: One", "one: $v", '{"int":1,"any":2}', "$v: exactly one field of One must be given"),
    "a null field of a oneOf": ("$v: One", "one: $v", '{"any":null}', "$v: exactly one field of One must be given"),
    "null for a oneOf that must be": ("$v: One!", "one: $v", "null", "$v: expected One!, found null"),
    "text for an input object": ("$v: Trip", "trip: $v", '"x"', "$v: expected an object of type Trip"),
}  # fmt: skip


@pytest.mark.parametrize(("definition", "use", "given", "message"), BAD.values(), ids=BAD)
async def test_what_does_not_fit_is_refused_with_its_place(definition: str, use: str, given: str, message: str) -> None:
    query = json.dumps(f"query({definition}) {{ take({use}) }}")
    async with routed() as (subgraph, pipeline):
        answer = json.loads(await ask(pipeline, f'{{"query":{query},"variables":{{"v":{given}}}}}'.encode()))
    assert subgraph.bodies == []
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


LITERALS = [
    ("any: 12345678901234567890123", True),
    ('any: {a: [1, ONE, "x"], b: null}', True),
    ("list: 3", True),
    ("list: [[1, null], null]", True),
    ("float: 3", True),
    ("id: 12", True),
    ("trip: {days: SUNDAY, back: {km: 1}}", True),
    ("one: {int: 1}", True),
    ("int: null", True),
    ("int: 2147483648", False),
    ("int: 1.0", False),
    ('int: "1"', False),
    ("float: true", False),
    ("string: ONE", False),
    ("one: {int: 1, any: 2}", False),
    ("one: {int: null}", False),
    ("one: {}", False),
    ("trip: {km: 1, km: 2}", False),
    ("trip: {days: [MONDAY]}", False),
    ("list: [[[1]]]", False),
]


@pytest.mark.parametrize(("argument", "fits"), LITERALS)
async def test_literals_are_checked_and_passed_on_as_written(argument: str, fits: bool) -> None:
    async with routed() as (subgraph, pipeline):
        answer = json.loads(await ask(pipeline, json.dumps({"query": f"{{ take({argument}) }}"}).encode()))
    if fits:
        assert answer == {"data": {"take": 1}}
        assert argument.replace(" ", "") in json.loads(subgraph.bodies[0])["query"].replace(" ", "")
    else:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert subgraph.bodies == []
