"""How an operation is divided: which fields are delivered together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import build_schema

from router.operation import prepare
from router.operation.incremental import with_incremental_delivery
from router.operation.incremental.divide import MAX_MARKS
from router.operation.model import Field, Selection

SCHEMA, NAMES = with_incremental_delivery(
    build_schema(
        """
        type Query { t: T n: Node ns: [[Node]] }
        interface Node { id: ID next: Node }
        type T implements Node { id: ID a: Int b: Int next: T ts: [T] }
        type U implements Node { id: ID c: Int next: U }
        """
    )
)

# By rule: the operation, and its fields as "path: part", where a part is the labels that hold it, "-" for none.
DIVISIONS: dict[str, tuple[str, str]] = {
    "a fragment is a part": ('{ t { id ... @defer(label: "x") { a b } } }', "t: - t.id: - t.a: x t.b: x"),
    "what also stands outside is not deferred": (
        '{ t { ... @defer(label: "x") { a b } b } }',
        "t: - t.a: x t.b: -",
    ),
    "neither is an object; what is new below it is": (
        '{ t { next { a } ... @defer(label: "x") { next { a b } } } }',
        "t: - t.next: - t.next.a: - t.next.b: x",
    ),
    "two fragments share a part": (
        '{ t { ... @defer(label: "x") { a b } ... @defer(label: "y") { b id } } }',
        "t: - t.a: x t.b: x+y t.id: y",
    ),
    "an object two share, and what each has below it": (
        '{ t { ... @defer(label: "x") { next { a } } ... @defer(label: "y") { next { b } } } }',
        "t: - t.next: x+y t.next.a: x t.next.b: y",
    ),
    "an inner fragment is another part": (
        '{ t { ... @defer(label: "x") { a ... @defer(label: "y") { b } } } }',
        "t: - t.a: x t.b: y",
    ),
    "an inner one that repeats the outer one's field": (
        '{ t { ... @defer(label: "x") { a ... @defer(label: "y") { a b } } } }',
        "t: - t.a: x t.b: y",
    ),
    "runtime types may differ": (
        '{ n { ... on T { id } ... @defer(label: "x") { id } } }',
        "n: - n.id: - n.id: x",
    ),
    "named fragments": (
        'query { t { id ...F @defer(label: "x") } } fragment F on T { a next { ...G @defer(label: "y") } } '
        "fragment G on T { b }",
        "t: - t.id: - t.a: x t.next: x t.next.b: y",
    ),
}


def shown(selections: tuple[Selection, ...], parts: list[str], path: str = "", part: int = 0) -> Iterator[str]:
    for selection in selections:
        if isinstance(selection, Field):
            here = f"{path}.{selection.response_key}".lstrip(".")
            yield f"{here}: {parts[part]}"
            yield from shown(selection.selections, parts, here, part)
        else:
            within = part if selection.part is None else selection.part
            yield from shown(selection.selections, parts, path, within)


@pytest.mark.parametrize("rule", DIVISIONS)
def test_fields_are_divided(rule: str) -> None:
    text, expected = DIVISIONS[rule]
    marked = prepare(text, None, SCHEMA, incremental=NAMES).marked
    assert marked is not None
    divided = marked.divided((), SCHEMA)
    labels = ["+".join(sorted(divided.deferrals[n].label or "?" for n in part)) or "-" for part in divided.parts]
    assert sorted(shown(divided.operation.selections, labels)) == sorted(_fields(expected))


def _fields(text: str) -> list[str]:
    words = text.split()
    return [f"{path} {part}" for path, part in zip(words[::2], words[1::2], strict=True)]


def test_the_plain_operation_has_no_marks_and_the_key_of_one_without() -> None:
    with_mark = prepare("{ t { id ... @defer { a } } }", None, SCHEMA, incremental=NAMES)
    without = prepare("{ t { id ... { a } } }", None, SCHEMA, incremental=NAMES)
    assert with_mark.key == without.key
    assert with_mark.marked is not None
    assert with_mark.marked.key != without.key
    assert without.marked is None


def test_streams_know_their_list_and_label() -> None:
    marked = prepare(
        'query ($n: Int!) { t { ts @stream(initialCount: $n, label: "s") { a } } ns @stream(initialCount: 2) { id } }',
        None,
        SCHEMA,
        incremental=NAMES,
    ).marked
    assert marked is not None
    divided = marked.divided((), SCHEMA)
    assert [(s.path, s.label, s.initial, s.part) for s in divided.streams] == [
        (("t", "ts"), "s", "n", 0),
        (("ns",), None, 2, 0),
    ]


def test_only_so_many_marks_are_honoured() -> None:
    fragments = " ".join(f'... @defer(label: "{n}") {{ a{n}: a }}' for n in range(MAX_MARKS + 5))
    marked = prepare(f"{{ t {{ {fragments} }} }}", None, SCHEMA, incremental=NAMES).marked
    assert marked is not None
    divided = marked.divided((), SCHEMA)
    assert len(divided.parts) == 1 + MAX_MARKS
    assert divided.parts[0] == frozenset()
