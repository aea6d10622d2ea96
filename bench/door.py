"""The HTTP door alone: the router's own server beside uvicorn, CPU a request, in alternating rounds of one run.

Both serve the same router from the same supergraph, whose one subgraph answers prepared bytes over a Unix socket.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import uvloop

from bench.load import HEADER, Measured, http_request, load

ROOT = Path(__file__).parents[1]
SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) { query: Query }
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
scalar join__FieldSet
enum join__Graph { TRAINS @join__graph(name: "trains", url: "http+unix://%s/graphql") }
type Query @join__type(graph: TRAINS) { train(number: Int!): Train }
type Train @join__type(graph: TRAINS) { number: Int! from: String! to: String! minutes: Int! }
"""
TRAIN = {"number": 101, "from": "서울", "to": "부산", "minutes": 158}
QUERIES = {
    "{__typename}": {"query": "{__typename}"},
    "one fetch": {
        "query": "query Train($number: Int!) { train(number: $number) { number from to minutes } }",
        "variables": {"number": 101},
    },
}


SCHEMA_QUERY = {"query": "{__schema{types{name kind description fields{name type{name kind ofType{name kind}}}}}}"}
"""No subgraph: the load shares the cores with the workers, and a third party would hide what a second one does."""


@dataclass(frozen=True, slots=True)
class Router:
    """A running router and the processes whose CPU time is its own."""

    port: int
    pids: tuple[int, ...]


async def answer_prepared(path: str) -> None:
    """The subgraph: the same bytes to every request."""
    body = json.dumps({"data": {"train": TRAIN}}, ensure_ascii=False).encode()
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)

    class Prepared(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(answer * data.count(b"POST /graphql"))  # type: ignore[attr-defined]

    server = await asyncio.get_running_loop().create_unix_server(Prepared, path)
    await server.serve_forever()


@contextmanager
def running(arguments: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


@contextmanager
def router(supergraph: Path, door: str, workers: int = 1) -> Iterator[Router]:
    """``router serve`` on a free port, ready."""
    arguments = ["-m", "router", "serve", "--supergraph", str(supergraph), "--port", "0"]
    arguments += ["--door", door, "--workers", str(workers)]
    with running(arguments, {"ROUTER_SERVER_ACCESS_LOG": "false"}) as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        port = int(line.rpartition(":")[2].partition("/")[0])
        pids: tuple[int, ...] = (process.pid,)
        if workers > 1:
            process.stderr.readline()
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            pids = tuple(int(one) for one in children)
        yield Router(port, pids)


def measure(served: Router, query: dict[str, object], connections: int, seconds: float) -> Measured:
    request = http_request("127.0.0.1", "/graphql", json.dumps(query).encode(), {"accept": "application/json"})
    running = load("127.0.0.1", served.port, [request], connections=connections, seconds=seconds, pid=served.pids[0])
    return uvloop.run(running)


def compare_doors(supergraph: Path, rounds: int, connections: int, seconds: float) -> None:
    """Both doors in turn, so that a busy machine is unfair to both."""
    print(HEADER)
    with router(supergraph, "own") as own, router(supergraph, "uvicorn") as uvicorn:
        for name, query in QUERIES.items():
            found: dict[str, list[Measured]] = {"own": [], "uvicorn": []}
            for served in (own, uvicorn):
                measure(served, query, connections, 0.5)
            for _ in range(rounds):
                for door, served in (("own", own), ("uvicorn", uvicorn)):
                    found[door].append(measure(served, query, connections, seconds))
            for door, runs in found.items():
                print(min(runs, key=lambda one: one.cpu_ms).row(f"{name}, {door} (best)"))
            ratios = [u.cpu_ms / o.cpu_ms for o, u in zip(found["own"], found["uvicorn"], strict=True)]
            print(f"{'':28} uvicorn / own, CPU a request: median {median(ratios):.2f}, worst {min(ratios):.2f}\n")


def show_scaling(supergraph: Path, workers: Sequence[int], connections: int, seconds: float) -> None:
    """Requests a second with more workers, the load coming from two processes."""
    for count in workers:
        with router(supergraph, "own", count) as served:
            arguments = ["-m", "bench.door", "--load", str(served.port), str(served.pids[0]), str(seconds)]
            began = time.perf_counter()
            loads = [
                subprocess.Popen(
                    [sys.executable, *arguments, "--connections", str(connections // 2)], cwd=ROOT, stdout=-1
                )
                for _ in range(2)
            ]
            answered = sum(int(one.communicate()[0]) for one in loads)
            took = time.perf_counter() - began
            print(f"{count} worker(s): {answered / seconds:8.0f} requests/s ({took:.1f} s)", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--workers", type=int, nargs="*", help="show scaling with these numbers of workers instead")
    options.add_argument("--load", nargs=3, help=argparse.SUPPRESS)
    options.add_argument("--subgraph", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.subgraph:
        uvloop.run(answer_prepared(given.subgraph))
    elif given.load:
        port, pid, seconds = given.load
        served = Router(int(port), (int(pid),))
        print(measure(served, SCHEMA_QUERY, given.connections, float(seconds)).requests)
    else:
        print(f"{platform.machine()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version[:6]}")
        with tempfile.TemporaryDirectory() as folder:
            path, supergraph = f"{folder}/trains.sock", Path(folder) / "supergraph.graphql"
            supergraph.write_text(SUPERGRAPH % path.replace("/", "%2F"))
            with running(["-m", "bench.door", "--subgraph", path], {}):
                while not Path(path).exists():
                    time.sleep(0.05)
                if given.workers:
                    show_scaling(supergraph, given.workers, given.connections, given.seconds)
                else:
                    compare_doors(supergraph, given.rounds, given.connections, given.seconds)


if __name__ == "__main__":
    main()
