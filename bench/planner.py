"""Planning: from text to compiled plan over a corpus of operations, side by side with @apollo/query-planner.

Both sides have read the supergraphs before, as a running router has. Each operation is planned by ours and by the rival
in turn, so that a busy machine is unfair to both (the best times say most there). Ours parses, validates, normalises,
plans and compiles Python; the rival parses, validates and plans.
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

from router.executor import compile_plan
from router.federation.supergraph import Supergraph, read_supergraph
from router.operation import prepare
from router.planner import plan
from router.planner.graph import build_graph
from router.server import settled_memory
from tests.corpus.queryplan import read_lines, supergraphs_beside

RIVALS = Path(__file__).parent / "rivals"
CORPUS = Path(__file__).parents[2] / "shared" / "conformance" / "queryplan.jsonl.xz"


@dataclass(slots=True)
class Times:
    """Milliseconds of one operation on one side, in the order they were measured."""

    ours: list[float] = field(default_factory=list)
    rival: list[float] = field(default_factory=list)


def text_to_compiled(supergraph: Supergraph, text: str) -> None:
    """What a router does with a text it sees for the first time."""
    document = prepare(text, None, supergraph.api_schema)
    made = plan(supergraph, document.operation)
    compile_plan(made, document.operation, supergraph)


def timed(supergraph: Supergraph, text: str, times: int) -> list[float]:
    """Milliseconds of each of ``times`` plannings."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        text_to_compiled(supergraph, text)
        found.append((time.perf_counter() - start) * 1000)
    return found


@contextmanager
def rival_process() -> Iterator[Callable[[Mapping[str, Any]], dict[str, Any]]]:
    """Ask the rival: one JSON value in, one out."""
    node = shutil.which("node")
    if node is None:
        raise SystemExit("bench planner needs node and npm")
    if not (RIVALS / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=RIVALS, check=True)
    with subprocess.Popen(
        [node, "plan.mjs"], cwd=RIVALS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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
                measured[case["id"]].ours += timed(supergraphs[schema_id], text, 1 if number == 0 else 2)
            print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return measured


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def row(name: str, ours: Sequence[float], rival: Sequence[float]) -> str:
    """A line of the table: median, p99 and maximum of both, and the median of the ratios of each operation."""
    ratio = median(a / b for a, b in zip(ours, rival, strict=True))
    cells = [*(f(v) for v in (ours, rival) for f in (median, lambda x: percentile(x, 0.99), max))]
    return f"{name:12}" + "".join(f"{cell:10.2f}" for cell in cells) + f"{ratio:10.2f}"


def report(measured: Mapping[str, Times]) -> str:
    """The table, in milliseconds, with the dearest operations of ours below."""
    head = "".join(f"{f'{side} {what}':>10}" for side in ("ours", "rival") for what in ("p50", "p99", "max"))
    pairs = list(measured.values())
    rows = [
        row("first time", [times.ours[0] for times in pairs], [times.rival[0] for times in pairs]),
        row("later", [median(times.ours[1:]) for times in pairs], [median(times.rival[1:]) for times in pairs]),
        row("best", [min(times.ours) for times in pairs], [min(times.rival) for times in pairs]),
    ]
    dearest = sorted(measured, key=lambda id_: min(measured[id_].ours), reverse=True)[:5]
    worst = [f"  {id_} {min(measured[id_].ours):8.2f} rival {min(measured[id_].rival):8.2f}" for id_ in dearest]
    return "\n".join([f"{'ms':12}{head}{'ratio p50':>10}", *rows, "dearest of ours at best:", *worst])


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
