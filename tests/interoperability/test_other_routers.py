"""The hub's subgraphs as processes of their own behind other routers: our supergraph, and the same data as ours."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from router.caller import Caller
from router.config import Settings, SubgraphSettings
from router.federation.supergraph import read_supergraph
from router.operation import GraphQLRequest
from router.pipeline import Pipeline
from router.server import http_transports
from subgraphs.registry import DOMAINS
from tests.conftest import open_port
from tests.hub.conftest import ALL_SCOPES, FLAGSHIP, Hub
from tests.hub.conftest import hub as hub
from tests.hub.conftest import travel_day as travel_day
from tests.hub.test_booking import HOLD_SEAT, MINE, RUNS, key
from tests.interoperability.cases import as_json, cases
from tests.interoperability.node import run_node

ROOT = Path(__file__).parents[2]
SUPERGRAPH = (ROOT / "schema" / "supergraph.graphql").read_text()
SECURITY = '@link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)'
SECRET = "a secret of router and subgraphs"
PARTNER = Caller(scopes=frozenset(ALL_SCOPES))
CITIZEN = Caller("citizen", "app", frozenset(ALL_SCOPES))
ANONYMOUSLY = Settings()
WITH_IDENTITY = Settings(subgraphs={domain.name: SubgraphSettings(identity_secret=SECRET) for domain in DOMAINS})


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, int]]:
    """Each domain's subgraph, started by its own command on a database of its own: name → port."""
    folder = tmp_path_factory.mktemp("split")
    taken = {domain.name: open_port() for domain in DOMAINS}
    logs = {name: folder / f"{name}.log" for name in taken}
    processes = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "subgraphs", "serve", name, f"--port={port}"),
                f"--database=sqlite+aiosqlite:///{folder / name}.db",
            ],
            cwd=ROOT,
            env={**os.environ, "HUB_IDENTITY_SECRET": SECRET},
            stderr=logs[name].open("wb"),
        )
        for name, port in taken.items()
    ]
    deadline = time.monotonic() + 60
    while not all(_ready(port) for port in taken.values()):
        if time.monotonic() > deadline or any(process.poll() is not None for process in processes):
            pytest.fail("\n".join(log.read_text()[-2000:] for log in logs.values()))
        time.sleep(0.1)
    yield taken
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(15)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx.TransportError:
        return False


def at(ports: Mapping[str, int], supergraph: str) -> str:
    """The supergraph with its subgraphs at these ports."""
    for name, port in ports.items():
        supergraph, replaced = re.subn(
            rf'(@join__graph\(name: "{name}", url: )"[^"]*"', rf'\1"http://127.0.0.1:{port}/graphql"', supergraph
        )
        assert replaced == 1
    return supergraph


def trip(day: date) -> dict[str, Any]:
    night = day.isoformat()
    return {
        "query": FLAGSHIP,
        "variables": {"from": "seoul", "to": "gangneung", "date": night, "night": night, "km": 40},
    }


async def ours(
    supergraph: str, request: Mapping[str, Any], caller: Caller = PARTNER, settings: Settings = ANONYMOUSLY
) -> Any:
    """Our router's answer over the same processes."""
    read = read_supergraph(supergraph)
    pipeline = Pipeline(read, http_transports(read, settings))
    try:
        answer = await pipeline.execute(GraphQLRequest(request["query"], None, request.get("variables", {})), caller)
    finally:
        await pipeline.aclose()
    return orjson.loads(answer.body)


def theirs(router: str, supergraph: str, folder: Path, request: Mapping[str, Any]) -> Any:
    file = folder / "supergraph.graphql"
    file.write_text(supergraph)
    (answer,) = run_node("ask.mjs", router, str(file), given=[request])
    return {key: value for key, value in answer.items() if key != "extensions"}


def check_trip(answer: Any) -> None:
    assert "errors" not in answer
    assert all(
        train["destination"]["station"]["place"]["lodges"]["nodes"] for train in answer["data"]["trains"]["nodes"]
    )


# Apollo Gateway keeps its word on ``for: SECURITY``: it cannot check scopes, so it takes the supergraph only from
# someone who says that it need not.
ROUTERS = {
    "apollo": SUPERGRAPH.replace(SECURITY, SECURITY.replace(", for: SECURITY", "")),
    "hive": SUPERGRAPH,
}


@pytest.mark.parametrize("router", ROUTERS)
async def test_the_flagship_operation_gives_the_same_data_there(
    router: str, ports: Mapping[str, int], hub: Hub, travel_day: date, tmp_path: Path
) -> None:
    request = trip(travel_day)
    supergraph = at(ports, ROUTERS[router])
    token = hub.token("rail:read", "lodge:read", "sensing:read")
    for _ in range(2):
        before = await ours(supergraph, request)
        there = theirs(router, supergraph, tmp_path, request)
        in_one_process = hub.ask(request["query"], request["variables"], token=token)
        if await ours(supergraph, request) == before:
            break  # else an hour began meanwhile, and with it new readings
    check_trip(before)
    assert there == before
    assert in_one_process == before


async def test_apollo_gateway_refuses_what_it_cannot_protect(ports: Mapping[str, int], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"requiresScopes/v0\.1 is for: SECURITY but is unsupported"):
        theirs("apollo", at(ports, SUPERGRAPH), tmp_path, {"query": "{ __typename }"})


@pytest.mark.parametrize("composer", ["apollo", "hive"])
async def test_the_hub_composed_elsewhere_gives_the_same_data_in_ours(
    composer: str, ports: Mapping[str, int], travel_day: date
) -> None:
    composed = run_node("compose.cjs", composer, given={"hub": as_json(cases()["hub"])})["hub"]["supergraph"]
    request = trip(travel_day)
    for _ in range(2):
        before = await ours(at(ports, SUPERGRAPH), request)
        there = await ours(at(ports, composed), request)
        if there == before:
            break  # see above
    check_trip(before)
    assert there == before


async def test_a_booking_reaches_a_subgraph_of_its_own_with_the_citizens_identity(
    ports: Mapping[str, int], travel_day: date
) -> None:
    supergraph = at(ports, SUPERGRAPH)
    runs = await ours(supergraph, {"query": RUNS, "variables": {"date": travel_day.isoformat()}})
    wanted = {"runId": runs["data"]["trains"]["nodes"][0]["id"], "passengers": ["ADULT"], "idempotencyKey": key()}
    hold = {"query": HOLD_SEAT, "variables": {"input": wanted}}

    held = await ours(supergraph, hold, CITIZEN, WITH_IDENTITY)
    assert "errors" not in held
    mine = (await ours(supergraph, {"query": MINE}, CITIZEN, WITH_IDENTITY))["data"]["myReservations"]
    assert [one["id"] for one in mine["nodes"]] == [held["data"]["holdSeat"]["id"]]

    refused = await ours(supergraph, hold, CITIZEN)
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert refused["errors"][0]["extensions"]["serviceName"] == "rail"
    others = await ours(supergraph, {"query": MINE}, replace(CITIZEN, client_id="other"), WITH_IDENTITY)
    assert others["data"]["myReservations"]["nodes"] == []
