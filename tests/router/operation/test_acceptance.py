"""The quick acceptance against the rules of the specification: what it accepts, they accept."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from router.operation.acceptance import surely_valid
from router.operation.parse import parse_text
from router.operation.validation import broken_rules

SCHEMA = build_schema("""
  type Query {
    node(id: ID!): Node
    pets(of: Kind = CAT, near: Near, first: Int! = 3): [Pet!]!
    s(f: Float, b: Boolean): String
    any: Any
    find(by: One): Node
    raw(x: Raw): Raw
  }
  type Mutation { name(id: ID!, to: String!): Cat }
  type Subscription { moved(near: Near): Pet }
  interface Node { id: ID! }
  interface Pet implements Node { id: ID! name(short: Boolean): String friends(first: Int, kinds: [Kind!]): [Pet] }
  type Cat implements Pet & Node {
    id: ID! name(short: Boolean): String friends(first: Int, kinds: [Kind!]): [Pet]
    lives: Int
  }
  type Dog implements Pet & Node {
    id: ID! name(short: Boolean): String friends(first: Int, kinds: [Kind!]): [Pet]
    lives: Int! owner: Person
  }
  type Person implements Node { id: ID! name: String }
  union Any = Cat | Person
  enum Kind { CAT DOG }
  input Near { at: At! km: Float = 1.5 also: [Near!] }
  input At { lat: Float! lon: Float! }
  input One @oneOf { id: ID name: String }
  scalar Raw
  directive @live on FIELD
""")

ACCEPTED = [
    "{ s }",
    "query ($id: ID!, $first: Int = 2) { node(id: $id) { id ... on Pet { name friends(first: $first) { id } } } }",
    "{ pets { ...P ... on Dog { lives owner { name } } } } fragment P on Pet { id name @include(if: true) }",
    "query ($near: Near, $off: Boolean!) { pets(near: $near) @skip(if: $off) { id } }",
    "{ pets(near: {at: {lat: 37.5, lon: 127}, also: {at: {lat: 1, lon: 2}}}) { friends(kinds: CAT) { __typename } } }",
    'mutation { name(id: 7, to: "나비") { id } again: name(id: "8", to: "") { id } }',
    "subscription ($near: Near) { moved(near: $near) { id } }",
    "{ any { ... on Cat { lives } ... on Node { id } } raw(x: 99999999999) }",
    "query Named($f: Float! = 1, $b: Boolean) { a: s(f: $f) b: s(b: $b) }",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_the_usual_is_accepted(text: str) -> None:
    assert surely_valid(parse_text(text), SCHEMA)


DOUBTED = [
    "{ s } { s }",
    "query A { s } query B { s }",
    "{ __schema { queryType { name } } }",
    "{ s @live }",
    "{ find(by: {id: 1}) { id } }",
    "{ raw(x: {a: 1}) }",
    "{ pets { ... on Cat { lives } ... on Dog { lives } } }",
]


@pytest.mark.parametrize("text", DOUBTED)
def test_the_unusual_is_left_to_the_rules(text: str) -> None:
    assert not surely_valid(parse_text(text), SCHEMA)


NAMES = ["id", "name", "friends", "lives", "owner", "s", "pets", "node", "any", "nope"]
TYPES = ["Query", "Node", "Pet", "Cat", "Dog", "Person", "Any", "Kind", "Nope"]
VARIABLES = ["a", "b"]
LITERALS = [
    "1",
    "2.5",
    '"x"',
    "true",
    "null",
    "CAT",
    "BIRD",
    "[CAT, DOG]",
    "$a",
    "$b",
    "[$a]",
    "{at: {lat: 1, lon: $b}}",
    "{id: 1}",
]
VARIABLE_TYPES = ["Int", "Int!", "ID!", "Boolean!", "[Kind!]", "Near", "Float", "Cat", 'String = "x"', "Int = null"]


def literal(type_: Any) -> st.SearchStrategy[str]:
    """A value that usually fits the type."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        inner = st.fixed_dictionaries(
            {name: literal(at.type) for name, at in named.fields.items() if isinstance(at.type, GraphQLNonNull)}
        )
        fitting = inner.map(lambda found: "{" + ", ".join(f"{k}: {v}" for k, v in found.items()) + "}")
    else:
        known = {"Int": "1", "Float": "2.5", "Boolean": "true", "Kind": "CAT"}
        fitting = st.just(known.get(named.name, '"x"'))
    if is_list_type(get_nullable_type(type_)):
        fitting = fitting.map("[{}]".format)
    return st.one_of(fitting, fitting, fitting, st.sampled_from(LITERALS))


@st.composite
def selections(draw: st.DrawFn, type_name: str, depth: int) -> str:
    named: Any = SCHEMA.type_map.get(type_name)
    fields = getattr(named, "fields", {}) if not isinstance(named, GraphQLInputObjectType) else {}
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        condition = draw(st.sampled_from(["", "", "", " @include(if: $b)", " @skip(if: false)"]))
        kind = draw(st.sampled_from(["field", "field", "field", "on", "spread"]))
        if kind == "spread":
            parts.append(f"...{draw(st.sampled_from(['F', 'G']))}{condition}")
        elif kind == "on":
            inner = draw(st.sampled_from([*TYPES, type_name, type_name]))
            below = draw(selections(inner, depth - 1)) if depth else "__typename"
            parts.append(f"... on {inner}{condition} {{ {below} }}")
        else:
            name = draw(st.sampled_from([*fields, *fields, *fields, "__typename", draw(st.sampled_from(NAMES))]))
            found = fields.get(name)
            arguments = "".join(
                f"{key}: {draw(literal(at.type))} "
                for key, at in (found.args if found else {}).items()
                if draw(st.booleans()) or isinstance(at.type, GraphQLNonNull)
            )
            held = get_named_type(found.type) if found else None
            inner_text = ""
            if hasattr(held, "fields") or held is SCHEMA.type_map["Any"]:
                inner_text = f" {{ {draw(selections(held.name, depth - 1)) if depth else '__typename'} }}"
            alias = draw(st.sampled_from(["", "", "x: "]))
            parts.append(f"{alias}{name}{f'({arguments})' if arguments else ''}{condition}{inner_text}")
    return " ".join(parts)


@st.composite
def documents(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["query", "query", "query", "mutation", "subscription"]))
    body = draw(selections(kind.capitalize(), 3))
    for name in ("F", "G"):
        if f"...{name}" in body or draw(st.integers(0, 9)) == 0:
            type_name = draw(st.sampled_from(TYPES[:7]))
            body += f" }} fragment {name} on {type_name} {{ {draw(selections(type_name, 1))}"
    defined = [
        f"${name}: {draw(st.sampled_from(VARIABLE_TYPES))}"
        for name in VARIABLES
        if f"${name}" in body or draw(st.integers(0, 9)) == 0
    ]
    heading = f"({', '.join(defined)})" if defined else ""
    return f"{kind}{heading} {{ {body} }}"


@settings(max_examples=300, deadline=None)
@given(documents())
def test_what_is_accepted_breaks_no_rule(text: str) -> None:
    document = parse_text(text)
    if surely_valid(document, SCHEMA):
        assert broken_rules(document, SCHEMA) == []
