"""The router against rivals: six workloads over the same subgraphs, CPU per request of the router process alone.

    scripts/bench router                                     # ours, @apollo/gateway and @graphql-hive/gateway
    scripts/bench router --rival 'hive-router={binary} --config {dir}/router.yaml'

A rival is ``name=command``; in the command ``{supergraph}`` (file), ``{port}``, ``{dir}`` and ``{subgraphs}`` (their
port) are replaced. Rounds alternate: every router is measured once before any is measured again. All is done twice:
against subgraphs that repeat themselves and against subgraphs whose answers differ every time. ``ours-unshared`` sends
every subgraph call, identical ones in flight too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import uvloop

from bench.load import Measured, http_request, load
from bench.market.schemas import HEAD, SCHEMAS
from router.composition import SubgraphSource, compose

ROOT = Path(__file__).parents[1]
WEB = ROOT / "web"

NESTED = """
fragment U on User { id username name }
fragment R on Review { id body }
fragment P on Product { inStock name price shippingEstimate upc weight }
query Nested {
  users { ...U reviews { ...R product { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } } } }
  topProducts { ...P reviews { ...R author { ...U reviews { ...R product { ...P } } } } }
}
"""

WORKLOADS: Mapping[str, tuple[str, int]] = {
    "nested": (NESTED, 50),
    "small": ("query Small { me { id name username } }", 50),
    "entities": ("query Entities { items(first: 1000) { id title price seller { id name rating } } }", 10),
    "requires": (
        "query Requires { search(first: 100) { __typename ... on Parcel { id label class charge } "
        "... on Ticket { id label class charge } } }",
        50,
    ),
    "flat": ("query Flat { rows(first: 4000) { id name city note amount rate open } }", 10),
    "mutation": (
        'mutation Add { addReview(upc: "1", body: "좋아요") { id body author { name } '
        "product { upc name inStock shippingEstimate reviews { id body } } } }",
        50,
    ),
}
"""Name → operation and connections. ``nested`` is the public gateways benchmark's operation."""

ROUTERS = {
    "ours": f"{sys.executable} -m router serve --supergraph {{supergraph}} --port {{port}} --config {{dir}}/ours.toml",
    "ours-unshared": (
        f"{sys.executable} -m router serve --supergraph {{supergraph}} --port {{port}} --config {{dir}}/unshared.toml"
    ),
    "apollo-gateway": f"node {WEB}/clients/apollo_gateway.mjs {{supergraph}} {{port}}",
    "hive-gateway": f"node {WEB}/clients/hive_gateway.mjs {{supergraph}} {{port}}",
}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, text: str) -> bytes:
    """One answer, as bytes."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": text}).encode(),
        {"content-type": "application/json", "accept": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: bytes = answer.read()
    return found


@contextmanager
def running(command: Sequence[str], port: int, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, once its port is open."""
    environment = {**os.environ, "NODE_ENV": "production"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=environment)
    try:
        for _ in range(1200):
            if process.poll() is not None:
                raise SystemExit(f"{name} did not start:\n{(folder / f'{name}.log').read_text()}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise SystemExit(f"{name} does not listen on {port}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_answer(port: int, text: str, name: str) -> bytes:
    """The answer once the router gives one without errors."""
    problem = "no answer"
    for _ in range(100):
        try:
            body = ask(port, text)
            answer = json.loads(body)
            if not answer.get("errors"):
                return body
            problem = str(answer["errors"][0])
        except (urllib.error.URLError, OSError) as error:
            problem = str(error)
        time.sleep(0.1)
    raise SystemExit(f"{name} does not answer: {problem}")


def supergraph_for(port: int) -> str:
    """Composed by us; any Federation router reads it."""
    sources = [SubgraphSource(name, f"http://127.0.0.1:{port}/{name}", HEAD + sdl) for name, sdl in SCHEMAS.items()]
    return compose(sources).supergraph_sdl


def row(name: str, runs: Sequence[Measured], own: float) -> str:
    """A line of a workload's table; ``own`` is the CPU of ours."""
    cpu = median(run.cpu_ms for run in runs)
    numbers = (
        median(run.per_second for run in runs),
        median(run.p50_ms for run in runs),
        median(run.p99_ms for run in runs),
    )
    return (
        f"  {name:16}{numbers[0]:10.0f}{numbers[1]:10.2f}{numbers[2]:10.2f}{cpu:12.3f}"
        f"{max(run.memory_mb for run in runs):10.0f}{cpu / own:10.2f}"
    )


HEADER = f"  {'':16}{'req/s':>10}{'p50 ms':>10}{'p99 ms':>10}{'CPU ms/req':>12}{'MB':>10}{'CPU/ours':>10}"


def measure(options: argparse.Namespace, folder: Path, *, varying: bool) -> None:
    """All workloads with one kind of subgraphs; prints a table each."""
    subgraphs = free_port()
    command = [sys.executable, "-m", "bench.market.server", "--port", str(subgraphs), *["--varying"] * varying]
    supergraph = folder / "supergraph.graphql"
    supergraph.write_text(supergraph_for(subgraphs))
    (folder / "ours.toml").write_text("")
    unshared = (f"[subgraphs.{name}]\nshare_reads = false\n" for name in SCHEMAS)
    (folder / "unshared.toml").write_text("".join(unshared))
    with ExitStack() as stack:
        stack.enter_context(running(command, subgraphs, folder, "subgraphs"))
        routers: dict[str, tuple[int, int]] = {}
        for name, template in options.routers.items():
            port = free_port()
            filled = template.format(supergraph=supergraph, port=port, dir=folder, subgraphs=subgraphs)
            process = stack.enter_context(running(shlex.split(filled), port, folder, name))
            routers[name] = (port, process.pid)
        for workload in options.workloads:
            text, connections = WORKLOADS[workload]
            answers = {name: first_answer(port, text, name) for name, (port, _) in routers.items()}
            if not varying:
                check_equal(workload, answers)
            wire = json.dumps({"query": text}).encode()
            runs: dict[str, list[Measured]] = {name: [] for name in routers}
            for _ in range(options.rounds):
                for name, (port, pid) in routers.items():
                    request = [http_request("127.0.0.1", "/graphql", wire, {"accept": "application/json"})]
                    for seconds in (options.seconds / 4, options.seconds):
                        found = uvloop.run(
                            load("127.0.0.1", port, request, connections=connections, seconds=seconds, pid=pid)
                        )
                    runs[name].append(found)
            size = len(next(iter(answers.values())))
            print(f"\n{workload}: {connections} connections, {size:,} bytes, answers {'vary' if varying else 'repeat'}")
            print(HEADER)
            own = median(run.cpu_ms for run in next(iter(runs.values())))
            for name, found_runs in runs.items():
                print(row(name, found_runs, own), flush=True)


def check_equal(workload: str, answers: Mapping[str, bytes]) -> None:
    """Everybody answers the same data, or the comparison means nothing."""
    first, *others = answers.items()
    for name, body in others:
        if json.loads(body)["data"] != json.loads(first[1])["data"]:
            raise SystemExit(f"{workload}: {name} and {first[0]} answer different data")


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench router", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=COMMAND", help="another router, too")
    parser.add_argument("--only", metavar="NAMES", help=f"of {', '.join(ROUTERS)}; commas between")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="commas between; default: all")
    parser.add_argument("--seconds", type=float, default=4, help="length of one measurement (default: 4)")
    parser.add_argument("--rounds", type=int, default=2, help="measurements of each router and workload (default: 2)")
    parser.add_argument("--answers", choices=("repeat", "vary", "both"), default="both")
    options = parser.parse_args(arguments)
    wanted = options.only.split(",") if options.only else list(ROUTERS)
    options.routers = {name: ROUTERS[name] for name in wanted}
    options.routers.update(dict(rival.split("=", 1) for rival in options.rival))
    options.workloads = options.workloads.split(",")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, load before {os.getloadavg()[0]:.1f}"
    print(f"Python {platform.python_version()}, {machine}")
    with tempfile.TemporaryDirectory() as name:
        for varying in (False, True):
            if options.answers in ("both", "vary" if varying else "repeat"):
                measure(options, Path(name), varying=varying)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
