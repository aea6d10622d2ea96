"""Documents that are refused: which error, which stable code, where."""

import pytest
from graphql import build_schema, validate

from router.errors import LimitExceeded, OperationNotFound, ParseFailed, RequestError, ValidationFailed
from router.operation import parse_request
from router.operation.parse import parse_text
from router.operation.validation import RULES, broken_rules

SCHEMA = build_schema("type Query { a: A s: String } type A { id: ID! a: A f(in: In): Int } input In { n: Int! }")

CASES = [
    ("", None, ParseFailed, "GRAPHQL_PARSE_FAILED", (1, 1)),
    ("{", None, ParseFailed, "GRAPHQL_PARSE_FAILED", (1, 2)),
    ("{ a { } }", None, ParseFailed, "GRAPHQL_PARSE_FAILED", (1, 7)),
    ("{ s \x00 }", None, ParseFailed, "GRAPHQL_PARSE_FAILED", (1, 5)),
    ("{ nope }", None, ValidationFailed, "GRAPHQL_VALIDATION_FAILED", (1, 3)),
    ("{ a }", None, ValidationFailed, "GRAPHQL_VALIDATION_FAILED", (1, 3)),
    ("{ a { f(in: {}) } }", None, ValidationFailed, "GRAPHQL_VALIDATION_FAILED", (1, 13)),
    ("{ ...F } fragment F on Query { ...F }", None, ValidationFailed, "GRAPHQL_VALIDATION_FAILED", (1, 32)),
    ("mutation { s }", None, ValidationFailed, "GRAPHQL_VALIDATION_FAILED", (1, 1)),
    ("query A { s } query B { s }", None, OperationNotFound, "OPERATION_RESOLUTION_FAILURE", None),
    ("query A { s }", "B", OperationNotFound, "OPERATION_RESOLUTION_FAILURE", None),
    ("fragment F on A { id }", None, OperationNotFound, "OPERATION_RESOLUTION_FAILURE", None),
    ("{ s " + "s " * 20_000 + "}", None, LimitExceeded, "MAX_TOKENS_EXCEEDED", None),
    ("{" + "a{" * 5_000, None, LimitExceeded, "MAX_DEPTH_EXCEEDED", None),
]


@pytest.mark.parametrize(("text", "name", "kind", "code", "place"), CASES)
def test_refuses(
    text: str, name: str | None, kind: type[RequestError], code: str, place: tuple[int, int] | None
) -> None:
    with pytest.raises(kind) as refused:
        parse_request(text, name, SCHEMA)
    error = refused.value.errors[0]
    assert error.extensions["code"] == code
    assert error.locations[:1] == (() if place is None else (place,))


def test_tells_all_problems_at_once_up_to_a_bound() -> None:
    with pytest.raises(ValidationFailed) as two:
        parse_request("{ nope a { neither } }", None, SCHEMA)
    assert [error.message for error in two.value.errors] == [
        "Cannot query field 'nope' on type 'Query'.",
        "Cannot query field 'neither' on type 'A'.",
    ]
    with pytest.raises(ValidationFailed) as many:
        parse_request("{ " + " ".join(f"x{n}" for n in range(500)) + " }", None, SCHEMA)
    assert len(many.value.errors) <= 51


def test_suggestions_can_be_kept_back() -> None:
    with pytest.raises(ValidationFailed, match="Did you mean 's'"):
        parse_request("{ ss }", None, SCHEMA)
    with pytest.raises(ValidationFailed) as refused:
        parse_request("{ ss }", None, SCHEMA, suggestions=False)
    assert "mean" not in refused.value.message


VALIDATED = [
    *(text for text, _, kind, _, _ in CASES if kind in (ValidationFailed, OperationNotFound)),
    "{ ss nope a { neither f(in: {n: null, m: 1}) f(n: 2) } }",
    "query ($x: Int, $x: A, $y: Nope) { s @skip(if: $z) @skip(if: true) a { ...F ... on In { n } } } "
    "fragment F on A { id }",
    "{ a { x: id x: f } ...G } fragment G on A { id } fragment G on A { id } fragment H on A { ...H }",
    "subscription { s } query { s } { s }",
    "query ($in: In = {n: 1}) { a { f(in: $in) a { a { id } } } }",
    'type T { id: ID } { s(x: "한글") }',
    "{ " + " ".join(f"x{n}" for n in range(60)) + " }",
]


@pytest.mark.parametrize("text", VALIDATED)
def test_finds_what_the_reference_validation_finds(text: str) -> None:
    document = parse_text(text)
    expected = validate(SCHEMA, document, RULES, max_errors=50, allow_empty_selection_sets=False)
    found = broken_rules(document, SCHEMA)
    assert [(error.message, error.locations) for error in found] == [(e.message, e.locations) for e in expected]


def test_fields_know_their_place_in_the_text() -> None:
    operation = parse_request("{\n  one: s\n  a { ...F } }\nfragment F on A {\n id }", None, SCHEMA)
    one, a = operation.selections
    assert one.locations == ((2, 3),)
    assert (a.locations, a.selections[0].locations) == (((3, 3),), ((5, 2),))
