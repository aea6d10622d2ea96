"""Normalisation, as pairs of texts: what the client wrote, what later rooms see."""

import pytest
from graphql import build_schema, graphql_sync

from router.errors import LimitExceeded
from router.operation import operation_key, parse_request
from router.operation.printing import print_selections

SCHEMA = build_schema("""
  type Query { a: A n(id: ID!): Node u: U s: String t: String list: [A] }
  interface Node { id: ID! next: Node }
  type A implements Node { id: ID! next: Node x: String y(k: Int): Int b: B }
  type B implements Node { id: ID! next: Node x: String a: A }
  type C { x: String }
  union U = A | B
""")

CASES = {
    "named fragments are spread": (
        "{ a { ...F } } fragment F on A { id ...G } fragment G on Node { id }",
        "{ a { id } }",
    ),
    "fields of one key merge where the key is first met": (
        "{ a { x } s a { id x } }",
        "{ a { x id } s }",
    ),
    "objects under equal conditions stay apart around another of their key": (
        "query($c: Boolean!) { a @include(if: $c) { id } a { k: id } a @include(if: $c) { x } }",
        "{ a @include(if: $c) { id } a { k: id ... @include(if: $c) { x } } }",
    ),
    "other arguments do not merge under another alias": (
        "{ a { p: y(k: 1) q: y(k: 2) p: y(k: 1) } }",
        "{ a { p: y(k: 1) q: y(k: 2) } }",
    ),
    "constant conditions are folded": (
        "{ s @include(if: true) t @skip(if: true) a @skip(if: false) { id @include(if: false) x } }",
        "{ s a { x } }",
    ),
    "an object whose selections are all folded away stays": (
        "{ a { id @include(if: false) } }",
        "{ a { __empty: __typename } }",
    ),
    "contradicting conditions never hold": (
        "query($c: Boolean!) { s t @include(if: $c) @skip(if: $c) }",
        "{ s }",
    ),
    "a condition that holds around is not said again": (
        "query($c: Boolean!) { a @include(if: $c) { id ... @include(if: $c) { x } } }",
        "{ a @include(if: $c) { id x } }",
    ),
    "a condition that contradicts one around never holds": (
        "query($c: Boolean!) { a @include(if: $c) { id ...F } s } fragment F on A { x @skip(if: $c) }",
        "{ a @include(if: $c) { id } s }",
    ),
    "an unconditional leaf swallows a conditional one": (
        "query($c: Boolean!) { s s @include(if: $c) }",
        "{ s }",
    ),
    "a conditional leaf that comes first keeps its place": (
        "query($c: Boolean!) { s @include(if: $c) t s }",
        "{ s @include(if: $c) t s }",
    ),
    "an object selected again under a condition": (
        "query($c: Boolean!) { a { id } a @include(if: $c) { x } }",
        "{ a { id ... @include(if: $c) { x } } }",
    ),
    "type conditions that say nothing are opened": (
        "{ a { ... on A { id ... on Node { id next { id } } } } }",
        "{ a { id next { id } } }",
    ),
    "type conditions that cannot hold are dropped": (
        "{ n(id: 1) { id ... on A { ... on Node { ... on B { x } ... on A { x } } } } }",
        "{ n(id: 1) { id ... on A { x } } }",
    ),
    "a union keeps the condition that names its fields": (
        "{ u { ... on Node { id } ... on A { id x } } }",
        "{ u { ... on Node { id } ... on A { id x } } }",
    ),
    "a leaf selected around a fragment is not repeated in it": (
        "{ n(id: 1) { id ... on A { id x } } }",
        "{ n(id: 1) { id ... on A { x } } }",
    ),
    "neighbouring fragments on one type join": (
        "{ u { ... on A { x } ... on A { id } } }",
        "{ u { ... on A { x id } } }",
    ),
    "a fragment in between keeps objects of one key apart, for the order of the answer": (
        "{ n(id: 1) { next { id } ... on A { next { __typename } } next { next { id } } } }",
        "{ n(id: 1) { next { id } ... on A { next { __typename } } next { next { id } } } }",
    ),
    "conditions on fragments stay": (
        "query($c: Boolean!) { ... @include(if: $c) { s } ...F @skip(if: $c) } fragment F on Query { t }",
        "{ ... @include(if: $c) { s } ... @skip(if: $c) { t } }",
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_normalises(text: str, expected: str) -> None:
    assert print_selections(parse_request(text, None, SCHEMA).selections) == expected


DATA = {
    "s": "s",
    "t": "t",
    "a": {"id": 1, "x": "x", "y": 2, "b": {"id": 2, "x": "bx"}, "next": {"__typename": "B", "id": 2, "x": "bx"}},
    "n": {
        "__typename": "A",
        "id": 1,
        "x": "x",
        "next": {"__typename": "B", "id": 3, "next": {"__typename": "A", "id": 5}},
    },
    "u": {"__typename": "A", "id": 1, "x": "x"},
}


@pytest.mark.parametrize("condition", [True, False])
@pytest.mark.parametrize("text", [text for text, _ in CASES.values()], ids=CASES)
def test_the_normalised_operation_has_the_same_answer_in_the_same_order(text: str, condition: bool) -> None:
    operation = parse_request(text, None, SCHEMA)
    variables = {variable.name: condition for variable in operation.variables}
    normalised = print_selections(operation.selections)
    if "$c" in normalised:
        normalised = "query($c: Boolean!) " + normalised
    expected = graphql_sync(SCHEMA, text, DATA, variable_values=variables)
    found = graphql_sync(SCHEMA, normalised, DATA, variable_values=variables)
    assert expected.errors is None
    assert found.errors is None
    assert repr(_without_stand_ins(found.data)) == repr(expected.data)


def _without_stand_ins(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_stand_ins(below) for key, below in value.items() if key != "__empty"}
    return [_without_stand_ins(item) for item in value] if isinstance(value, list) else value


def test_nested_fragments_cannot_blow_up() -> None:
    bomb = "{ ...F0 } " + " ".join(
        f"fragment F{n} on Query {{ a{n}: s ...F{n + 1} b{n}: s ...F{n + 1} }}" for n in range(25)
    )
    with pytest.raises(LimitExceeded) as refused:
        parse_request(bomb + " fragment F25 on Query { s }", None, SCHEMA)
    assert refused.value.extensions["code"] == "OPERATION_TOO_LARGE"


SAME = [
    "query Q { a { id x } }",
    "query Q{a{...F}} fragment F on A{id x}",
    "query Q { a { id } a { x id } # comment\n }",
]
DIFFERENT = [
    "query Q { a { x id } }",
    "query R { a { id x } }",
    "query Q { a { id y: x } }",
    "query Q { a { id x @skip(if: $c) } }",
]


def test_the_key_is_of_the_normalised_operation() -> None:
    assert len({operation_key(parse_request(text, None, SCHEMA)) for text in SAME}) == 1


@pytest.mark.parametrize("text", DIFFERENT)
def test_the_key_tells_operations_apart(text: str) -> None:
    if "$c" in text:
        text = text.replace("query Q", "query Q($c: Boolean!)")
    assert operation_key(parse_request(text, None, SCHEMA)) != operation_key(parse_request(SAME[0], None, SCHEMA))


def test_locations_point_into_the_clients_text() -> None:
    operation = parse_request("{\n  s\n  ...F\n}\nfragment F on Query { s }", None, SCHEMA)
    assert operation.selections[0].locations == ((2, 3), (5, 23))
