"""Merging, renaming, and what of a path is visible: small functions, as tables."""

import copy
from typing import Any

import pytest
from graphql import build_schema

from router.executor.merge import attach, attach_deep, merge_deep
from router.executor.paths import objects_at, visible
from router.executor.rewrites import rename_keys
from router.executor.shape import ShapeBuilder
from router.operation import parse_request
from router.planner.nodes import KeyRenamer

DEEP: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({}, {"a": 1}, {"a": 1}),
    ({"a": 1}, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
    ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
    ({"a": {"b": 1}}, {"a": None}, {"a": {"b": 1}}),
    ({"a": None}, {"a": {"c": 2}}, {"a": {"c": 2}}),
    ({"a": [{"b": 1}, None, 5]}, {"a": [{"c": 2}, {"c": 3}, 6]}, {"a": [{"b": 1, "c": 2}, {"c": 3}, 6]}),
    ({"a": [[{"b": 1}]]}, {"a": [[{"c": 2}]]}, {"a": [[{"b": 1, "c": 2}]]}),
    ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
    ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
]


@pytest.mark.parametrize(("target", "source", "expected"), DEEP)
def test_merges_deeply(target: dict[str, Any], source: dict[str, Any], expected: dict[str, Any]) -> None:
    target = copy.deepcopy(target)
    merge_deep(target, copy.deepcopy(source))
    assert target == expected


@pytest.mark.parametrize("merge", [attach, attach_deep])
def test_an_entity_goes_to_all_its_objects_and_null_to_none(merge: Any) -> None:
    objects: list[dict[str, Any]] = [{"id": 1}, {"id": 2}, {"id": 1}]
    merge(objects, [0, 1, 0], [{"name": "one", "tags": ["x"]}, None])
    assert objects == [{"id": 1, "name": "one", "tags": ["x"]}, {"id": 2}, {"id": 1, "name": "one", "tags": ["x"]}]


SCHEMA = build_schema("""
  type Query { l: [I] o: A }
  interface I { id: ID! }
  type A implements I { id: ID! o: A n: Int }
  type B implements I { id: ID! m: Int }
""")

RENAMES: list[tuple[tuple[str, ...], str, Any, Any]] = [
    (("x_1",), "x", {"x_1": 5}, {"x": 5}),
    (("x_1",), "x", {"y": 5}, {"y": 5}),
    (("l", "@", "x_1"), "x", {"l": [{"x_1": 1}, None, {"x_1": 2}]}, {"l": [{"x": 1}, None, {"x": 2}]}),
    (("l", "x_1"), "x", {"l": [{"x_1": 1}, [{"x_1": 2}]]}, {"l": [{"x": 1}, [{"x": 2}]]}),
    (("... on A", "x_1"), "x", {"__typename": "A", "x_1": 1}, {"__typename": "A", "x": 1}),
    (("... on I", "x_1"), "x", {"__typename": "A", "x_1": 1}, {"__typename": "A", "x": 1}),
    (("... on B", "x_1"), "x", {"__typename": "A", "x_1": 1}, {"__typename": "A", "x_1": 1}),
]


@pytest.mark.parametrize(("path", "rename_to", "value", "expected"), RENAMES)
def test_renames(path: tuple[str, ...], rename_to: str, value: Any, expected: Any) -> None:
    value = copy.deepcopy(value)
    rename_keys(SCHEMA, value, (KeyRenamer(path, rename_to),))
    assert value == expected


def test_objects_at_a_path_come_with_their_positions() -> None:
    data = {"a": [{"b": [[{"n": 1}], None]}, None, {"b": [[None, {"n": 2}]]}]}
    assert list(objects_at(data, ("a", "@", "b", "@", "@"), SCHEMA)) == [
        (("a", 0, "b", 0, 0), {"n": 1}),
        (("a", 2, "b", 0, 1), {"n": 2}),
    ]
    assert list(objects_at({"a": 5}, ("a", "@"), SCHEMA)) == []
    assert list(objects_at({"a": {"b": 1}}, (), SCHEMA)) == [((), {"a": {"b": 1}})]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (("o", "n"), ("o", "n")),
        (("o", "id"), ("o",)),
        (("l", 0, "n"), ("l", 0, "n")),
        (("l", 1, "n"), ("l", 1)),
        (("hidden", 3), ()),
        (("l", 0, "n", "deeper"), ("l", 0, "n")),
        (("gone", "n"), ("gone", "n")),
        (("gone", "id"), ("gone",)),
        (("l", 2, "m"), ("l", 2, "m")),
    ],
)
def test_only_what_the_client_selected_is_visible(path: tuple[Any, ...], seen: tuple[Any, ...]) -> None:
    operation = parse_request("{ o { n } gone: o { n } l { ... on A { n } ... on B { m } } }", None, SCHEMA)
    data = {
        "o": {"n": 1, "id": 2},
        "l": [{"__typename": "A", "n": 1}, {"__typename": "B", "m": 2}, None],
        "hidden": [1],
    }
    data["gone"] = None
    assert visible(ShapeBuilder(SCHEMA).root(operation), data, path) == seen
