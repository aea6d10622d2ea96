"""Feature by feature: the compiled operation answers what stock Strawberry answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from strawberry.relay import to_base64

from subgraphs.kit.compiled import compiled
from tests.subgraphs.compiled.comparing import same_async, same_sync
from tests.subgraphs.compiled.feature_schema import SCHEMA, context

OURS = compiled(SCHEMA)
FRUIT, APPLE = to_base64("Fruit", 3), to_base64("Apple", 3)

ANYWHERE = {
    "typename": "{ __typename }",
    "interface": "{ pets { __typename name greeting ... on Cat { lives wish } ... on Dog { tricks owner { name } } } }",
    "interface, merged": "{ pets { name } pets { ... on Cat { lives } ...N } } fragment N on Named { name greeting }",
    "union": "{ eitherPet { ... on Cat { name lives } ... on Dog { tricks name } ... on Named { greeting } } }",
    "wrong type for a union": "{ wrongPet { ... on Cat { name } } __typename }",
    "cast objects": "{ cast { __typename name ... on Cat { lives wish } } }",
    "resolve_type and is_type_of": "{ shapes { __typename area } }",
    "generic types": "{ page(size: 3) { total items { name } } numbers { items total } }",
    "node": f'{{ node(id: "{FRUIT}") {{ id ... on Fruit {{ name }} }} }}',
    "unknown node": f'{{ node(id: "{APPLE}") {{ id }} }}',
    "bad node id": '{ node(id: "?") { id } __typename }',
    "connection": "{ fruits(first: 2) { edges { cursor node { id name } } pageInfo { hasNextPage endCursor } } }",
    "input object": '{ wish(wish: {count: 2, tags: ["a"], deep: {word: "w", more: 3}}) }',
    "input defaults": "{ wish(wish: {count: 2, deep: {}}) wishes }",
    "input lists": '{ wishes(wishes: [{count: 1}, null, {count: 2, note: null, deep: {word: "x"}}], deep: null) }',
    "one-of input": '{ a: either(either: {number: 1}) b: either(either: {word: "w"}) }',
    "two of a one-of": '{ either(either: {number: 1, word: "w"}) }',
    "maybe": '{ a: maybe b: maybe(word: null) c: maybe(word: "w") }',
    "scalar arguments": (
        '{ scalars(day: "2026-02-03", at: "2026-02-03T04:05:06", price: "1.50",'
        ' key: "00000000-0000-0000-0000-000000000001", span: 61, flavour: ACID, flavours: [SWEET, ACID],'
        " anything: {a: [1, 2.5, null]}, id: 7) }"
    ),
    "argument defaults": "{ scalars }",
    "an argument the function misses": '{ needs a: needs(word: "w") __typename }',
    "scalars": "{ span json ids flavours __typename }",
    "a scalar that does not serialise": "{ badSpan span }",
    "floats": "{ floats }",
    "ints": "{ ints }",
    "generator": "{ generated }",
    "generator that raises": "{ breaking }",
    "string for a list": "{ stringForList __typename }",
    "permission": "{ guarded hidden shouted }",
    "field extension with arguments": '{ shouted(word: "ho") }',
    "info": '{ about x: about(word: "v") { } }'.replace(" { }", ""),
    "root and parent": "{ byRoot byParent }",
    "errors": "{ told graphqlError returnedError __typename }",
    "null for non-null": "{ page { total } certain }",
    "null in a list of non-null": "{ __typename some { name } }",
    "holes in lists": "{ holes { name lives } nested }",
    "aliases and repetition": "{ a: span b: span span span }",
    "skip and include": "{ a: span @skip(if: true) b: span @include(if: true) pets @skip(if: false) { name } }",
    "nothing selected": "{ span @skip(if: true) }",
    "serial mutation": 'mutation { a: noteNow(word: "1") b: noteNow(word: "2") __typename }',
    "mutation that breaks off": 'mutation { a: noteNow(word: "1") breakOff b: noteNow(word: "2") }',
}

WITH_LOOP = {
    "async": "{ aboutLater deep { level down { level down { level must } } } }",
    "async error far down": "{ deep { down { many { level must } } } }",
    "async null for non-null": "{ span certainLater }",
    "async generator": "{ streamed { name ... on Dog { tricks } } }",
    "async is_type_of": "{ square { area __typename } noSquare { area } }",
    "async permission": "{ guardedLater }",
    "async function that misses an argument": '{ needsLater a: needsLater(word: "w") }',
    "loader": "{ a: loaded(key: 1) { name } b: loaded(key: 0) { name } c: loaded(key: -1) { name } }",
    "loader futures": "{ loadedNow(keys: [1, 0, -1, 1, 2]) { name greeting } }",
    "serial async mutation": 'mutation { a: note(word: "1") b: note(word: "2") c: noteNow(word: "3") }',
    "mutation with depth": "mutation { deep { down { level must } } }",
    "mutation that breaks off late": 'mutation { a: note(word: "1") breakOff b: note(word: "2") }',
}

VARIABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "given": ("query($n: Int!, $w: Wish!) { page(size: $n) { total } wish(wish: $w) }", {"n": 1, "w": {"count": 3}}),
    "missing": ("query($n: Int!) { page(size: $n) { total } }", {}),
    "null for a default": ("query($n: Int = 3) { page(size: $n) { total } }", {"n": None}),
    "default": ("query($n: Int = 3) { page(size: $n) { total } }", {}),
    "omitted": ("query($n: Int) { page(size: $n) { total } }", {}),
    "wrong type": ("query($n: Int) { page(size: $n) { total } }", {"n": "three"}),
    "too large": ("query($n: Int) { page(size: $n) { total } }", {"n": 2**40}),
    "unknown enum value": ("query($f: Flavour!) { scalars(flavour: $f) }", {"f": "SALT"}),
    "enum": ("query($f: [Flavour!]) { scalars(flavours: $f, flavour: ACID) }", {"f": ["ACID", "SWEET"]}),
    "one item for a list": ("query($f: [Flavour!]) { scalars(flavours: $f) }", {"f": "ACID"}),
    "scalars": (
        "query($d: Date!, $s: Span, $j: JSON, $i: ID!) { scalars(day: $d, span: $s, anything: $j, id: $i) }",
        {"d": "2026-05-06", "s": 5, "j": {"x": [1]}, "i": 12},
    ),
    "bad scalar": ("query($d: Date!) { scalars(day: $d) }", {"d": "someday"}),
    "in an object": ("query($c: Int!, $t: String!) { wish(wish: {count: $c, tags: [$t]}) }", {"c": 1, "t": "t"}),
    "one-of with two": ("query($e: Either!) { either(either: $e) }", {"e": {"number": 1, "word": "w"}}),
    "one-of with null": ("query($e: Either!) { either(either: $e) }", {"e": {"number": None}}),
    "unknown input field": ("query($w: Wish!) { wish(wish: $w) }", {"w": {"count": 1, "x": 1}}),
    "condition true": ("query($c: Boolean!) { span a: span @include(if: $c) b: span @skip(if: $c) }", {"c": True}),
    "condition false": ("query($c: Boolean!) { span a: span @include(if: $c) b: span @skip(if: $c) }", {"c": False}),
    "condition missing": ("query($c: Boolean!) { span @include(if: $c) }", {}),
    "condition null": ("query($c: Boolean = true) { span @include(if: $c) }", {"c": None}),
    "info": ('query($n: Int = 3) { about(word: "x") page(size: $n) { total } }', {"n": 2}),
}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


@pytest.mark.parametrize("allowed", [False, True], ids=["refused", "allowed"])
@pytest.mark.parametrize("query", ANYWHERE.values(), ids=ANYWHERE)
def test_without_an_event_loop(query: str, allowed: bool) -> None:
    same_sync(SCHEMA, OURS, query, None, lambda: context(allowed))


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("query", [*ANYWHERE.values(), *WITH_LOOP.values()], ids=[*ANYWHERE, *WITH_LOOP])
async def test_in_an_event_loop(query: str) -> None:
    await same_async(SCHEMA, OURS, query, None, lambda: context(True))
    await same_async(SCHEMA, OURS, query, None, lambda: context(False))


@pytest.mark.parametrize(("query", "variables"), VARIABLES.values(), ids=VARIABLES)
async def test_variables(query: str, variables: dict[str, Any]) -> None:
    same_sync(SCHEMA, OURS, query, variables, context)
    await same_async(SCHEMA, OURS, query, variables, context)


@pytest.mark.parametrize("query", [*ANYWHERE.values(), *WITH_LOOP.values()], ids=[*ANYWHERE, *WITH_LOOP])
def test_all_of_these_are_compiled(query: str) -> None:
    found = OURS.operations.find(query, None)
    if "number: 1, word" in query or "owner: " in query:
        assert found == "the document is not valid"
    else:
        assert not isinstance(found, str), found
