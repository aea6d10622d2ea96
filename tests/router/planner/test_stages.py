"""Every stage can be looked at, the plan has three forms, and planning stays bounded."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from router.composition import SubgraphSource, compose
from router.errors import LimitExceeded
from router.federation.supergraph import InvalidSupergraph, Supergraph, read_supergraph
from router.operation.model import Operation
from router.operation.parse import parse_request
from router.planner import PlanStages, plan, plan_stages
from router.planner.show import show_text, to_dot, to_json
from router.planner.show_stages import show_stages
from router.planner.steps import ancestors, rounds
from tests.corpus.queryplan import fetched
from tests.router.planner.planner_cases import CASES, HEAD, read_case

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


def in_pieces(types: int) -> Supergraph:
    """An interface whose field ``child`` one type has in another subgraph, so no level can stay on the interface."""
    here = "type Query { root: I }\ninterface I { id: ID! child: I name: String }\n"
    there = "interface I { id: ID! }\n"
    for number in range(types):
        key = f'type T{number} implements I @key(fields: "id") {{ id: ID!'
        away = '@external needs: Int @requires(fields: "child { id }")' if number == 0 else ""
        here += f"{key} name: String child: I {away} }}\n"
        there += f"{key} {'child: I' if number == 0 else ''} }}\n"
    sources = [SubgraphSource(name, "", HEAD + sdl) for name, sdl in (("here", here), ("there", there))]
    return read_supergraph(compose(sources).supergraph_sdl)


def children(supergraph: Supergraph, depth: int) -> Operation:
    text = "{ root " + "{ child " * depth + "{ name }" + " }" * depth + " }"
    return parse_request(text, None, supergraph.api_schema)


def test_the_number_of_types_does_not_multiply_by_level() -> None:
    sizes = {}
    for types in (4, 20):
        supergraph = in_pieces(types)
        stages = plan_stages(supergraph, children(supergraph, 5))
        steps, fetches = len(stages.drafted), len(fetched(stages.plan.node))
        assert steps < 2**7, "the steps do not depend on the number of types"
        assert fetches <= 11, "two a level and the first"
        sizes[types] = len(json.dumps(to_json(stages.plan)))
    assert sizes[20] < 8 * sizes[4], "five times the types, about five times the text"


def test_an_operation_that_would_need_too_many_steps_is_refused_soon() -> None:
    supergraph = in_pieces(3)
    started = time.monotonic()
    with pytest.raises(LimitExceeded) as refused:
        plan(supergraph, children(supergraph, 40))
    assert refused.value.extensions["code"] == "QUERY_PLAN_TOO_LARGE"
    assert time.monotonic() - started < 20
