"""Coercion of variables (spec section 6.1.2): what subgraphs receive, and what is said about values that do not fit."""

from typing import Any

import pytest
from graphql import build_schema

from router.errors import BadVariables
from router.operation import coerce_variables, parse_request

SCHEMA = build_schema("""
  type Query { f(i: Int, fl: Float, s: String, b: Boolean, id: ID, e: Color, d: Day, l: [Int!], ll: [[Int]], in: Trip,
    one: Either, must: Int! = 3): Int }
  enum Color { RED GREEN }
  scalar Day
  input Trip { date: Day! km: Float = 10 stops: [Stop!] back: Trip color: Color = RED }
  input Stop { id: ID! }
  input Either @oneOf { a: Int b: Int }
""")
BIG = 2**70

ACCEPTED: list[tuple[str, Any, Any]] = [
    ("Int", 5, 5),
    ("Int", 5.0, 5),
    ("Int", -(2**31), -(2**31)),
    ("Int", None, None),
    ("Float", 1, 1),
    ("Float", 1.5, 1.5),
    ("String", "한글", "한글"),
    ("Boolean", False, False),
    ("ID", "a", "a"),
    ("ID", 7, "7"),
    ("Color", "GREEN", "GREEN"),
    ("Day", "2026-11-22", "2026-11-22"),
    ("Day", {"y": 2026, "list": [1, None]}, {"y": 2026, "list": [1, None]}),
    ("Day", BIG, BIG),
    ("[Int!]", [1, 2], [1, 2]),
    ("[Int!]", 1, [1]),
    ("[[Int]]", [[1], None, 2], [[1], None, [2]]),
    ("Trip", {"date": "d"}, {"date": "d", "km": 10, "color": "RED"}),
    (
        "Trip",
        {"date": "d", "km": None, "stops": {"id": 1}},
        {"date": "d", "km": None, "stops": [{"id": "1"}], "color": "RED"},
    ),
    (
        "Trip",
        {"date": "d", "back": {"date": "e"}},
        {"date": "d", "km": 10, "back": {"date": "e", "km": 10, "color": "RED"}, "color": "RED"},
    ),
    ("Either", {"a": 1}, {"a": 1}),
]

REFUSED: list[tuple[str, Any, list[str]]] = [
    ("Int", "5", ["$v: Int cannot represent non-integer value: '5'."]),
    ("Int", True, ["$v: Int cannot represent non-integer value: True."]),
    ("Int", 1.5, ["$v: Int cannot represent non-integer value: 1.5."]),
    ("Int", 2**31, ["$v: Int cannot represent non 32-bit signed integer value: 2147483648."]),
    ("Int!", None, ["$v: expected Int!, found null."]),
    ("Float", "1", ["$v: Float cannot represent non numeric value: '1'."]),
    ("String", 1, ["$v: String cannot represent a non string value: 1."]),
    ("Boolean", 1, ["$v: Boolean cannot represent a non boolean value: 1."]),
    ("Color", "BLUE", ["$v: 'BLUE' is not a value of the enum Color."]),
    ("Color", ["RED"], ["$v: ['RED'] is not a value of the enum Color."]),
    (
        "[Int!]",
        [1, None, "x"],
        ["$v[1]: expected Int!, found null.", "$v[2]: Int cannot represent non-integer value: 'x'."],
    ),
    ("Trip", 5, ["$v: expected an object of type Trip, found 5."]),
    ("Trip", {}, ["$v.date: a value is required."]),
    ("Trip", {"date": None}, ["$v.date: expected Day!, found null."]),
    ("Trip", {"date": 1, "kn": 2}, ["$v.kn: Trip has no such field."]),
    ("Trip", {"date": 1, "stops": [{"id": 1}, {}]}, ["$v.stops[1].id: a value is required."]),
    (
        "Trip",
        {"date": 1, "back": {"date": 1, "km": "x"}},
        ["$v.back.km: Float cannot represent non numeric value: 'x'."],
    ),
    ("Either", {"a": 1, "b": 2}, ["$v: exactly one field of Either must be given, and not null."]),
    ("Either", {"a": None}, ["$v: exactly one field of Either must be given, and not null."]),
]

ARGUMENT = {
    "Int": "i", "Int!": "i", "Float": "fl", "String": "s", "Boolean": "b", "ID": "id", "Color": "e", "Day": "d",
    "[Int!]": "l", "[[Int]]": "ll", "Trip": "in", "Either": "one",
}  # fmt: skip


def coerced(variable_type: str, provided: dict[str, Any], default: str = "") -> dict[str, Any]:
    argument = ARGUMENT[variable_type]
    # A oneOf value inside a literal must be non-null; as a whole argument the variable's type is what counts.
    text = f"query($v: {variable_type}{default}) {{ f({argument}: $v) }}"
    return coerce_variables(parse_request(text, None, SCHEMA), SCHEMA, provided)


@pytest.mark.parametrize(("variable_type", "value", "expected"), ACCEPTED)
def test_accepts(variable_type: str, value: Any, expected: Any) -> None:
    assert coerced(variable_type, {"v": value}) == {"v": expected}


@pytest.mark.parametrize(("variable_type", "value", "messages"), REFUSED)
def test_refuses_and_says_where(variable_type: str, value: Any, messages: list[str]) -> None:
    with pytest.raises(BadVariables) as refused:
        coerced(variable_type, {"v": value})
    assert [error.message for error in refused.value.errors] == messages
    assert {error.extensions["code"] for error in refused.value.errors} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize(
    ("variable_type", "default", "provided", "expected"),
    [
        ("Int", "", {}, {}),
        ("Int", " = 4", {}, {"v": 4}),
        ("Int", " = 4", {"v": None}, {"v": None}),
        ("Int", " = 4", {"v": 1}, {"v": 1}),
        ("Color", " = GREEN", {}, {"v": "GREEN"}),
        ("ID", " = 5", {}, {"v": "5"}),
        ("Trip", ' = {date: "d"}', {}, {"v": {"date": "d", "km": 10, "color": "RED"}}),
        ("Int", "", {"unused": object()}, {}),
    ],
)
def test_absent_stays_absent_and_defaults_fill(
    variable_type: str, default: str, provided: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert coerced(variable_type, provided, default) == expected


def test_a_required_variable_must_be_given() -> None:
    with pytest.raises(BadVariables, match=r"\$v: a value is required"):
        coerced("Int!", {})


def test_problems_are_bounded() -> None:
    with pytest.raises(BadVariables) as refused:
        coerced("[Int!]", {"v": ["x"] * 10_000})
    assert len(refused.value.errors) == 51
    assert refused.value.errors[-1].message == "9950 more problems."
