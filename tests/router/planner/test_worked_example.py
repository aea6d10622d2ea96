"""docs/planner.md explains by one example; it is what the planner does."""

from __future__ import annotations

import re
from pathlib import Path

from router.composition import SubgraphSource, compose
from router.federation.supergraph import read_supergraph
from router.operation.parse import parse_request
from router.planner import plan_stages
from router.planner.show_stages import show_stages
from tests.router.planner.planner_cases import HEAD

PAGE = Path(__file__).parents[3] / "docs" / "planner.md"


def test_the_worked_example_of_the_page() -> None:
    example = PAGE.read_text().partition("## A worked example")[2]
    blocks = re.findall(r"```(?:graphql|text)?\n(.*?)```", example, re.DOTALL)
    rail, air, operation, routes, fetches, shown = blocks
    sources = [SubgraphSource(name, "", HEAD + sdl) for name, sdl in (("rail", rail), ("air", air))]
    supergraph = read_supergraph(compose(sources).supergraph_sdl)
    stages = dict(show_stages(plan_stages(supergraph, parse_request(operation, None, supergraph.api_schema))))
    assert stages["routes"] == routes.strip()
    assert stages["fetches"] == fetches.strip()
    assert stages["plan"] == shown.strip()
