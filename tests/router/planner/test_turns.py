"""Mutation fields run once each, where their key is first met, whatever the variables are."""

import itertools

import pytest
from graphql import build_schema

from router.operation import parse_request
from router.operation.model import Field
from router.planner.selections import open_fragments, print_selections
from router.planner.turns import in_turns

SCHEMA = build_schema(
    "type Query { q: Int } type Mutation { a: T b: T c: T } type T { x: Int y: Int z: Int }", assume_valid=True
)

CASES = {
    "a { x } b { x } ... @include(if: $p) { a { y } }": "a { x ... @include(if: $p) { y } } b { x }",
    "... @skip(if: $p) { a { x } b { x } } a { y }": (
        "a @skip(if: $p) { x y } b @skip(if: $p) { x } a @include(if: $p) { y }"
    ),
    "a @include(if: $p) { x } b { x } a @include(if: $q) { y }": (
        "a @include(if: $p) { x ... @include(if: $q) { y } } b { x } a @include(if: $q) @skip(if: $p) { y }"
    ),
    "a @include(if: $p) { x } b { x } a @skip(if: $p) { y }": (
        "a @include(if: $p) { x } b { x } a @skip(if: $p) { y }"
    ),
}


def asked(text: str) -> tuple[Field, ...]:
    head = "".join(f" ${name}: Boolean!" for name in "pqr" if f"${name}" in text)
    operation = parse_request(f"mutation {f'({head})' if head else ''} {{ {text} }}", None, SCHEMA)
    return tuple(each for each in open_fragments(operation.selections, lambda _: True) if isinstance(each, Field))


@pytest.mark.parametrize("text", CASES)
def test_turns(text: str) -> None:
    found = in_turns(asked(text))
    assert print_selections(found) == f"{{ {CASES[text]} }}"


CONDITIONS = ("", "@include(if: $p)", "@skip(if: $q)", "@include(if: $p) @skip(if: $r)", "@include(if: $q)")


@pytest.mark.parametrize("conditions", list(itertools.product(CONDITIONS, repeat=3)))
def test_each_key_takes_one_turn_where_it_is_first_met(conditions: tuple[str, ...]) -> None:
    first, second, third = conditions
    text = f"a {first} {{ x }} b {{ x }} a {second} {{ y }} c {first} {{ x }} a {third} {{ z }} b {second} {{ y }}"
    fields = asked(text)
    turns = in_turns(fields)
    for values in itertools.product((True, False), repeat=3):
        variables = dict(zip("pqr", values, strict=True))

        def holds(field: Field, given: dict[str, bool] = variables) -> bool:
            return all(given[each.variable] is each.expected for each in field.conditions)

        met = dict.fromkeys(each.response_key for each in fields if holds(each))
        assert [turn.response_key for turn in turns if holds(turn)] == list(met)
