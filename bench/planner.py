"""Planning: from text to compiled plan over a corpus of operations, side by side with @apollo/query-planner.

Both sides have read the supergraphs before, as a running router has. Each operation is planned by ours and by the rival
in turn, so that a busy machine is unfair to both (the best times say most there). Both parse, validate and plan. Ours
also prepares the fetches (``ready``: the first one can be sent) and then compiles Python while the answer is awaited
(``compiled``).
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from router.executor import CompiledPlan
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import prepare
from router.planner import plan
from router.planner.graph import build_graph
from router.server import settled_memory
from tests.corpus.queryplan import read_lines, supergraphs_beside

WEB = Path(__file__).parents[1] / "web"
CORPUS = Path(__file__).parents[2] / "shared" / "conformance" / "queryplan.jsonl.xz"


@dataclass(slots=True)
class Times:
    """Milliseconds of one operation, in the order they were measured."""

    ready: list[float] = field(default_factory=list)
    compiled: list[float] = field(default_factory=list)
    rival: list[float] = field(default_factory=list)


def plan_here(supergraph: Supergraph, text: str, times: Times) -> None:
    """What a router does with a text it sees for the first time."""
    start = time.perf_counter()
    operation = prepare(text, None, supergraph.api_schema).operation
    made = CompiledPlan(plan(supergraph, operation), operation, supergraph)
    times.ready.append((time.perf_counter() - start) * 1000)
    made.compile()
    times.compiled.append((time.perf_counter() - start) * 1000)


@contextmanager
def rival_process() -> Iterator[Callable[[Mapping[str, Any]], dict[str, Any]]]:
    """Ask the rival: one JSON value in, one out."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("bench planner needs node; scripts/assets --dev brings the rival")
    with subprocess.Popen(
        [node, "clients/apollo_planner.mjs"], cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(question: Mapping[str, Any]) -> dict[str, Any]:
            stdin.write(json.dumps(question) + "\n")
            stdin.flush()
            answer: dict[str, Any] = json.loads(stdout.readline())
            return answer

        yield ask
        stdin.close()


def measure(cases: Sequence[Mapping[str, Any]], sdls: Mapping[str, str], rounds: int) -> dict[str, Times]:
    """Times by operation id; operations that either side refuses are told and left out."""
    supergraphs = {id_: read_supergraph(sdls[id_]) for id_ in {case["supergraph_id"] for case in cases}}
    measured: dict[str, Times] = {case["id"]: Times() for case in cases}
    by_schema = sorted(cases, key=lambda case: str(case["supergraph_id"]))
    with rival_process() as ask, settled_memory():
        for number in range(rounds):
            current = None
            for case in by_schema:
                schema_id, text = case["supergraph_id"], case["operation"]
                if schema_id != current:
                    current = schema_id
                    build_graph(supergraphs[schema_id], frozenset())
                    ask({"supergraph": sdls[schema_id]})
                if case["id"] not in measured:
                    continue
                answer = ask({"operation": text, "times": 1 if number == 0 else 2})
                if "error" in answer:
                    print(f"left out: {case['id']}: the rival says {answer['error']}")
                    del measured[case["id"]]
                    continue
                measured[case["id"]].rival += answer["ms"]
                for _ in answer["ms"]:
                    plan_here(supergraphs[schema_id], text, measured[case["id"]])
            print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def row(name: str, ours: Sequence[float], rival: Sequence[float]) -> str:
    """A line of the table: median, p99 and maximum, and the median of each operation's ratio to the rival."""
    ratio = median(a / b for a, b in zip(ours, rival, strict=True))
    return f"{name:24}{median(ours):10.2f}{percentile(ours, 0.99):10.2f}{max(ours):10.2f}{ratio:12.2f}"


PARTS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "first time": lambda times: times[0],
    "later": lambda times: median(times[1:]),
    "best": min,
}


def report(measured: Mapping[str, Times]) -> str:
    """The table, in milliseconds, with the dearest operations of ours below."""
    lines = [f"{'ms':24}{'p50':>10}{'p99':>10}{'max':>10}{'ratio p50':>12}"]
    for name, part in PARTS.items():
        rival = [part(times.rival) for times in measured.values()]
        for side in ("ready", "compiled", "rival"):
            lines.append(row(f"{name}: {side}", [part(getattr(times, side)) for times in measured.values()], rival))
    lines.append("dearest of ours, best:")
    for id_, times in sorted(measured.items(), key=lambda item: min(item[1].compiled), reverse=True)[:5]:
        lines.append(f"  {id_} compiled {min(times.compiled):8.2f} rival {min(times.rival):8.2f}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scripts/bench planner", description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS, help="JSON lines with operation, supergraph_id")
    parser.add_argument("--rounds", type=int, default=6, help="plannings of each operation: one, then two a round (6)")
    options = parser.parse_args(arguments)
    cases = read_lines(options.corpus)
    sdls = {line["id"]: line["supergraph"] for line in read_lines(supergraphs_beside(options.corpus))}
    measured = measure(cases, sdls, max(2, options.rounds))
    print(f"{len(measured)} operations, Python {platform.python_version()}, {platform.machine()}")
    print(report(measured))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
