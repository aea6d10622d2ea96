"""Supergraphs composed by others run in ours: the same API schema, and the data a single server would give."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from graphql import lexicographic_sort_schema, print_schema

from router.caller import Caller
from router.executor import InProcessTransport, SubgraphRequest
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import GraphQLRequest, parse_request
from router.pipeline import Pipeline, PipelineSettings
from router.policy.override_labels import OverrideLabels
from tests.corpus.deterministic_world import World
from tests.corpus.queryplan import INTROSPECTED, monolith, variable_sets
from tests.corpus.subgraph_schemas import Subgraph
from tests.interoperability.cases import as_json, cases, composed_here
from tests.interoperability.node import run_node

COMPOSERS = ("apollo", "hive")

NOT_THERE = {
    ("apollo", "plan interface_objects_two"): "finds no way to the second interface object",
    ("hive", "plan root_reached_again"): "knows no way from one subgraph's Query to another's",
}
"""Cases another composer refuses, each with what it lacks."""


def told() -> Iterator[tuple[str, str]]:
    """Composer and case; hints' cases link a version of Federation that only Apollo's composer knows."""
    for composer in COMPOSERS:
        for name in cases():
            if composer == "apollo" or not name.startswith("hint "):
                yield composer, name


@cache
def composed_by(composer: str) -> dict[str, Any]:
    given = {name: as_json(cases()[name]) for who, name in told() if who == composer}
    composed: dict[str, Any] = run_node("compose.cjs", composer, given=given)
    return composed


@pytest.mark.parametrize(("composer", "name"), [*told()])
async def test_a_supergraph_composed_elsewhere_runs_in_ours(composer: str, name: str) -> None:
    composed = composed_by(composer)[name]
    if (composer, name) in NOT_THERE:
        assert "errors" in composed, "it composes now: take it from the list"
        return
    assert "errors" not in composed
    theirs, ours = read_supergraph(composed["supergraph"]), read_supergraph(composed_here(name))
    assert sorted_schema(theirs) == sorted_schema(ours)
    case = cases()[name]
    if case.operation and not case.operation.strip().startswith("subscription"):
        await check_answers(theirs, case.operation, case.labels)


def sorted_schema(supergraph: Supergraph) -> str:
    return print_schema(lexicographic_sort_schema(supergraph.api_schema))


async def check_answers(supergraph: Supergraph, text: str, labels: frozenset[str]) -> None:
    """The router's answer over strict subgraphs is the monolith's, for every set of variables."""
    operation = parse_request(text, None, supergraph.api_schema)
    for variables in variable_sets(operation, supergraph.api_schema):
        world = World(supergraph)
        transports = {name: transport(Subgraph(world, name, labels)) for name in supergraph.subgraphs}
        settings = PipelineSettings(override_labels=OverrideLabels(dict.fromkeys(labels, True), draw=lambda: 0.99))
        pipeline = Pipeline(supergraph, transports, settings)
        expected = monolith(text, supergraph, world, variables)
        answer = await pipeline.execute(GraphQLRequest(text, None, variables), Caller())
        found = orjson.loads(answer.body)
        assert "errors" not in found
        assert {key: value for key, value in found["data"].items() if key not in INTROSPECTED} == expected


def transport(subgraph: Subgraph) -> InProcessTransport:
    async def execute(request: SubgraphRequest, caller: Caller) -> dict[str, Any]:
        return {"data": subgraph.execute(request.query, request.variables)}

    return InProcessTransport(execute)
