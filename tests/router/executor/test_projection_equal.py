"""The emitted projection against the interpreted one: random operations, random data, with and without surprises."""

from typing import Any

import pytest
from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.executor.emit_projection import ProjectionEmitter, list_of, present
from router.executor.json_bytes import dumps
from router.executor.project import project
from router.executor.reports import Reports
from router.executor.runtime import SURPRISES
from router.executor.shape import Shape, ShapeBuilder, hold
from router.executor.source import Program, SourceWriter
from router.operation import parse_request

SCHEMA = build_schema("""
  type Query { a: A! as: [A!]! n: Node ns: [Node] u: U! us: [[U!]]! e: E s: String }
  interface Node { id: ID! e: E! next: Node }
  type A implements Node { id: ID! e: E! next: A x: Int! y: Float xs: [Int!] xss: [[String]!] es: [E!]! b: B as: [A] }
  type B implements Node { id: ID! e: E! next: Node j: JSON! a: A! u: U }
  type C { id: ID! s: String! n: Node! }
  union U = A | B | C
  scalar JSON
  enum E { P Q }
""")


@st.composite
def selections(draw: Any, parent: str, depth: int) -> str:
    named = SCHEMA.type_map[parent]
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        condition = draw(st.sampled_from(["", "", "", " @include(if: $c)", " @skip(if: $c)", " @include(if: $d)"]))
        fields = getattr(named, "fields", {})
        if is_abstract_type(named) and draw(st.booleans()):
            possible = [found.name for found in SCHEMA.get_possible_types(named)]
            target = draw(st.sampled_from(possible))
            parts.append(f"... on {target}{condition} {draw(selections(target, depth))}")
        elif not fields or draw(st.integers(0, 6)) == 0:
            parts.append(f"__typename{condition}")
        else:
            name = draw(st.sampled_from(sorted(fields)))
            returned = get_named_type(fields[name].type)
            # The alias carries the parent's type, so that fields of one response key always agree.
            alias = draw(st.sampled_from(["", f"{parent}_{name}: "])) if not is_abstract_type(named) else ""
            if is_composite_type(returned):
                if depth == 0:
                    continue
                parts.append(f"{alias}{name}{condition} {draw(selections(returned.name, depth - 1))}")
            else:
                parts.append(f"{alias}{name}{condition}")
    return "{ " + (" ".join(parts) or "__typename") + " }"


ODD = st.sampled_from([None, None, "odd", 5, [], [None], {}, {"__typename": "C"}, {"__typename": "Gone"}, True])


@st.composite
def objects(draw: Any, shape: Shape, surprise: bool) -> dict[str, Any]:
    type_name = draw(st.sampled_from(sorted(shape.slots)))
    found: dict[str, Any] = {"__typename": type_name}
    for slot in shape.slots[type_name]:
        if slot.type is not None and not (surprise and draw(st.integers(0, 15)) == 0):
            found[slot.response_key] = draw(values(slot.type, slot.shape, slot.enum, surprise))
    return found


@st.composite
def values(
    draw: Any, wanted: GraphQLOutputType, shape: Shape | None, enum: frozenset[str] | None, surprise: bool
) -> Any:
    if surprise and draw(st.integers(0, 12)) == 0:
        return draw(ODD)
    if isinstance(wanted, GraphQLNonNull):
        wanted = wanted.of_type
    elif draw(st.integers(0, 4)) == 0:
        return None
    if isinstance(wanted, GraphQLList):
        return draw(st.lists(values(wanted.of_type, shape, enum, surprise), max_size=3))
    if shape is not None:
        return draw(objects(shape, surprise))
    if enum is not None:
        return draw(st.sampled_from(sorted(enum)))
    return draw(st.sampled_from([0, 1.5, "text", "한글", {"any": [1, None]}, False]))


def emitted(shapes: list[Shape]) -> Any:
    writer = SourceWriter()
    ProjectionEmitter(writer, shapes).emit()
    program = Program(writer.text, {"list_of": list_of, "present": present, **writer.constants}, "test")
    return program, program.names["project"]


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=selections("Query", 3), draw=st.data(), surprise=st.booleans(), c=st.booleans(), d=st.booleans())
def test_both_give_the_same_bytes(text: str, draw: Any, surprise: bool, c: bool, d: bool) -> None:
    used = [name for name in "cd" if f"${name}" in text]
    head = f"query({', '.join(f'${name}: Boolean!' for name in used)}) " if used else ""
    operation = parse_request(head + text, None, SCHEMA)
    builder = ShapeBuilder(SCHEMA)
    root = builder.root(operation)
    data = draw.draw(objects(root, surprise))
    variables = {"c": c, "d": d}
    reports = Reports()
    exact = project(root, data, variables, reports)
    program, fast = emitted(builder.shapes)
    try:
        answered = fast(data, variables)
    except SURPRISES:
        # Only a surprise may stop the fast way.
        assert surprise, program.source
        return
    assert reports.errors == [], program.source
    assert dumps(answered) == dumps(exact), program.source


CONDITIONAL = "query($c: Boolean!) { a { x @include(if: $c) ... @skip(if: $c) { id b { j } } e } }"


@pytest.mark.parametrize("c", [True, False])
def test_guards_are_honoured_by_both(c: bool) -> None:
    builder = ShapeBuilder(SCHEMA)
    root = builder.root(parse_request(CONDITIONAL, None, SCHEMA))
    data = {"a": {"x": 1, "id": "i", "b": {"j": 0}, "e": "P"}}
    assert emitted(builder.shapes)[1](data, {"c": c}) == project(root, data, {"c": c}, Reports())
    (slots,) = builder.shapes[1].slots.values()
    assert [slot.response_key for slot in slots if hold(slot.conditions, {"c": c})] == (
        ["x", "e"] if c else ["id", "b", "e"]
    )


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("x @include(if: $c) e x", {True: ["x", "e"], False: ["e", "x"]}),
        ("x @include(if: $c) e ... @skip(if: $c) { x }", {True: ["x", "e"], False: ["e", "x"]}),
        ("x e x @include(if: $c)", {True: ["x", "e"], False: ["x", "e"]}),
        ("b @include(if: $c) { j x: j } e b { x: j j }", {True: ["b j x", "e"], False: ["e", "b x j"]}),
        ("t: __typename @include(if: $c) e t: __typename", {True: ["t", "e"], False: ["e", "t"]}),
    ],
)
def test_keys_come_in_the_order_in_which_they_are_met(text: str, met: dict[bool, list[str]]) -> None:
    builder = ShapeBuilder(SCHEMA)
    root = builder.root(parse_request(f"query($c: Boolean!) {{ a {{ {text} }} }}", None, SCHEMA))
    data = {"a": {"x": 1, "e": "P", "b": {"j": 0, "x": 0}}}
    for c, expected in met.items():
        exact = project(root, data, {"c": c}, Reports())
        assert exact is not None
        assert [" ".join([key, *value] if isinstance(value, dict) else [key]) for key, value in exact["a"].items()] == (
            expected
        )
        assert dumps(emitted(builder.shapes)[1](data, {"c": c})) == dumps(exact)


def test_nested_interfaces_do_not_multiply_shapes() -> None:
    text = "{ n " + "{ id next " * 30 + "{ id }" + " }" * 30 + " }"
    builder = ShapeBuilder(SCHEMA)
    builder.root(parse_request(text, None, SCHEMA))
    # A position typed as the interface and one typed as A: two shapes a level at most.
    assert len(builder.shapes) <= 2 * 31 + 1
