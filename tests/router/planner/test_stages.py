"""Every stage can be looked at, the plan has three forms, and planning stays bounded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.federation.supergraph import InvalidSupergraph, read_supergraph
from router.operation.parse import parse_request
from router.planner import PlanStages, plan, plan_stages
from router.planner.show import show_text, to_dot, to_json
from router.planner.show_stages import show_stages
from router.planner.steps import ancestors, rounds
from tests.corpus.queryplan import fetched
from tests.router.planner.planner_cases import CASES, read_case

ROOT = Path(__file__).parents[3]


def stages_of(path: Path) -> PlanStages:
    case = read_case(path)
    supergraph = case.supergraph()
    return plan_stages(supergraph, parse_request(case.operation, None, supergraph.api_schema), case.labels)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_stage_has_a_text(path: Path) -> None:
    shown = list(show_stages(stages_of(path)))
    names = [name for name, _ in shown]
    assert names[:3] == ["graph", "routes", "fetches"]
    assert names[-1] == "plan"
    assert all(text for _, text in shown)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_passes_keep_the_dag_whole_and_add_no_round(path: Path) -> None:
    stages = stages_of(path)
    for _, steps in stages.passes:
        assert {before for step in steps for before in step.after} <= {step.id for step in steps}
        assert all(step.id not in ancestors(steps)[step.id] for step in steps)
        assert max(rounds(steps).values()) <= max(rounds(stages.drafted).values())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_json_and_dot_say_the_same_fetches_as_the_text(path: Path) -> None:
    made = stages_of(path).plan
    count = len(fetched(made.node))
    assert json.dumps(to_json(made)).count('"kind": "Fetch"') == count
    assert show_text(made).count("Fetch(service:") == count
    assert to_dot(made).count("shape=box") == count


def test_the_flagship_asks_each_domain_once_and_the_air_twice() -> None:
    supergraph = read_supergraph((ROOT / "schema" / "supergraph.graphql").read_text())
    operation = parse_request((ROOT / "hub" / "flagship.graphql").read_text(), None, supergraph.api_schema)
    asked = fetched(plan(supergraph, operation).node)
    assert sorted(asked) == ["lodge", "rail", "sensing", "sensing"]


def test_planning_is_deterministic() -> None:
    for path in CASES:
        assert stages_of(path).plan == stages_of(path).plan


def test_introspection_alone_needs_no_fetch() -> None:
    supergraph = read_case(CASES[0]).supergraph()
    made = plan(
        supergraph, parse_request("{ __typename __schema { queryType { name } } }", None, supergraph.api_schema)
    )
    assert made.node is None
    assert show_text(made) == "QueryPlan {}"
    assert to_json(made) == {"kind": "QueryPlan", "node": None}


def test_text_that_is_no_supergraph_is_refused() -> None:
    for text in ("type Query {", "type Query { a: Int }", "enum join__Graph { A }"):
        with pytest.raises(InvalidSupergraph):
            read_supergraph(text)
