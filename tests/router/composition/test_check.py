"""What changes between two schemas: severity and name of each change, and whom it meets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from graphql import GraphQLSchema, build_schema, parse, print_schema, validate
from graphql.utilities import find_breaking_changes
from hypothesis import given, settings
from hypothesis import strategies as st

from router.composition.check import Severity, compare_access, compare_schemas
from router.composition.usage import used_coordinates
from router.federation.requirements import Requirement

BREAKING, DANGEROUS, SAFE = Severity
Expected = list[tuple[Severity, str, str]]
"""Severity, kind and coordinate."""
CHANGES: dict[str, tuple[str, str, Expected]] = {
    "nothing": ("type Query { a: Int }", "type Query { a: Int }", []),
    "a field goes": (
        "type Query { a: Int b: Int }",
        "type Query { a: Int }",
        [(BREAKING, "FIELD_REMOVED", "Query.b")],
    ),
    "a type changes": (
        "type Query { a: Int }",
        "type Query { a: [Int] }",
        [(BREAKING, "FIELD_CHANGED_KIND", "Query.a")],
    ),
    "an output becomes nullable": (
        "type Query { a: [Int!]! }",
        "type Query { a: [Int]! }",
        [(BREAKING, "FIELD_CHANGED_KIND", "Query.a")],
    ),
    "an output is never null any more": (
        "type Query { a: [Int] }",
        "type Query { a: [Int!]! }",
        [(SAFE, "FIELD_CHANGED_KIND", "Query.a")],
    ),
    "an argument becomes nullable": (
        "type Query { a(x: [Int!]!): Int }",
        "type Query { a(x: [Int]): Int }",
        [(SAFE, "ARG_CHANGED_KIND", "Query.a(x:)")],
    ),
    "an argument must not be null any more": (
        "type Query { a(x: Int): Int }",
        "type Query { a(x: Int! = 1): Int }",
        [(BREAKING, "ARG_CHANGED_KIND", "Query.a(x:)"), (DANGEROUS, "ARG_DEFAULT_VALUE_CHANGE", "Query.a(x:)")],
    ),
    "an argument is required": (
        "type Query { a: Int }",
        "type Query { a(x: Int!): Int }",
        [(BREAKING, "REQUIRED_ARG_ADDED", "Query.a(x:)")],
    ),
    "an argument comes": (
        "type Query { a: Int }",
        "type Query { a(x: Int! = 1): Int }",
        [(DANGEROUS, "OPTIONAL_ARG_ADDED", "Query.a(x:)")],
    ),
    "an argument goes": (
        "type Query { a(x: Int): Int }",
        "type Query { a: Int }",
        [(BREAKING, "ARG_REMOVED", "Query.a(x:)")],
    ),
    "a default changes": (
        "type Query { a(x: Int = 1): Int }",
        "type Query { a(x: Int = 2): Int }",
        [(DANGEROUS, "ARG_DEFAULT_VALUE_CHANGE", "Query.a(x:)")],
    ),
    "a default goes and the value is required": (
        "type Query { a(x: Int! = 1): Int }",
        "type Query { a(x: Int!): Int }",
        [(BREAKING, "ARG_DEFAULT_REMOVED", "Query.a(x:)")],
    ),
    "an input field changes its default": (
        "type Query { a(i: I): Int } input I { x: Int = 1 }",
        "type Query { a(i: I): Int } input I { x: Int }",
        [(DANGEROUS, "INPUT_FIELD_DEFAULT_VALUE_CHANGE", "I.x")],
    ),
    "input fields come": (
        "type Query { a(i: I): Int } input I { x: Int }",
        "type Query { a(i: I): Int } input I { x: Int y: Int z: Int! }",
        [(BREAKING, "REQUIRED_INPUT_FIELD_ADDED", "I.z"), (DANGEROUS, "OPTIONAL_INPUT_FIELD_ADDED", "I.y")],
    ),
    "a value comes that is read": (
        "type Query { a: E } enum E { A }",
        "type Query { a: E } enum E { A B }",
        [(DANGEROUS, "VALUE_ADDED_TO_ENUM", "E.B")],
    ),
    "a value comes that is only sent": (
        "type Query { a(e: E): Int } enum E { A }",
        "type Query { a(e: E): Int } enum E { A B }",
        [(SAFE, "VALUE_ADDED_TO_ENUM", "E.B")],
    ),
    "a value goes": (
        "type Query { a: E } enum E { A B }",
        "type Query { a: E } enum E { A }",
        [(BREAKING, "VALUE_REMOVED_FROM_ENUM", "E.B")],
    ),
    "members of a union": (
        "type Query { u: U } union U = A | B type A { x: Int } type B { x: Int } type C { x: Int }",
        "type Query { u: U } union U = A | C type A { x: Int } type B { x: Int } type C { x: Int }",
        [(BREAKING, "TYPE_REMOVED_FROM_UNION", "U"), (DANGEROUS, "TYPE_ADDED_TO_UNION", "U")],
    ),
    "interfaces of a type": (
        "type Query implements I { x: Int } interface I { x: Int } interface J { x: Int }",
        "type Query implements J { x: Int } interface I { x: Int } interface J { x: Int }",
        [
            (BREAKING, "IMPLEMENTED_INTERFACE_REMOVED", "Query"),
            (DANGEROUS, "IMPLEMENTED_INTERFACE_ADDED", "Query"),
        ],
    ),
    "the kind of a type": (
        "type Query { a: T } type T { x: Int }",
        "type Query { a: T } interface T { x: Int }",
        [(BREAKING, "TYPE_CHANGED_KIND", "T")],
    ),
    "types come and go": (
        "type Query { a: Int } type T { x: Int }",
        "type Query { a: Int } type U { x: Int }",
        [(BREAKING, "TYPE_REMOVED", "T"), (SAFE, "TYPE_ADDED", "U")],
    ),
    "a field comes": ("type Query { a: Int }", "type Query { a: Int b: Int }", [(SAFE, "FIELD_ADDED", "Query.b")]),
    "a root goes": (
        "schema { query: Query mutation: M } type Query { a: Int } type M { b: Int }",
        "schema { query: Query } type Query { a: Int } type M { b: Int }",
        [(BREAKING, "ROOT_TYPE_REMOVED", "M")],
    ),
    "deprecations": (
        "type Query { a(x: Int): Int e: E old: Int @deprecated } enum E { A }",
        "type Query { a(x: Int @deprecated): Int @deprecated e: E old: Int } enum E { A @deprecated }",
        [
            (SAFE, "VALUE_DEPRECATED", "E.A"),
            (SAFE, "FIELD_DEPRECATED", "Query.a"),
            (SAFE, "ARG_DEPRECATED", "Query.a(x:)"),
            (SAFE, "FIELD_NO_LONGER_DEPRECATED", "Query.old"),
        ],
    ),
    "directives": (
        "type Query { a: Int } directive @d(x: Int) repeatable on FIELD | QUERY directive @gone on FIELD",
        "type Query { a: Int } directive @d(y: Int!) on FIELD directive @new on FIELD",
        [
            (BREAKING, "DIRECTIVE_LOCATION_REMOVED", "@d"),
            (BREAKING, "DIRECTIVE_REPEATABLE_REMOVED", "@d"),
            (BREAKING, "ARG_REMOVED", "@d(x:)"),
            (BREAKING, "REQUIRED_ARG_ADDED", "@d(y:)"),
            (BREAKING, "DIRECTIVE_REMOVED", "@gone"),
            (SAFE, "DIRECTIVE_ADDED", "@new"),
        ],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str) -> None:
    before, after, expected = CHANGES[name]
    changes = compare_schemas(build_schema(before), build_schema(after))
    assert [(change.severity, change.kind, change.coordinate) for change in changes] == expected


NONE = Requirement()
ACCESS: dict[str, tuple[Requirement, Requirement, list[str]]] = {
    "the same": (Requirement(scopes=(("a",),)), Requirement(scopes=(("a",),)), []),
    "newly required scopes": (NONE, Requirement(scopes=(("a",),)), ["ACCESS_TIGHTENED"]),
    "newly required authentication": (NONE, Requirement(True), ["ACCESS_TIGHTENED"]),
    "one more scope": (Requirement(scopes=(("a",),)), Requirement(scopes=(("a", "b"),)), ["ACCESS_TIGHTENED"]),
    "an alternative less": (Requirement(scopes=(("a",), ("b",))), Requirement(scopes=(("a",),)), ["ACCESS_TIGHTENED"]),
    "an alternative more": (Requirement(scopes=(("a",),)), Requirement(scopes=(("a",), ("b",))), ["ACCESS_LOOSENED"]),
    "nothing more to show": (Requirement(True), NONE, ["ACCESS_LOOSENED"]),
    "a policy instead of a scope": (
        Requirement(scopes=(("a",),)),
        Requirement(policies=(("p",),)),
        ["ACCESS_TIGHTENED"],
    ),
}


@pytest.mark.parametrize("name", ACCESS)
def test_access(name: str) -> None:
    before, after, expected = ACCESS[name]
    schema = build_schema("type Query { a: Int }")
    for coordinate in ("Query", "Query.a"):
        changes = compare_access({coordinate: before}, {coordinate: after}, schema)
        assert [change.kind for change in changes] == expected
    assert compare_access({"Query.gone": before}, {"Query.gone": after}, schema) == ()


def test_what_an_operation_uses() -> None:
    schema = build_schema("""
      directive @d(n: Int) on FIELD
      type Query { i(f: F, e: E): I }
      interface I { x: Int }
      type T implements I { x: Int y: Int }
      input F { e: E g: F }
      enum E { A B }
    """)
    text = "query ($f: F) { i(f: $f, e: A) { x ... on T { y @d(n: 1) } } }"
    assert used_coordinates(schema, parse(text)) >= {
        *("Query", "Query.i", "Query.i(f:)", "Query.i(e:)", "I", "I.x", "T", "T.x", "T.y"),
        *("F", "F.e", "F.g", "E", "E.A", "E.B", "@d", "@d(n:)"),
    }
    assert used_coordinates(schema, parse("{ i(e: A) { x } }")).isdisjoint({"E.B", "F", "T.y", "@d", "Query.i(f:)"})


_TYPES = st.sampled_from(["Int", "Int!", "[Int]", "E", "E!", "T", "U"])
_INPUTS = st.sampled_from(["Int", "Int!", "[Int!]", "E", "I", "I!", "Int! = 1"])
_NAMES = st.sampled_from(["a", "b", "c"])
_FIELDS = st.dictionaries(_NAMES, st.tuples(_TYPES, st.dictionaries(_NAMES, _INPUTS, max_size=2)), min_size=1)


@st.composite
def schemas(draw: st.DrawFn) -> GraphQLSchema:
    """Small schemas that share names, so that two of them differ in many small ways."""

    def fields(of: dict[str, tuple[str, dict[str, str]]]) -> str:
        parts = []
        for name, (reference, arguments) in of.items():
            written = ", ".join(f"{key}: {value}" for key, value in arguments.items())
            parts.append(f"{name}{f'({written})' if written else ''}: {reference}")
        return " ".join(parts)

    inputs = draw(st.dictionaries(_NAMES, st.sampled_from(["Int", "Int!", "E", "I", "Int = 2"]), min_size=1))
    values = draw(st.sets(st.sampled_from("XYZ"), min_size=1))
    return build_schema(f"""
      type Query {{ t: T u: U i(i: I, e: E): Int {fields(draw(_FIELDS))} }}
      type T {{ {fields(draw(_FIELDS))} }}
      union U = T | Query
      input I {{ {" ".join(f"{name}: {value}" for name, value in inputs.items())} }}
      enum E {{ {" ".join(sorted(values))} }}
    """)


def operations(schema: GraphQLSchema) -> Iterator[str]:
    """One operation a field and argument, values by variable."""
    for owner, path in (("Query", "{}"), ("T", "t {{ {} }}"), ("T", "u {{ ... on T {{ {} }} }}")):
        for name, field in schema.type_map[owner].fields.items():  # type: ignore[attr-defined]
            nested = {"T": " { __typename }", "U": " { __typename }"}.get(str(field.type), "")
            needed = [key for key, each in field.args.items() if str(each.type).endswith("!")]
            for arguments in (needed, list(field.args)):
                head = ", ".join(f"${key}: {field.args[key].type}" for key in arguments)
                given_ = ", ".join(f"{key}: ${key}" for key in arguments)
                written = f"{name}{f'({given_})' if given_ else ''}{nested}"
                yield f"query{f' ({head})' if head else ''} {{ {path.format(written)} }}"
    yield from (f"{{ i(e: {value}) }}" for value in schema.type_map["E"].values)  # type: ignore[attr-defined]


@settings(max_examples=20, deadline=None)
@given(schemas(), schemas())
def test_no_operation_breaks_without_a_breaking_change_that_meets_it(
    before: GraphQLSchema, after: GraphQLSchema
) -> None:
    changes = compare_schemas(before, after)
    breaking = {change.touches for change in changes if change.severity is BREAKING}
    for text in operations(before):
        document = parse(text)
        if not validate(before, document) and validate(after, document):
            used = used_coordinates(before, document)
            assert breaking & used, (text, print_schema(before), print_schema(after))


@settings(max_examples=20, deadline=None)
@given(schemas(), schemas())
def test_what_graphql_js_calls_breaking_is_breaking_here(before: GraphQLSchema, after: GraphQLSchema) -> None:
    ours = {change.kind for change in compare_schemas(before, after) if change.severity is BREAKING}
    assert {change.type.name for change in find_breaking_changes(before, after)} <= ours
    assert compare_schemas(before, before) == ()
