"""What is delivered when: operations against a library, with every payload of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from library import Library, failing
from merging import merged, merged_by_path
from worlds import payloads_of

from router.caller import Caller
from router.executor import SubgraphRequest
from router.executor.incremental import path_based
from router.operation import GraphQLRequest


def patch(number: int, data: Any, *, sub: list[Any] | None = None, errors: list[Any] | None = None) -> dict[str, Any]:
    return {
        "id": str(number),
        **({"subPath": sub} if sub else {}),
        **({"items": data} if isinstance(data, list) else {"data": data}),
        **({"errors": errors} if errors else {}),
    }


def notice(number: int, *path: str | int, label: str | None = None) -> dict[str, Any]:
    return {"id": str(number), "path": list(path), **({"label": label} if label else {})}


def done(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": str(number)} for number in numbers]


# By name: an operation and its payloads.
PAYLOADS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "an entity of another subgraph, with a label": (
        '{ book(id: 1) { title ... @defer(label: "later") { rating } } }',
        [
            {"data": {"book": {"title": "title 1"}}, "pending": [notice(0, "book", label="later")], "hasNext": True},
            {"incremental": [patch(0, {"rating": 10})], "completed": done(0), "hasNext": False},
        ],
    ),
    "an entity of the same subgraph is entered again": (
        "{ book(id: 1) { id ... @defer { title } } }",
        [
            {"data": {"book": {"id": "1"}}, "pending": [notice(0, "book")], "hasNext": True},
            {"incremental": [patch(0, {"title": "title 1"})], "completed": done(0), "hasNext": False},
        ],
    ),
    "root fields": (
        "{ motto ... @defer { book(id: 1) { title } } }",
        [
            {"data": {"motto": "read"}, "pending": [notice(0)], "hasNext": True},
            {"incremental": [patch(0, {"book": {"title": "title 1"}})], "completed": done(0), "hasNext": False},
        ],
    ),
    "everything": (
        "{ ... @defer { motto } }",
        [
            {"data": {}, "pending": [notice(0)], "hasNext": True},
            {"incremental": [patch(0, {"motto": "read"})], "completed": done(0), "hasNext": False},
        ],
    ),
    "a field that also stands outside is delivered once, what is deferred below it with a subPath": (
        "{ book(id: 1) { next { title } ... @defer { next { title rating } rating } } }",
        [
            {"data": {"book": {"next": {"title": "title 2"}}}, "pending": [notice(0, "book")], "hasNext": True},
            {
                "incremental": [patch(0, {"rating": 20}, sub=["next"]), patch(0, {"rating": 10})],
                "completed": done(0),
                "hasNext": False,
            },
        ],
    ),
    "a field two fragments share is delivered once, for the first of them": (
        '{ book(id: 1) { id ... @defer(label: "a") { rating must } ... @defer(label: "b") { rating title } } }',
        [
            {
                "data": {"book": {"id": "1"}},
                "pending": [notice(0, "book", label="a"), notice(1, "book", label="b")],
                "hasNext": True,
            },
            {
                "incremental": [
                    patch(0, {"rating": 10}),
                    patch(0, {"must": 1}),
                    patch(1, {"title": "title 1"}),
                ],
                "completed": done(0, 1),
                "hasNext": False,
            },
        ],
    ),
    "an inner fragment is announced when the outer one is complete": (
        '{ book(id: 1) { id ... @defer(label: "o") { rating ... @defer(label: "i") { title } } } }',
        [
            {"data": {"book": {"id": "1"}}, "pending": [notice(0, "book", label="o")], "hasNext": True},
            {
                "pending": [notice(1, "book", label="i")],
                "incremental": [patch(0, {"rating": 10})],
                "completed": done(0),
                "hasNext": True,
            },
            {"incremental": [patch(1, {"title": "title 1"})], "completed": done(1), "hasNext": False},
        ],
    ),
    "an outer fragment with nothing of its own is not announced": (
        '{ book(id: 1) { rating ... @defer(label: "o") { rating ... @defer(label: "i") { title } } } }',
        [
            {"data": {"book": {"rating": 10}}, "pending": [notice(0, "book", label="i")], "hasNext": True},
            {"incremental": [patch(0, {"title": "title 1"})], "completed": done(0), "hasNext": False},
        ],
    ),
    "a list has a part an object": (
        "{ books(first: 2) { id ... @defer { rating } } }",
        [
            {
                "data": {"books": [{"id": "1"}, {"id": "2"}]},
                "pending": [notice(0, "books", 0), notice(1, "books", 1)],
                "hasNext": True,
            },
            {
                "incremental": [patch(0, {"rating": 10}), patch(1, {"rating": 20})],
                "completed": done(0, 1),
                "hasNext": False,
            },
        ],
    ),
    "an interface: objects of the type only": (
        "{ things { id ... on Book @defer { rating } } }",
        [
            {
                "data": {"things": [{"id": "1"}, {"id": "m"}, {"id": "2"}]},
                "pending": [notice(0, "things", 0), notice(1, "things", 2)],
                "hasNext": True,
            },
            {
                "incremental": [patch(0, {"rating": 10}), patch(1, {"rating": 20})],
                "completed": done(0, 1),
                "hasNext": False,
            },
        ],
    ),
    "a mutation's fields below the root": (
        'mutation { rename(id: 1, title: "x") { title ... @defer { rating } } }',
        [
            {"data": {"rename": {"title": "x"}}, "pending": [notice(0, "rename")], "hasNext": True},
            {"incremental": [patch(0, {"rating": 10})], "completed": done(0), "hasNext": False},
        ],
    ),
    "a stream: its head, then the rest": (
        '{ books(first: 3) @stream(initialCount: 1, label: "s") { rating } }',
        [
            {"data": {"books": [{"rating": 10}]}, "pending": [notice(0, "books", label="s")], "hasNext": True},
            {"incremental": [patch(0, [{"rating": 20}, {"rating": 30}])], "completed": done(0), "hasNext": False},
        ],
    ),
    "a stream of scalars from the start": (
        "{ book(id: 1) { pages @stream } }",
        [
            {"data": {"book": {"pages": []}}, "pending": [notice(0, "book", "pages")], "hasNext": True},
            {"incremental": [patch(0, [1, 2, 3])], "completed": done(0), "hasNext": False},
        ],
    ),
    "streams below a list go in one batch": (
        "{ shelves { books @stream(initialCount: 1) { rating } } }",
        [
            {
                "data": {"shelves": [{"books": [{"rating": 10}]}, {"books": [{"rating": 40}]}]},
                "pending": [notice(0, "shelves", 0, "books"), notice(1, "shelves", 1, "books")],
                "hasNext": True,
            },
            {
                "incremental": [patch(0, [{"rating": 20}, {"rating": 30}]), patch(1, [{"rating": 50}])],
                "completed": done(0, 1),
                "hasNext": False,
            },
        ],
    ),
    "a stream inside of a deferred fragment": (
        "{ motto ... @defer { books(first: 2) @stream(initialCount: 1) { rating } } }",
        [
            {"data": {"motto": "read"}, "pending": [notice(0)], "hasNext": True},
            {
                "pending": [notice(1, "books")],
                "incremental": [patch(0, {"books": [{"rating": 10}]})],
                "completed": done(0),
                "hasNext": True,
            },
            {"incremental": [patch(1, [{"rating": 20}])], "completed": done(1), "hasNext": False},
        ],
    ),
    "a stream inside of a stream": (
        "{ shelves @stream(initialCount: 1) { name books @stream(initialCount: 1) { title } } }",
        [
            {
                "data": {"shelves": [{"name": "low", "books": [{"title": "title 1"}]}]},
                "pending": [notice(0, "shelves", 0, "books"), notice(1, "shelves")],
                "hasNext": True,
            },
            {
                "pending": [notice(2, "shelves", 1, "books")],
                "incremental": [
                    patch(0, [{"title": "title 2"}, {"title": "title 3"}]),
                    patch(1, [{"name": "high", "books": [{"title": "title 4"}]}]),
                ],
                "completed": done(0, 1),
                "hasNext": True,
            },
            {"incremental": [patch(2, [{"title": "title 5"}])], "completed": done(2), "hasNext": False},
        ],
    ),
}


async def settled(library: Library, document: str, caller: Caller | None = None) -> list[dict[str, Any]]:
    return await asyncio.wait_for(payloads_of(library.pipeline, GraphQLRequest(document), caller), 5)


@pytest.mark.parametrize("name", PAYLOADS)
async def test_payloads(name: str) -> None:
    document, expected = PAYLOADS[name]
    library = Library()
    found = await settled(library, document)
    assert found[0] == expected[0]
    assert at_once(found) == at_once(expected)
    whole = await library.pipeline.execute(GraphQLRequest(document), Caller())
    assert merged(found).data == orjson.loads(whole.body)["data"]
    assert merged_by_path(await payloads_of(library.pipeline, GraphQLRequest(document), form=path_based)).data == (
        merged(found).data
    )


def at_once(payloads: list[dict[str, Any]]) -> dict[str, Any]:
    """All updates as one: which of them go together is timing."""
    everything: dict[str, list[Any]] = {"pending": [], "incremental": [], "completed": []}
    for payload in payloads:
        for key, held in everything.items():
            held.extend(payload.get(key, ()))
    return {key: sorted(held, key=repr) for key, held in everything.items()}


def nulls(**entity: Any) -> Callable[[SubgraphRequest], Mapping[str, Any]]:
    """A subgraph that answers the same for every entity, with nothing wrong it would tell of."""
    return lambda request: {"data": {"_entities": [dict(entity) for _ in request.variables["representations"]]}}


def sent(request: SubgraphRequest) -> list[int]:
    return [int(one["id"]) for one in request.variables["representations"]]


# By name: an operation, what reviews answers, the data in the end, what failed, the errors by path and code.
FAILURES: dict[str, tuple[str, Any, Any, list[Any], list[Any]]] = {
    "a null that may stand is delivered with its error": (
        '{ book(id: 1) { id ... @defer(label: "r") { rating } } }',
        failing(),
        {"book": {"id": "1", "rating": None}},
        [],
        [(["book", "rating"], "SUBGRAPH_UNAVAILABLE")],
    ),
    "a null that may not stand fails the fragment and nothing else": (
        '{ book(id: 1) { id ... @defer(label: "m") { must } ... @defer(label: "t") { title } } }',
        nulls(must=None),
        {"book": {"id": "1", "title": "title 1"}},
        [("m", ["book"])],
        [(["book", "must"], "NULL_IN_NON_NULL_FIELD")],
    ),
    "each object fails for itself": (
        '{ books(first: 2) { id ... @defer(label: "m") { must } } }',
        lambda request: {
            "data": {"_entities": [{"must": 1}, None]},
            "errors": [{"message": "no", "path": ["_entities", 1], "extensions": {"code": "GONE"}}],
        },
        {"books": [{"id": "1", "must": 1}, {"id": "2"}]},
        [("m", ["books", 1])],
        [(["books", 1], "GONE")],
    ),
    "a null stops at the nearest place inside of the fragment": (
        '{ book(id: 1) { id ... @defer(label: "b") { best { text } rating } } }',
        nulls(best={"text": None}, rating=4),
        {"book": {"id": "1", "best": None, "rating": 4}},
        [],
        [(["book", "best", "text"], "NULL_IN_NON_NULL_FIELD")],
    ),
    "what stands in a failed fragment is never announced": (
        '{ book(id: 1) { id ... @defer(label: "o") { must ... @defer(label: "i") { title } } } }',
        nulls(must=None),
        {"book": {"id": "1"}},
        [("o", ["book"])],
        [(["book", "must"], "NULL_IN_NON_NULL_FIELD")],
    ),
    "what two fragments share fails both; what one has alone is not delivered": (
        '{ book(id: 1) { id ... @defer(label: "a") { must title } ... @defer(label: "b") { must } } }',
        nulls(must=None),
        None,
        [("a", ["book"]), ("b", ["book"])],
        [(["book", "must"], "NULL_IN_NON_NULL_FIELD")],
    ),
    "a streamed item that may not be null ends its stream": (
        '{ books(first: 3) @stream(initialCount: 1, label: "s") { must } }',
        lambda request: {
            "data": {
                "_entities": [{"must": int(one["id"]) % 3 or None} for one in request.variables["representations"]]
            }
        },
        {"books": [{"must": 1}]},
        [("s", ["books"])],
        [(["books", 2, "must"], "NULL_IN_NON_NULL_FIELD")],
    ),
    "errors of streamed items name their place in the whole list": (
        '{ shelves { books @stream(initialCount: 1, label: "s") { rating } } }',
        lambda request: {
            "data": {
                "_entities": [{"rating": int(one["id"])} for one in request.variables["representations"][:-1]] + [None]
            },
            "errors": [
                {
                    "message": "no",
                    "path": ["_entities", len(request.variables["representations"]) - 1],
                    "extensions": {"code": "GONE"},
                }
            ],
        },
        {
            "shelves": [
                {"books": [{"rating": 1}, {"rating": 2}, {"rating": 3}]},
                {"books": [{"rating": None}, {"rating": None}]},
            ]
        },
        [],
        [(["shelves", 1, "books", 0], "GONE"), (["shelves", 1, "books", 1], "GONE")],
    ),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("form", ["draft", "path_based"])
async def test_failures(name: str, form: str) -> None:
    document, answer, data, failed, errors = FAILURES[name]
    library = Library()
    library.broken["reviews"] = answer
    request = GraphQLRequest(document)
    if form == "draft":
        result = merged(await settled(library, document))
    else:
        result = merged_by_path(await payloads_of(library.pipeline, request, form=path_based))
    if data is not None:
        assert result.data == data
    if form == "draft":
        assert sorted(result.failed) == sorted(failed)
    assert [label for label, _ in sorted(result.failed)] == [label for label, _ in sorted(failed)]
    told = [(each["path"], each["extensions"]["code"]) for each in result.errors]
    assert list(dict.fromkeys(map(repr, told))) == list(map(repr, errors))


async def test_an_object_that_became_null_in_the_first_response_has_no_parts() -> None:
    library = Library()
    library.broken["reviews"] = nulls(must=None, rating=1)
    (answer,) = await settled(library, "{ books(first: 1) { must ... @defer { rating } } }")
    assert answer["data"] is None
    assert [each["path"] for each in answer["errors"]] == [["books", 0, "must"]]


async def test_what_a_caller_may_not_have_is_refused_in_its_part() -> None:
    document = '{ book(id: 1) { title ... @defer(label: "s") { secret rating } } }'
    library = Library()
    first, last = await settled(library, document)
    assert "errors" not in first
    (delivered,) = last["incremental"]
    assert delivered["data"] == {"secret": None, "rating": 10}
    assert [(one["path"], one["extensions"]["code"]) for one in delivered["errors"]] == [
        (["book", "secret"], "UNAUTHORIZED_FIELD_OR_TYPE")
    ]
    assert not any("secret" in query for _, query in library.requests)
    granted = Caller(subject="anne", scopes=frozenset({"library:read"}))
    assert merged(await settled(library, document, granted)).data["book"]["secret"] == "secret 1"
    assert not merged(await settled(library, document, granted)).errors


async def test_a_fragment_all_of_which_is_refused_is_answered_at_once() -> None:
    (answer,) = await settled(Library(), "{ book(id: 1) { title ... @defer { secret } } }")
    assert answer["data"] == {"book": {"title": "title 1", "secret": None}}
    assert len(answer["errors"]) == 1
