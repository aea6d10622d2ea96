"""Each case file is a rule: its plan is the expected text, and brings what a server over the merged schema would."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.operation.parse import parse_request
from router.planner import plan
from router.planner.show import show_text
from tests.corpus.queryplan import data_problem
from tests.router.planner.planner_cases import CASES, read_case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plan_is_as_written_and_its_data_is_the_monoliths(path: Path) -> None:
    case = read_case(path)
    supergraph = case.supergraph()
    operation = parse_request(case.operation, None, supergraph.api_schema)
    made = plan(supergraph, operation, case.labels)
    assert show_text(made) == case.plan, case.rule
    if operation.kind != "subscription":
        assert data_problem(case.operation, operation, made, supergraph, case.labels) == "", case.rule
