"""A directive of the subgraphs' own that is named @stream says nothing on whether fields merge; all else holds."""

from __future__ import annotations

import pytest
from graphql import build_schema, parse

from router.errors import ValidationFailed
from router.operation.validation import check_document

SCHEMA = build_schema(
    "directive @stream on FIELD type Query { found: Found } union Found = A | B"
    " type A { price: Int } type B { price: Int title: String }"
)


def check(text: str) -> None:
    check_document(parse(text), SCHEMA)


def test_fields_merge_with_and_without_it() -> None:
    check("{ found { ... on A { price } ... on B { price @stream } } }")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ found { ... on A { v: price } ... on B { v: title @stream } } }", "conflicting types"),
        ("{ found @stream(initialCount: 1) { __typename } }", "Unknown argument"),
        ("query @stream { found { __typename } }", "may not be used on query"),
    ],
)
def test_other_rules_hold(text: str, message: str) -> None:
    with pytest.raises(ValidationFailed, match=message):
        check(text)
