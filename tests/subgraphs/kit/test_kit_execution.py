"""How a subgraph answers: data, coded errors in two languages, masked defects, batches, streams."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any

import pytest
import strawberry

from subgraphs.kit import (
    ANONYMOUS,
    KIT_ERRORS,
    Context,
    Identity,
    Info,
    PlaceFields,
    Point,
    Subgraph,
    execute,
    federated_schema,
    in_order,
    place_type,
    subscribe,
)
from subgraphs.kit.execution import MAX_TEXT, DocumentCache

CALLS: list[list[str]] = []
CLOSED: list[str] = []


async def load_items(_context: Context, keys: Sequence[str]) -> list[Any]:
    CALLS.append(list(keys))
    return in_order(keys, {key: Item(id=strawberry.ID(key)) for key in keys if key.startswith("i")})


@place_type
class Place(PlaceFields):
    """As every domain has it."""


@strawberry.federation.type(keys=["id"])
class Item:
    id: strawberry.ID
    nick_name: str = "nick"

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID, nick_name: str | None = None) -> Any:
        item = await info.context.loader(load_items).load(str(id))
        if item is not None and nick_name is not None:
            item.nick_name = nick_name
        return item


@strawberry.type
class Query:
    place: Place = strawberry.field(resolver=lambda: Place.at(Point(37.5, 127.0)))

    @strawberry.field
    async def item(self, info: Info, id: strawberry.ID) -> Item | None:
        return await info.context.loader(load_items).load(str(id))

    @strawberry.field
    def day(self, on: date) -> date:
        return on

    @strawberry.field
    def boom(self) -> str | None:
        raise KeyError("the password is hunter2")

    @strawberry.field
    def certainly(self) -> str:
        raise KIT_ERRORS.error("FORBIDDEN", scope="x:y")

    @strawberry.field
    def refused(self) -> str | None:
        raise KIT_ERRORS.error("FORBIDDEN", scope="x:y")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        try:
            for number in range(to):
                await asyncio.sleep(0)
                yield number
            if to == 3:
                raise KIT_ERRORS.error("BUSY")
            if to == 4:
                raise KeyError("hunter2")
        finally:
            CLOSED.append("count")


SUBGRAPH = Subgraph("demo", federated_schema(Query, subscription=Subscription, types=(Item,)), KIT_ERRORS)


async def ask(query: str, identity: Identity = ANONYMOUS, **variables: Any) -> dict[str, Any]:
    return await execute(SUBGRAPH, query, variables, None, Context(database=None, identity=identity))  # type: ignore[arg-type]


async def test_data() -> None:
    assert await ask('{ day(on: "2026-11-22") place { id lat } }') == {
        "data": {"day": "2026-11-22", "place": {"id": "37.50000,127.00000", "lat": 37.5}}
    }


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ('{ day(on: "tomorrow") }', {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($d: Date!) { day(on: $d) }", {"d": "2026-13-01"}, "BAD_USER_INPUT"),
        ("query($d: Date!) { day(on: $d) }", {}, "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("{ __typename }" + " " * MAX_TEXT, {}, "OPERATION_TOO_LARGE"),
        ("{ a" * 3000 + "}" * 3000, {}, "GRAPHQL_PARSE_FAILED"),
        ("{ " + "a " * 30_000 + "}", {}, "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_a_request_that_cannot_run_has_errors_and_no_data(
    query: str, variables: dict[str, Any], code: str
) -> None:
    answer = await ask(query, **variables)
    assert set(answer) == {"errors"}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


@pytest.mark.parametrize(
    ("language", "message"), [("ko", "이 작업에는 x:y 권한이 필요합니다."), ("en", "This needs the scope x:y.")]
)
async def test_a_domain_error_speaks_the_callers_language(language: Any, message: str) -> None:
    answer = await ask("{ refused __typename }", Identity(language=language))
    assert answer["data"] == {"refused": None, "__typename": "Query"}
    (error,) = answer["errors"]
    assert error["message"] == message
    assert error["path"] == ["refused"] and error["extensions"] == {"code": "FORBIDDEN", "scope": "x:y"}


async def test_a_non_null_field_takes_its_parent_along() -> None:
    answer = await ask("{ certainly }")
    assert answer["data"] is None and answer["errors"][0]["path"] == ["certainly"]


async def test_a_defect_is_masked_and_logged_under_one_id(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await ask("{ boom }")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR" and "hunter2" not in str(answer)
    assert error["extensions"]["id"] in error["message"]
    (record,) = [record for record in caplog.records if error["extensions"]["id"] in record.getMessage()]
    assert record.exc_info is not None and "hunter2" in str(record.exc_info[1])


async def test_entities_of_one_request_are_loaded_in_one_batch_in_order() -> None:
    CALLS.clear()
    representations = [{"__typename": "Item", "id": key} for key in ("i2", "x", "i1", "i2")]
    copy = [dict(one) for one in representations]
    answer = await ask(
        'query($r: [_Any!]!) { _entities(representations: $r) { ... on Item { id } } item(id: "i9") { id } }',
        r=representations,
    )
    assert answer["data"] == {"_entities": [{"id": "i2"}, None, {"id": "i1"}, {"id": "i2"}], "item": {"id": "i9"}}
    (keys,) = CALLS
    assert sorted(keys) == ["i1", "i2", "i9", "x"]
    assert representations == copy, "the router's representations are not ours to change"


async def test_required_fields_of_a_representation_reach_the_type_by_their_graphql_names() -> None:
    representation = {"__typename": "Item", "id": "i1", "nickName": "other", "unasked": 1, "info": "forged"}
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Item { id nickName } } }"
    assert (await ask(query, r=[representation]))["data"]["_entities"] == [{"id": "i1", "nickName": "other"}]


async def test_loaders_do_not_outlive_their_request() -> None:
    CALLS.clear()
    for _ in range(2):
        await ask('{ item(id: "i1") { id } }')
    assert CALLS == [["i1"], ["i1"]]


def test_the_document_cache_keeps_the_last_used_texts() -> None:
    cache = DocumentCache(SUBGRAPH.schema, size=3)
    first = cache.check("{ a: __typename }")
    for name in "bcbabdbebf":
        cache.check(f"{{ {name}: __typename }}")
        cache.check("{ a: __typename }")
    assert cache.check("{ a: __typename }") is first
    assert len(cache._checked) == 3


async def events(query: str, **variables: Any) -> list[dict[str, Any]]:
    stream = subscribe(SUBGRAPH, query, variables, None, Context(database=None))  # type: ignore[arg-type]
    return [event async for event in stream]


async def test_a_subscription_answers_event_by_event_and_closes_its_source() -> None:
    CLOSED.clear()
    assert await events("subscription { count(to: 2) }") == [{"data": {"count": 0}}, {"data": {"count": 1}}]
    assert CLOSED == ["count"]


async def test_leaving_a_subscription_closes_its_source() -> None:
    CLOSED.clear()
    stream = subscribe(SUBGRAPH, "subscription { count(to: 1000) }", {}, None, Context(database=None))  # type: ignore[arg-type]
    assert await anext(stream) == {"data": {"count": 0}}
    await stream.aclose()
    assert CLOSED == ["count"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($n: Int!) { count(to: $n) }", "BAD_USER_INPUT"),
        ("{ __typename }", "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_subscription_that_cannot_start_is_one_response_without_data(query: str, code: str) -> None:
    (response,) = await events(query)
    assert set(response) == {"errors"} and response["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(("events_before", "code"), [(3, "BUSY"), (4, "INTERNAL_SERVER_ERROR")])
async def test_a_source_that_fails_ends_with_a_coded_error(events_before: int, code: str) -> None:
    *data, last = await events("subscription($n: Int!) { count(to: $n) }", n=events_before)
    assert len(data) == events_before
    assert last["errors"][0]["extensions"]["code"] == code and "hunter2" not in str(last)
