"""What people and programs are told: excerpts with a caret, JSON, and changes between supergraphs."""

from __future__ import annotations

import json
import re

import pytest
from case_files import source
from hypothesis import given
from hypothesis import strategies as st

from router.composition import CompositionErrors, Location, Problem, SubgraphSource, compose
from router.composition.merge.strategies import conjunction, implies
from router.composition.report import COLOURED, as_json, as_text, summary


def refused(*sources: SubgraphSource) -> tuple[Problem, ...]:
    with pytest.raises(CompositionErrors) as errors:
        compose(sources)
    return errors.value.problems


TOLD = """\
error[INVALID_GRAPHQL]: [a] Unknown type 'Missing'.
  --> schemas/a.graphql:2:10
    |
  2 | \t "역" t: Missing
    | \t         ^
  = help: Correct the schema; the message says what the GraphQL specification asks for.

error[INVALID_GRAPHQL]: [a] Unknown type 'Missing'.
  --> schemas/a.graphql:3:4
    |
  3 | u: Missing
    |    ^"""


def test_text_shows_the_place_under_tabs_and_wide_letters_and_helps_once_a_code() -> None:
    broken = SubgraphSource("a", "", 'type Query {\n\t "역" t: Missing\nu: Missing\n}')
    places = [Location("a", 2, 10), Location("a", 3, 4)]
    problems = [Problem("INVALID_GRAPHQL", "[a] Unknown type 'Missing'.", (place,)) for place in places]
    assert as_text(problems, [broken], {"a": "schemas/a.graphql"}) == TOLD


def test_further_places_are_marked_as_such() -> None:
    shared = [source(name, "type Query { q: Int }") for name in "ab"]
    told = as_text(refused(*shared), shared).splitlines()
    assert [line for line in told if line.startswith(("  -->", "  :::"))] == ["  --> a:1:14", "  ::: b:1:14"]


def test_colour_changes_no_letter() -> None:
    shared = [source(name, "type Query { q: Int }") for name in "ab"]
    coloured = as_text(refused(*shared), shared, style=COLOURED)
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == as_text(refused(*shared), shared)
    assert coloured.startswith("\x1b[1;31merror[INVALID_FIELD_SHARING]\x1b[0m")


def test_json_shape() -> None:
    broken = SubgraphSource("a", "", "type Query { t: Missing }")
    (problem,) = json.loads(as_json(refused(broken)))
    assert problem.keys() == {"code", "message", "locations"}
    assert problem["locations"] == [{"subgraph": "a", "line": 1, "column": 17}]


def test_long_lists_of_places_are_cut() -> None:
    problem = Problem("X", "m", tuple(Location("a", line, 1) for line in range(1, 10)))
    assert as_text([problem], []).endswith("  … and 3 more places")
    assert summary([problem], []) == "1 error"


@pytest.mark.parametrize(
    "sdl", ["", "type", "{ a }", "type Query { a: Int } fragment F on Q { a }", "\x00", "scalar é"]
)
def test_garbage_is_told_with_a_place(sdl: str) -> None:
    problems = refused(SubgraphSource("a", "", sdl))
    assert {problem.code for problem in problems} <= {"INVALID_GRAPHQL", "NO_QUERIES"}
    assert all(problem.locations for problem in problems)


def test_subgraphs_are_told_apart_by_name() -> None:
    twice = source("a", "type Query { q: Int }")
    assert [problem.code for problem in refused(twice, twice)] == ["INVALID_SUBGRAPH_NAME"]


conditions = st.lists(st.lists(st.sampled_from("abcd"), max_size=3), max_size=3)


@given(conditions, conditions, st.frozensets(st.sampled_from("abcd")))
def test_a_conjunction_is_met_when_both_are(one: list[list[str]], other: list[list[str]], held: frozenset[str]) -> None:
    def met(condition: list[list[str]]) -> bool:
        return not condition or any(set(part) <= held for part in condition)

    both = conjunction([one, other])
    assert met(both) == (met(one) and met(other))
    assert implies(both, one)
    assert implies(both, other)
