"""Objects of an interface that is an object type in some subgraph: they may come without the name of their own type."""

from typing import Any

import pytest
from graphql import build_schema

from router.executor.emit_projection import ProjectionEmitter, list_of, present
from router.executor.project import project
from router.executor.reports import Reports
from router.executor.runtime import SURPRISES
from router.executor.shape import ShapeBuilder
from router.executor.source import Program, SourceWriter
from router.operation import parse_request

SCHEMA = build_schema("""
  type Query { media: Media page: Page bare: Bare }
  interface Media { id: ID! title: String }
  type Book implements Media { id: ID! title: String isbn: String }
  type Film implements Media { id: ID! title: String }
  interface Page { id: ID! }
  type Leaf implements Page { id: ID! green: Boolean }
  interface Bare { id: ID! }
""")
UNTYPED = frozenset({"Media", "Page", "Bare"})

CASES: dict[str, tuple[str, Any, Any, list[Any]]] = {
    "its own type's name": (
        "{ media { id ... on Book { isbn } } }",
        {"media": {"__typename": "Book", "id": "1", "isbn": "i"}},
        {"media": {"id": "1", "isbn": "i"}},
        [],
    ),
    "the interface's name": (
        "{ media { id title ... on Media { t: title } ... on Book { isbn } } }",
        {"media": {"__typename": "Media", "id": "1", "title": "x", "t": "x"}},
        {"media": {"id": "1", "title": "x", "t": "x"}},
        [],
    ),
    "no name": ("{ media { id } }", {"media": {"id": "1"}}, {"media": {"id": "1"}}, []),
    "a name was asked for that nobody can tell": (
        "{ media { id __typename } }",
        {"media": {"__typename": "Media", "id": "1"}},
        {"media": None},
        [["media", "__typename"]],
    ),
    "only one type is possible": (
        "{ page { __typename id ... on Leaf { green } } }",
        {"page": {"__typename": "Page", "id": "1", "green": True}},
        {"page": {"__typename": "Leaf", "id": "1", "green": True}},
        [],
    ),
    "no type is possible": ("{ bare { id } }", {"bare": {"id": "1"}}, {"bare": {"id": "1"}}, []),
    "a type unknown to the schema": ("{ media { id } }", {"media": {"__typename": "X"}}, {"media": None}, [["media"]]),
}


@pytest.mark.parametrize(("text", "data", "expected", "errors"), CASES.values(), ids=CASES)
def test_projects(text: str, data: Any, expected: Any, errors: list[Any]) -> None:
    builder = ShapeBuilder(SCHEMA, (), UNTYPED)
    root = builder.root(parse_request(text, None, SCHEMA))
    reports = Reports()
    assert project(root, data, {}, reports) == expected
    assert [error["path"] for error in reports.errors] == errors
    writer = SourceWriter()
    ProjectionEmitter(writer, builder.shapes).emit()
    program = Program(writer.text, {"list_of": list_of, "present": present, **writer.constants}, "test")
    if errors:
        with pytest.raises(SURPRISES):
            program.names["project"](data, {})
    else:
        assert program.names["project"](data, {}) == expected
