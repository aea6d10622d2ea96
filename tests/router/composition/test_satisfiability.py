"""Every query answerable, or one that is not: tables of subgraph sets, and how large ones behave."""

from __future__ import annotations

import pytest
from case_files import source

from router.composition import CompositionErrors, compose
from tests.steps import steps_of

SATISFIABLE = {
    "through a chain of keys": (
        'type Query { t: T } type T @key(fields: "a") { a: ID! }',
        'type T @key(fields: "a") @key(fields: "b") { a: ID! b: ID! }',
        'type T @key(fields: "b") { b: ID! x: Int }',
    ),
    "a key of nested fields fetched elsewhere first": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! }',
        'type T @key(fields: "id") @key(fields: "o { n }") { id: ID! o: O } type O { n: Int }',
        'type T @key(fields: "o { n }") { o: O x: Int } type O { n: Int @shareable }',
    ),
    "a provided field": (
        'type Query { t: T @provides(fields: "x") } '
        'type T @key(fields: "id", resolvable: false) { id: ID! x: Int @external }',
        'type T @key(fields: "id") { id: ID! x: Int @shareable }',
    ),
    "required fields and a key to come back": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
        'type T @key(fields: "id") { id: ID! x: Int }',
    ),
    "conditions within conditions in required fields": (
        "type Query { t: T } interface I { x: Int } interface J implements I { x: Int } "
        "type A implements I & J @shareable { x: Int a: Int } type B implements I & J @shareable { x: Int b: Int } "
        'type T @key(fields: "id") { id: ID! i: I }',
        "interface I { x: Int } interface J implements I { x: Int } "
        "type A implements I & J @shareable { x: Int a: Int } type B implements I & J @shareable { x: Int b: Int } "
        'type T @key(fields: "id") { id: ID! i: I @external '
        'y: Int @requires(fields: "i { x ... on J { x ... on A { a } ... on B { b } } }") }',
    ),
    "an interface object": (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } '
        'type A implements I @key(fields: "id") { id: ID! }',
        'type I @key(fields: "id") @interfaceObject { id: ID! x: Int }',
    ),
    "interfaces that keys lead to and fro": (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } '
        'type B implements I @key(fields: "id") { id: ID! } '
        'type A implements I @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
        'interface I @key(fields: "id") { id: ID! } type B implements I @key(fields: "id") { id: ID! } '
        'type A implements I @key(fields: "id") { id: ID! x: Int }',
        'type Query { is: [I] } type I @key(fields: "id") @interfaceObject { id: ID! w: Int }',
    ),
    "types another subgraph never returns": (
        "type Query { u: U } union U = A | B type A { x: Int } type B @shareable { y: Int }",
        "type Query { v: V } union V = B type B @shareable { y: Int }",
    ),
    "both sides of a progressive override": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! x: Int @override(from: "b", label: "percent(5)") }',
        'type T @key(fields: "id") { id: ID! x: Int }',
    ),
    "a mutation one subgraph answers wholly": (
        'type Query { q: Int } type Mutation { m: T @shareable } type T @key(fields: "id") { id: ID! x: Int }',
        'type Mutation { m: T @shareable } type T @key(fields: "id", resolvable: false) { id: ID! }',
    ),
}

UNSATISFIABLE = {
    "no key": (
        "type Query { t: T } type T @shareable { x: Int }",
        "type Query { s: T } type T @shareable { x: Int y: Int }",
        'type "T" has no @key defined in subgraph "b"',
    ),
    "a key nobody can resolve": (
        'type Query { t: T } type T @key(fields: "id", resolvable: false) { id: ID! }',
        'type T @key(fields: "id", resolvable: false) @key(fields: "n", resolvable: false) { id: ID! n: Int x: Int }',
        'are resolvable (they are all declared with their "resolvable" argument set to false)',
    ),
    "a key whose fields are elsewhere": (
        'type Query { t: T } type T @key(fields: "a") { a: ID! }',
        'type T @key(fields: "b") { b: ID! x: Int }',
        'the key field(s) cannot be resolved from subgraph "a"',
    ),
    "two keys that explain each other only": (
        "type Query { t: T } type T @shareable { n: Int }",
        'type T @key(fields: "a") @key(fields: "b") { a: ID! b: ID! n: Int @shareable }',
        'the key field(s) cannot be resolved from subgraph "a"',
    ),
    "fields that need each other": (
        'type Query { t: T } type T @key(fields: "id") { id: ID! g: Int @external f: Int @requires(fields: "g") }',
        'type T @key(fields: "id") { id: ID! f: Int @external g: Int @requires(fields: "f") }',
        'cannot satisfy @require conditions on field "T.',
    ),
    "required fields but no key to come back": (
        'type Query { t: T } type T { n: Int @shareable x: Int @external y: Int @requires(fields: "x") }',
        'type Query { s: T } type T @key(fields: "n") { n: Int @shareable x: Int }',
        "y",
    ),
    "an interface object whose types nobody tells": (
        'type Query { i: I } type I @key(fields: "id") @interfaceObject { id: ID! }',
        "interface I { id: ID! } type A implements I { id: ID! @shareable a: Int }",
        'no subgraph can be reached to resolve the implementation type of @interfaceObject type "I"',
    ),
}


@pytest.mark.parametrize("name", SATISFIABLE)
def test_satisfiable(name: str) -> None:
    assert compose(source(letter, sdl) for letter, sdl in zip("abc", SATISFIABLE[name], strict=False)).supergraph_sdl


@pytest.mark.parametrize("name", UNSATISFIABLE)
def test_unsatisfiable(name: str) -> None:
    *sdls, reason = UNSATISFIABLE[name]
    with pytest.raises(CompositionErrors) as refused:
        compose(source(letter, sdl) for letter, sdl in zip("abc", sdls, strict=False))
    assert {problem.code for problem in refused.value.problems} == {"SATISFIABILITY_ERROR"}
    assert reason in refused.value.problems[0].message


def test_the_message_shows_a_query_and_the_reason_in_each_subgraph() -> None:
    with pytest.raises(CompositionErrors) as refused:
        compose([source("a", UNSATISFIABLE["no key"][0]), source("b", UNSATISFIABLE["no key"][1])])
    problem = refused.value.problems[0]
    assert problem.message == (
        "The following supergraph API query:\n"
        "{\n  t {\n    y\n  }\n}\n"
        "cannot be satisfied by the subgraphs because:\n"
        '- from subgraph "a":\n'
        '  - cannot find field "T.y".\n'
        '  - cannot move to subgraph "b", which has field "T.y", because type "T" has no @key defined in subgraph "b".'
    )
    assert [place.subgraph for place in problem.locations] == ["b"]


def dense(subgraphs: int, types: int) -> list[str]:
    """Entities of which every subgraph has all keys and one field more: the number of paths is beyond counting."""
    keys = " ".join(f'@key(fields: "k{number}")' for number in range(3))
    fields = " ".join(f"k{number}: ID!" for number in range(3))
    links = [" ".join(f"to{other}: T{other} @shareable" for other in range(types)) for _ in range(types)]
    return [
        "type Query { "
        + f"q{subgraph}: T0 }} "
        + " ".join(f"type T{each} {keys} {{ {fields} own{subgraph}: Int {links[each]} }}" for each in range(types))
        for subgraph in range(subgraphs)
    ]


def test_paths_beyond_counting_take_steps_in_proportion_to_the_places() -> None:
    """A second as many subgraphs and types make eight times the places and moves; the paths are many powers more."""

    def steps(size: int) -> int:
        sources = [source(f"s{number}", sdl) for number, sdl in enumerate(dense(size, size))]
        return steps_of(lambda: compose(sources))

    assert steps(6) < 12 * steps(3)
