"""Representations: what is read from objects, what is sent, each distinct one once; emitted and interpreted alike."""

from typing import Any

import pytest
from graphql import build_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from router.executor.emit_collector import emit_collector
from router.executor.json_bytes import dumps
from router.executor.representations import (
    Collected,
    Representations,
    collect,
    collect_in_context,
    read_requires,
    selected,
)
from router.executor.runtime import SURPRISES
from router.executor.source import Program, SourceWriter
from router.operation.model import Field, InlineFragment, OperationKind
from router.planner.nodes import ContextRewrite, Fetch, Path, ValueSetter

SCHEMA = build_schema("""
  type Query { m: Media }
  interface Media { id: ID! }
  type Book implements Media { id: ID! isbn: String size: Size weight: Float }
  type Film implements Media { id: ID! length: Int size: Size }
  type Size { w: Int h: Int maker: Maker }
  union Maker = Firm | Person
  type Firm { name: String }
  type Person { name: String age: Int }
""")


def leaf(name: str) -> Field:
    return Field(name, name)


def on(type_name: str, *fields: Field) -> InlineFragment:
    return InlineFragment(type_name, (leaf("__typename"), *fields))


def reading(path: Path, *requires: InlineFragment, setters: tuple[ValueSetter, ...] = ()) -> Representations:
    fetch = Fetch("s", OperationKind.QUERY, "{ x }", (), requires=requires, input_rewrites=setters)
    return read_requires(fetch, path, SCHEMA)


def emitted(plan: Representations) -> Any:
    writer = SourceWriter()
    emit_collector(writer, "collect", plan, "FETCH")
    known = {"SCHEMA": SCHEMA, "dumps": dumps, "selected": selected, **writer.constants}
    program = Program(writer.text, known, "test")
    return program, program.names["collect"]


BOOK, FILM = {"__typename": "Book", "id": "1", "isbn": "i"}, {"__typename": "Film", "id": "1", "length": 90}
SIZE = Field("size", "size", selections=(leaf("w"), leaf("h")))
MADE = Field(
    "size",
    "size",
    selections=(Field("maker", "maker", selections=(leaf("__typename"), InlineFragment("Person", (leaf("age"),)))),),
)

CASES: dict[str, tuple[Representations, Any, list[Any], list[int]]] = {
    "equal ones once": (
        reading(("l", "@"), on("Book", leaf("id"))),
        {"l": [BOOK, {"__typename": "Book", "id": "2"}, None, BOOK]},
        [{"__typename": "Book", "id": "1"}, {"__typename": "Book", "id": "2"}],
        [0, 1, 0],
    ),
    "one key in two types stays apart": (
        reading(("l", "@"), on("Book", leaf("id")), on("Film", leaf("id"))),
        {"l": [BOOK, FILM]},
        [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "id": "1"}],
        [0, 1],
    ),
    "an interface condition takes every type and sends the concrete one": (
        reading(("l", "@"), on("Media", leaf("id"))),
        {"l": [BOOK, FILM]},
        [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "id": "1"}],
        [0, 1],
    ),
    "fragments on one type add up": (
        reading(("m",), on("Media", leaf("id")), on("Film", leaf("length"))),
        {"m": FILM},
        [{"__typename": "Film", "id": "1", "length": 90}],
        [0],
    ),
    "other types are passed over": (reading(("l", "@"), on("Book", leaf("id"))), {"l": [FILM, BOOK]}, [BOOK | {}], [0]),
    "without __typename the lone type is meant": (
        reading(("m",), on("Book", leaf("id"))),
        {"m": {"id": "1"}},
        [{"__typename": "Book", "id": "1"}],
        [0],
    ),
    "objects that lack a field are passed over": (
        reading(("l", "@"), on("Book", leaf("id"), leaf("isbn"))),
        {"l": [{"__typename": "Book", "id": "1"}, BOOK]},
        [BOOK],
        [0],
    ),
    "null is a value": (
        reading(("m",), on("Book", leaf("isbn"))),
        {"m": {"__typename": "Book", "isbn": None}},
        [{"__typename": "Book", "isbn": None}],
        [0],
    ),
    "nested selections": (
        reading(("l", "@"), on("Book", SIZE)),
        {"l": [{"__typename": "Book", "size": {"w": 1, "h": 2, "x": 3}}, {"__typename": "Book", "size": None}]},
        [{"__typename": "Book", "size": {"w": 1, "h": 2}}, {"__typename": "Book", "size": None}],
        [0, 1],
    ),
    "nested type conditions": (
        reading(("l", "@"), on("Film", MADE)),
        {
            "l": [
                {"__typename": "Film", "size": {"maker": {"__typename": "Person", "age": 5, "name": "n"}}},
                {"__typename": "Film", "size": {"maker": {"__typename": "Firm", "name": "n"}}},
            ]
        },
        [
            {"__typename": "Film", "size": {"maker": {"__typename": "Person", "age": 5}}},
            {"__typename": "Film", "size": {"maker": {"__typename": "Firm"}}},
        ],
        [0, 1],
    ),
    "an input rewrite sends the interface object's name": (
        reading(("m",), on("Book", leaf("id")), setters=(ValueSetter(("... on Media", "__typename"), "Media"),)),
        {"m": BOOK},
        [{"__typename": "Media", "id": "1"}],
        [0],
    ),
    "an input rewrite for another type is held back": (
        reading(("m",), on("Book", leaf("id")), setters=(ValueSetter(("... on Film", "__typename"), "Media"),)),
        {"m": BOOK},
        [{"__typename": "Book", "id": "1"}],
        [0],
    ),
    "an aliased key is sent under its name": (
        reading(("m",), on("Book", Field("key_1", "id"))),
        {"m": {"__typename": "Book", "key_1": "7"}},
        [{"__typename": "Book", "id": "7"}],
        [0],
    ),
    "lists in lists": (
        reading(("l", "@", "@"), on("Book", leaf("id"))),
        {"l": [[BOOK], None, [None, BOOK]]},
        [{"__typename": "Book", "id": "1"}],
        [0, 0],
    ),
    "numbers and text differ": (
        reading(("l", "@"), on("Book", leaf("id"))),
        {"l": [{"id": 1}, {"id": "1"}]},
        [{"__typename": "Book", "id": 1}, {"__typename": "Book", "id": "1"}],
        [0, 1],
    ),
    "a path under a type condition": (
        reading(("l", "@", "... on Film"), on("Media", leaf("id"))),
        {"l": [BOOK, FILM]},
        [{"__typename": "Film", "id": "1"}],
        [0],
    ),
    "the path leads nowhere": (reading(("l", "@", "m"), on("Book", leaf("id"))), {"l": None}, [], []),
}
CASES["other types are passed over"][2][0] = {"__typename": "Book", "id": "1"}


@pytest.mark.parametrize(("plan", "data", "representations", "index"), CASES.values(), ids=CASES)
def test_collects(plan: Representations, data: Any, representations: list[Any], index: list[int]) -> None:
    objects, found_index, found = collect(plan, data)
    assert found == representations
    assert found_index == index
    assert len(objects) == len(index)


@pytest.mark.parametrize(("plan", "data", "representations", "index"), CASES.values(), ids=CASES)
def test_the_emitted_collector_collects_the_same(
    plan: Representations, data: Any, representations: list[Any], index: list[int]
) -> None:
    program, fast = emitted(plan)
    try:
        found: Collected = fast(data)
    except SURPRISES:
        assert "lack a field" in str([name for name, case in CASES.items() if case[0] is plan]), program.source
        return
    assert dumps(found[2]) == dumps(representations), program.source
    assert found[1] == index
    assert [id(one) for one in found[0]] == [id(one) for one in collect(plan, data)[0]]


CONTEXT_DATA = {
    "__typename": "Query",
    "l": [
        {"__typename": "Book", "isbn": "x", "part": {"m": {"__typename": "Film", "id": "1"}}},
        {"__typename": "Book", "isbn": "y", "part": {"m": [{"__typename": "Film", "id": "1"}, {"id": "2"}]}},
        {"__typename": "Film", "length": 7, "part": {"m": {"__typename": "Film", "id": "1"}}},
        {"__typename": "Film", "part": {"m": {"__typename": "Film", "id": "3"}}},
    ],
}


def test_objects_with_different_context_go_into_different_requests() -> None:
    fetch = Fetch(
        "s",
        OperationKind.QUERY,
        "{ x }",
        (),
        requires=(on("Film", leaf("id")),),
        context_rewrites=(
            ContextRewrite(("..", "..", "... on Book", "isbn"), "v"),
            ContextRewrite(("..", "..", "... on Film", "length"), "v"),
        ),
    )
    groups = collect_in_context(read_requires(fetch, ("l", "@", "part", "m"), SCHEMA), CONTEXT_DATA)
    assert [(values, [one["id"] for one in collected[2]], collected[1]) for values, collected in groups] == [
        ({"v": "x"}, ["1"], [0]),
        ({"v": "y"}, ["1", "2"], [0, 1]),
        ({"v": 7}, ["1"], [0]),
        ({}, ["3"], [0]),
    ]


MEDIA = st.fixed_dictionaries(
    {"__typename": st.sampled_from(["Book", "Film", "Gone"]), "id": st.sampled_from(["1", "2", 1, None])},
    optional={
        "isbn": st.sampled_from(["i", None]),
        "length": st.integers(0, 2),
        "size": st.sampled_from([None, {"w": 1, "h": 1}, {"w": 1}, [{"w": 2, "h": None}]]),
    },
)


@settings(max_examples=300, deadline=None)
@given(
    data=st.fixed_dictionaries({"l": st.one_of(st.none(), st.lists(st.one_of(st.none(), MEDIA), max_size=6))}),
    requires=st.lists(
        st.sampled_from(
            [
                on("Book", leaf("id")),
                on("Media", leaf("id")),
                on("Film", leaf("length")),
                on("Book", leaf("isbn"), SIZE),
            ]
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_random_data_collects_alike(data: Any, requires: list[InlineFragment]) -> None:
    plan = reading(("l", "@"), *requires)
    program, fast = emitted(plan)
    try:
        found = fast(data)
    except SURPRISES:
        return
    exact = collect(plan, data)
    assert dumps(found[2]) == dumps(exact[2]), program.source
    assert found[1] == exact[1]
