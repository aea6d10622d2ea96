"""Documents that are refused: which error, which stable code, where."""

import time

import pytest
from graphql import build_schema

from router.errors import LimitExceeded, OperationNotFound, ParseFailed, RequestError, ValidationFailed
from router.operation import parse_request

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


def test_a_hostile_document_is_refused_quickly() -> None:
    aliases = " ".join(f"a{n}: s" for n in range(3_000))
    started = time.perf_counter()
    parse_request("{ " + aliases + " }", None, SCHEMA)
    assert time.perf_counter() - started < 5
