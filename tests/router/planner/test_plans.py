"""Each case file is a rule: its plan is the expected text, and brings what a server over the merged schema would."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.composition import SubgraphSource, compose
from router.errors import PlanningFailed
from router.federation.supergraph import read_supergraph
from router.operation.parse import parse_request
from router.planner import plan
from router.planner.show import show_text
from tests.corpus.queryplan import data_problem
from tests.router.planner.planner_cases import CASES, HEAD, read_case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plan_is_as_written_and_its_data_is_the_monoliths(path: Path) -> None:
    case = read_case(path)
    supergraph = case.supergraph()
    operation = parse_request(case.operation, None, supergraph.api_schema)
    made = plan(supergraph, operation, case.labels)
    assert show_text(made) == case.plan, case.rule
    assert data_problem(case.operation, operation, made, supergraph, case.labels) == "", case.rule


def test_an_interface_object_that_cannot_be_entered_gives_nothing_to_an_interface_without_types() -> None:
    sources = [
        SubgraphSource(name, "", HEAD + sdl)
        for name, sdl in {
            "pointers": 'type Query { node: Node } interface Node @key(fields: "id") { id: ID! }',
            "notes": 'type Query { x: Node } type Node @key(fields: "id", resolvable: false) @interfaceObject'
            " { id: ID! note: String }",
        }.items()
    ]
    supergraph = read_supergraph(compose(sources).supergraph_sdl)
    operation = parse_request("{ node { note } }", None, supergraph.api_schema)
    with pytest.raises(PlanningFailed, match=r"No subgraph answers \{ node \{ note \} \} of Query"):
        plan(supergraph, operation)
