"""Which documents are refused, whose directive it is, and which operations are answered whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from graphql import build_schema
from library import Library
from worlds import payloads_of

from router.operation import GraphQLRequest
from router.operation.incremental import with_incremental_delivery
from router.operation.incremental.marks import MAX_CHOICES

# What is refused: the document, and the message of the rule.
REFUSED = {
    'mutation { ... @defer { rename(id: 1, title: "") { id } } }': "Defer directive cannot be used on root mutation",
    "subscription { ... @defer { added { title } } }": "Defer directive cannot be used on root subscription",
    "subscription { added { ... @defer { title } } }": "Defer directive not supported on subscription operations",
    "{ book(id: 1) @stream { title } }": "Stream directive cannot be used on non-list field 'book' on type 'Query'",
    "{ things { __typename @stream } }": "Stream directive cannot be used on non-list field '__typename'",
    '{ ... @defer(label: "a") { motto } books @stream(label: "a") { id } }': "label argument must be unique",
    "query ($l: String) { ... @defer(label: $l) { motto } }": "label argument must be a static string",
    "{ books { id } books @stream { title } }": "they have overlapping stream directives",
    "{ motto @defer }": "Directive '@defer' may not be used on field",
    "{ ... @defer(when: true) { motto } }": "Unknown argument 'when' on directive '@defer'",
    "{ books @stream(initialCount: null) { id } }": "Expected value of non-null type 'Int!' not to be None",
}


@pytest.mark.parametrize("document", REFUSED)
async def test_a_document_against_the_rules_of_the_draft_is_refused(document: str) -> None:
    (answer,) = await payloads_of(Library().pipeline, GraphQLRequest(document))
    assert REFUSED[document] in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer["errors"][0]["locations"]


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ books @stream(initialCount: -1) { rating } }", {}),
        ("query ($n: Int!) { books @stream(initialCount: $n) { rating } }", {"n": -2}),
    ],
)
async def test_a_negative_initial_count_is_refused(document: str, variables: dict[str, Any]) -> None:
    (answer,) = await payloads_of(Library().pipeline, GraphQLRequest(document, None, variables))
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "initialCount of @stream must not be negative" in answer["errors"][0]["message"]


# What is answered by one response, although it has a mark, and why.
WHOLE = {
    "a constant switches it off": ("{ book(id: 1) { title ... @defer(if: false) { rating } } }", {}),
    "a variable switches it off": (
        "query ($d: Boolean!) { book(id: 1) { ... @defer(if: $d) { rating } } }",
        {"d": False},
    ),
    "@skip goes before @defer": ("{ book(id: 1) { title ... @skip(if: true) @defer { rating } } }", {}),
    "the fields stand outside as well": ("{ book(id: 1) { rating ... @defer { rating } } }", {}),
    "a value type has no way in": ("{ book(id: 1) { cover { front ... @defer { back } } } }", {}),
    "only __typename is deferred": ("{ book(id: 1) { title ... @defer { __typename } } }", {}),
    "introspection fetches nothing": ("{ motto ... @defer { __schema { queryType { name } } } }", {}),
    "there is no object": ('{ book(id: "none") { title ... @defer { rating } } }', {}),
    "there are no objects": ("{ books(first: 0) { title ... @defer { rating } } }", {}),
    "no object is of the type": ("{ shelves { books { id ... on Thing { ... on Map @defer { scale } } } } }", {}),
    "the list is not longer than its head": ("{ books @stream(initialCount: 5) { rating } }", {}),
    "the list is null": ('{ book(id: "none") { reviews @stream { stars } } }', {}),
    "a stream is switched off": ("{ books @stream(if: false) { rating } }", {}),
}


@pytest.mark.parametrize("why", WHOLE)
async def test_an_answer_that_has_nothing_to_come_is_one_response(why: str) -> None:
    document, variables = WHOLE[why]
    library = Library()
    found = await payloads_of(library.pipeline, GraphQLRequest(document, None, variables))
    assert len(found) == 1
    assert "hasNext" not in found[0]
    assert library.pipeline.counters.incremental == 0


async def test_more_booleans_than_plans_should_be_made_for_are_answered_whole() -> None:
    def document(booleans: int) -> str:
        heads = ", ".join(f"$b{n}: Boolean = true" for n in range(booleans))
        fields = " ".join(f"... @defer(if: $b{n}) {{ a{n}: rating }}" for n in range(booleans))
        return f"query ({heads}) {{ book(id: 1) {{ title {fields} }} }}"

    library = Library()
    assert len(await payloads_of(library.pipeline, GraphQLRequest(document(MAX_CHOICES)))) > 1
    assert len(await payloads_of(library.pipeline, GraphQLRequest(document(MAX_CHOICES + 1)))) == 1


async def test_a_plan_is_made_once_for_each_outcome_of_the_booleans() -> None:
    library = Library()
    document = """query ($d: Boolean! = true, $i: Boolean = false) {
      book(id: 1) { title ... @defer(if: $d) { rating } cover @include(if: $i) { front } } }"""
    for variables in ({}, {"d": True}, {"d": True, "i": False}, {}):
        assert len(await payloads_of(library.pipeline, GraphQLRequest(document, None, variables))) == 2
    assert library.pipeline.counters.plans_made == 1
    assert len(await payloads_of(library.pipeline, GraphQLRequest(document, None, {"d": False}))) == 1
    found = await payloads_of(library.pipeline, GraphQLRequest(document, None, {"i": True}))
    assert found[0]["data"]["book"] == {"title": "title 1", "cover": {"front": "front 1"}}
    assert library.pipeline.counters.plans_made == 3


@pytest.mark.parametrize(
    ("own", "built_in"),
    [
        ("", {"defer", "stream"}),
        ("directive @stream on FIELD", {"defer"}),
        ("directive @defer(seconds: Int) on INLINE_FRAGMENT", {"stream"}),
        ("directive @defer(if: Boolean, label: String) on INLINE_FRAGMENT", {"defer", "stream"}),
    ],
)
def test_a_directive_of_the_schemas_own_wins(own: str, built_in: set[str]) -> None:
    schema, names = with_incremental_delivery(build_schema(f"type Query {{ a: Int }} {own}"))
    assert names == built_in
    own_names = {d.name for d in schema.directives} & {"defer", "stream"} - built_in
    assert own_names == {"defer", "stream"} - built_in


async def test_the_directives_can_be_seen_by_introspection() -> None:
    query = "{ __schema { directives { name args { name type { kind ofType { name } } defaultValue } } } }"
    (answer,) = await payloads_of(Library().pipeline, GraphQLRequest(query))
    directives = {one["name"]: one["args"] for one in answer["data"]["__schema"]["directives"]}
    assert json.dumps(directives["stream"]).count("NON_NULL") == 2
    assert [argument["name"] for argument in directives["defer"]] == ["if", "label"]
