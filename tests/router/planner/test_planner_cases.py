"""Each case is a file: subgraphs, one operation, and the plan it must become, as text.

A section starts with ``# subgraph NAME``, ``# operation`` or ``# plan``. The same answers as a monolith's are shown by
the query plan corpus (tests/test_corpora.py); here the shape is held.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from router.composition import SubgraphSource, compose
from router.federation.supergraph import read_supergraph
from router.operation import parse_request
from router.planner import plan, plan_stages
from router.planner.show import show_text

CASES = sorted((Path(__file__).parent / "cases").glob("*.graphql"))
ROOT = Path(__file__).parents[3]


def sections(text: str) -> dict[str, str]:
    _, *parts = re.split(r"^# (subgraph \w+|operation|plan)\n", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def planned(parts: dict[str, str]) -> str:
    sources = [
        SubgraphSource(
            name.split()[1],
            "http://example.test",
            "extend schema @link(url: "
            '"https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requires", "@provides", "@external", '
            '"@shareable", "@override", "@interfaceObject"])\n' + sdl,
        )
        for name, sdl in parts.items()
        if name.startswith("subgraph ")
    ]
    supergraph = read_supergraph(compose(sources).supergraph_sdl)
    operation = parse_request(parts["operation"], None, supergraph.api_schema)
    return show_text(plan(supergraph, operation)).strip()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_an_operation_becomes_the_plan_of_its_case(case: Path) -> None:
    parts = sections(case.read_text())
    assert planned(parts) == parts["plan"]


def test_the_worked_example_of_the_docs_is_what_the_planner_does() -> None:
    page = (ROOT / "docs" / "planner.md").read_text()
    (plan_text,) = re.findall(r"```\n(QueryPlan.*?)```", page, re.DOTALL)
    parts = sections((CASES[0].parent / "key_then_requires.graphql").read_text())
    assert plan_text.strip() == planned(parts)


def test_every_stage_of_the_flagship_can_be_shown() -> None:
    supergraph = read_supergraph((ROOT / "schema" / "supergraph.graphql").read_text())
    operation = parse_request((ROOT / "hub" / "flagship.graphql").read_text(), None, supergraph.api_schema)
    stages = plan_stages(supergraph, operation)
    text = show_text(stages.plan)
    assert [text.count(f'service: "{name}"') for name in ("rail", "lodge", "sensing")] == [1, 1, 2]
    assert stages.plan == plan(supergraph, operation), "planning is a function"
