"""Plans in parts. A case file holds subgraphs, an operation and the plan's text, as the planner's case files do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from merging import merged
from worlds import payloads_of, world_pipeline

from router.caller import Caller
from router.executor.incremental import IncrementalPlan
from router.operation import GraphQLRequest
from router.planner.nodes import QueryPlan
from router.planner.show import show_text, to_dot, to_json
from tests.router.planner.planner_cases import Case, read_case

CASES = sorted((Path(__file__).parent / "plans").glob("*.txt"))


async def planned(case: Case) -> QueryPlan:
    pipeline = world_pipeline(case.supergraph())
    ready = await pipeline._prepare(GraphQLRequest(case.operation), Caller(), in_parts=True)
    await pipeline.aclose()
    assert isinstance(ready.plan, IncrementalPlan), "it is answered whole"
    return ready.plan.plan


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
async def test_an_operation_becomes_the_plan_of_its_case(path: Path) -> None:
    case = read_case(path)
    assert show_text(await planned(case)) == case.plan


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
async def test_the_plan_brings_the_whole_answer(path: Path) -> None:
    case = read_case(path)
    pipeline = world_pipeline(case.supergraph())
    whole = await pipeline.execute(GraphQLRequest(case.operation), Caller())
    found = await payloads_of(pipeline, GraphQLRequest(case.operation))
    await pipeline.aclose()
    assert merged(found).data == json.loads(whole.body)["data"]


async def test_the_other_forms_show_the_same_parts() -> None:
    plan = await planned(read_case(Path(__file__).parent / "plans" / "stream_and_defer.txt"))
    shown = to_json(plan)["node"]
    assert shown["kind"] == "Defer"
    assert shown["primary"]["subselection"] == "{ ts { id a } }"
    assert shown["primary"]["node"]["nodes"][0]["id"] == "0"
    (deferred,) = shown["deferred"]
    assert (deferred["depends"], deferred["label"], deferred["queryPath"]) == ([{"id": "0"}], "b", ["ts", "@"])
    assert deferred["subselection"] == "{ b }"
    assert deferred["node"]["kind"] == "Flatten"
    (streamed,) = shown["streamed"]
    assert (streamed["queryPath"], streamed["initialCount"], streamed["label"]) == (["ts"], "$n", "s")
    dot = to_dot(plan)
    assert [dot.count(f"[label={edge}]") for edge in ("primary", "deferred", "streamed")] == [1, 1, 1]
