"""The supergraph's text: the field's own form, and the same whatever the order of the subgraphs."""

from __future__ import annotations

from itertools import permutations

import pytest
from case_files import source
from graphql import GraphQLInputObjectType, build_schema, parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from router.composition import compose
from router.composition.values import print_value
from router.federation.supergraph import read_supergraph

INVENTORY = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@external",
  "@requires", "@provides", "@override", "@tag", "@inaccessible", "@interfaceObject"])
type Query { products: [Product] @provides(fields: "price") }
type Product @key(fields: "id") { id: ID! price: Int @external stock: Int size: Int @requires(fields: "price") }
extend type Product { note: String @shareable }
enum State { NEW @inaccessible OLD }
input Filter { state: State = OLD }
"""
CATALOGUE = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@shareable", "@override"])
type Query { item: Item filtered(by: Filter): State }
interface Item @key(fields: "id") { id: ID! }
"A thing for sale."
type Product implements Item @key(fields: "id") {
  id: ID!
  price: Int @shareable
  note: String! @shareable
  stock: Int @override(from: "inventory", label: "percent(10)")
}
enum State { NEW OLD }
input Filter { state: State = OLD }
"""

RANKING = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@tag", "@interfaceObject"])
type Item @interfaceObject @key(fields: "id") { id: ID! rank: Int @tag(name: "x") }
"""
SOURCES = [source("inventory", INVENTORY), source("catalogue", CATALOGUE), source("ranking", RANKING)]


def supergraph() -> str:
    return compose(SOURCES).supergraph_sdl


def definition(name: str) -> str:
    """One definition of the supergraph, printed on one line."""
    nodes = (
        node for node in parse(supergraph()).definitions if getattr(node, "name", None) and node.name.value == name
    )
    return " ".join(print_ast(next(nodes)).split())


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Query", "@join__type(graph: CATALOGUE) @join__type(graph: INVENTORY) @join__type(graph: RANKING) {"),
        ("Query", 'products: [Product] @join__field(graph: INVENTORY, provides: "price")'),
        ("Product", '@join__implements(graph: CATALOGUE, interface: "Item")'),
        ("Product", '@join__type(graph: CATALOGUE, key: "id") @join__type(graph: INVENTORY, key: "id")'),
        ("Product", "price: Int @join__field(graph: CATALOGUE) @join__field(graph: INVENTORY, external: true)"),
        ("Product", 'note: String @join__field(graph: CATALOGUE, type: "String!")'),
        ("Product", 'override: "inventory", overrideLabel: "percent(10)")'),
        ("Product", '@join__field(graph: INVENTORY, overrideLabel: "percent(10)")'),
        ("Product", 'size: Int @join__field(graph: INVENTORY, requires: "price")'),
        ("Product", 'rank: Int @join__field @tag(name: "x")'),
        ("Item", '@join__type(graph: RANKING, key: "id", isInterfaceObject: true)'),
        ("State", "NEW @join__enumValue(graph: CATALOGUE) @join__enumValue(graph: INVENTORY) @inaccessible"),
        ("Filter", "state: State = OLD"),
        ("join__Graph", 'CATALOGUE @join__graph(name: "catalogue", url: "http://catalogue")'),
    ],
)
def test_join_directives(name: str, written: str) -> None:
    assert " ".join(written.split()) in definition(name)


ONE_OF = {
    "one subgraph": (["type Query { f(o: One): Int } input One @oneOf { a: Int b: Int }"], True),
    "with its definition": (
        ["directive @oneOf on INPUT_OBJECT type Query { f(o: One): Int } input One @oneOf { a: Int b: Int }"],
        True,
    ),
    "one of two subgraphs": (
        ["type Query { f(o: One): Int } input One { a: Int b: Int }",
         "type Query { g(o: One): Int } input One @oneOf { a: Int b: Int }"],
        True,
    ),
    "another directive of that name": (
        ["directive @oneOf on INPUT_OBJECT | OBJECT type Query { f(o: One): Int } input One @oneOf { a: Int b: Int }"],
        False,
    ),
    "no subgraph": (["type Query { f(o: One): Int } input One { a: Int b: Int }"], False),
}  # fmt: skip


@pytest.mark.parametrize(("subgraphs", "kept"), ONE_OF.values(), ids=ONE_OF)
def test_an_input_is_one_of_when_any_subgraph_says_so(subgraphs: list[str], kept: bool) -> None:
    text = compose([source(f"s{number}", sdl) for number, sdl in enumerate(subgraphs)]).supergraph_sdl
    read = read_supergraph(text).api_schema.type_map["One"]
    assert isinstance(read, GraphQLInputObjectType)
    assert read.is_one_of is kept
    assert ("directive @oneOf on INPUT_OBJECT" in text) is kept


def test_links_come_first_and_follow_the_newest_federation() -> None:
    head = supergraph().split("{", maxsplit=1)[0].split("\n")
    assert head[:3] == [
        "schema",
        '  @link(url: "https://specs.apollo.dev/link/v1.0")',
        '  @link(url: "https://specs.apollo.dev/join/v0.4", for: EXECUTION)',
    ]
    assert '  @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)' in head


def test_the_order_of_the_subgraphs_does_not_matter() -> None:
    assert len({compose(each).supergraph_sdl for each in permutations(SOURCES)}) == 1


def test_the_supergraph_is_a_schema_of_its_own_and_the_router_reads_it() -> None:
    text = supergraph()
    assert build_schema(text)
    read = read_supergraph(text)
    assert set(read.subgraphs) == {"catalogue", "inventory", "ranking"}
    assert "NEW" not in read.api_schema.type_map["State"].values  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("names", "values"),
    [
        (["a-b", "a_b"], ["A_B_1", "A_B_2"]),
        (["1st"], ["_1ST"]),
        (["a_1"], ["A_1_"]),
        (["한글"], ["__"]),
    ],
)
def test_graph_names(names: list[str], values: list[str]) -> None:
    text = compose(source(name, f"type Query {{ q{number}: Int }}") for number, name in enumerate(names)).supergraph_sdl
    for name, value in zip(names, values, strict=True):
        assert f'  {value} @join__graph(name: "{name}"' in text


@pytest.mark.parametrize(
    ("definition", "kept"),
    [
        ("directive @stream on FIELD", True),
        ("directive @stream(pace: Int) on FIELD", True),
        ("directive @defer on INLINE_FRAGMENT", True),
        ("directive @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD", False),
        ("directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT", False),
    ],
)
def test_a_directive_that_shares_the_name_of_incremental_delivery_is_the_subgraphs_own(
    definition: str, kept: bool
) -> None:
    sources = [source(name, f"{definition}\ntype Query {{ {name}: Int }}") for name in ("a", "b")]
    assert (definition in compose(sources).supergraph_sdl) is kept


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40))
def test_descriptions_arrive_letter_by_letter(text: str) -> None:
    sdl = f"type Query {{ {print_value(text)} q: Int }}"
    read = read_supergraph(compose([source("a", sdl)]).supergraph_sdl)
    assert read.api_schema.query_type is not None
    assert (read.api_schema.query_type.fields["q"].description or "") == text


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        ("String! = VALUE", 'String! = "VALUE"'),
        ("Int = 1.0", "Int = 1"),
        ("Float = 1", "Float = 1"),
        ("ID = 7", "ID = 7"),
        ('E = "B"', "E = B"),
        ('[E!] = ["A", B]', "[E!] = [A, B]"),
        ('I = {e: "A", n: [1.0]}', "I = {e: A, n: [1]}"),
        ("[String] = null", "[String] = null"),
    ],
)
def test_default_values_are_written_as_their_type_has_them(written: str, rendered: str) -> None:
    sdl = f"type Query {{ q(x: {written}): Int e: E }} enum E {{ A B }} input I {{ e: E n: [Int] }}"
    assert f"q(x: {rendered}): Int" in compose([source("a", sdl)]).supergraph_sdl


def test_what_one_subgraph_hides_of_an_executable_directive_is_hidden() -> None:
    sources = [
        source("a", "directive @sized(by: Int) on FIELD type Query { q: Int }"),
        source("b", "directive @sized(by: Int @inaccessible) on FIELD"),
    ]
    directive = read_supergraph(compose(sources).supergraph_sdl).api_schema.get_directive("sized")
    assert directive is not None
    assert directive.args == {}
