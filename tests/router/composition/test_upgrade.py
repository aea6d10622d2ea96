"""Federation v1 subgraphs compose as they always did."""

from __future__ import annotations

import pytest
from case_files import source

from router.composition import CompositionErrors, compose

V1 = "# federation 1\n"

COMPOSES = {
    "an entity extended with its external key": (
        'type Query { u: User } type User @key(fields: "id") { id: ID! name: String }',
        'extend type User @key(fields: "id") { id: ID! @external posts: [String] }',
    ),
    "@extends instead of extend": (
        'type Query { u: User } type User @key(fields: "id") { id: ID! name: String }',
        'type User @extends @key(fields: "id") { id: ID! @external posts: [String] }',
    ),
    "value types are shared": (
        "type Query { a: Money } type Money { amount: Int }",
        "type Query { b: Money } type Money { amount: Int }",
    ),
    "a list of key fields": (
        'type Query { u: User } type User @key(fields: ["id", "org"]) { id: ID! org: ID! }',
        'extend type User @key(fields: "id org") { id: ID! @external org: ID! @external x: Int }',
    ),
    "externals nobody uses": (
        'type Query { u: User } type User @key(fields: "id") { id: ID! name: String }',
        'extend type User @key(fields: "id") { id: ID! @external name: String @external posts: [String] }',
    ),
    "a provided field that is not external": (
        'type Query { u: User @provides(fields: "id") } type User @key(fields: "id") { id: ID! name: String }',
        'extend type User @key(fields: "id") { id: ID! @external posts: [String] }',
    ),
    "federation's own fields without their types": (
        "type Query { u: Int _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }",
        "extend type Query { b: Int }",
    ),
    "keys on interfaces": (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } type A implements I { id: ID! }',
        "extend type Query { b: Int }",
    ),
}


@pytest.mark.parametrize("name", COMPOSES)
def test_composes(name: str) -> None:
    sources = [source(letter, V1 + sdl) for letter, sdl in zip("ab", COMPOSES[name], strict=True)]
    assert compose(sources).supergraph_sdl


def test_beside_federation_2_the_other_side_must_say_shareable() -> None:
    old = source("old", V1 + "type Query { a: Money } type Money { amount: Int }")
    new = "type Query { b: Money } type Money %s { amount: Int }"
    assert compose([old, source("new", new % "@shareable")]).supergraph_sdl
    with pytest.raises(CompositionErrors) as refused:
        compose([old, source("new", new % "")])
    assert [problem.code for problem in refused.value.problems] == ["INVALID_FIELD_SHARING"]


def test_an_interface_key_of_v1_serves_no_interface_object() -> None:
    implementing = 'type A implements I @key(fields: "id") { id: ID! }'
    old = V1 + 'type Query { i: I } interface I @key(fields: "id") { id: ID! } ' + implementing
    new = 'type I @interfaceObject @key(fields: "id") { id: ID! x: Int }'
    with pytest.raises(CompositionErrors) as refused:
        compose([source("old", old), source("new", new)])
    assert [problem.code for problem in refused.value.problems] == ["INTERFACE_OBJECT_USAGE_ERROR"]


def test_directives_of_version_2_need_a_link() -> None:
    with pytest.raises(CompositionErrors) as refused:
        compose([source("a", V1 + "type Query { q: Int @shareable }")])
    assert [problem.code for problem in refused.value.problems] == ["INVALID_GRAPHQL"]
