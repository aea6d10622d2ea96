"""``scripts/fuzz``: draw, try, shrink, tell; or replay case files."""

from __future__ import annotations

import argparse
import multiprocessing
import queue
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz.campaign import Found, Progress, campaign
from tests.fuzz.case_file import read_case, write_case
from tests.fuzz.coverage import FEATURES
from tests.fuzz.trial import replay

EPILOG = """\
Without FILE: draws cases until the time is over. A progress line tells sets of subgraphs, operations and their rate; at
the end stands how often each feature was exercised. Each finding is made small and written to the folder --out as a
text file. With FILE: replays case files.

Exit code: 0 nothing found, 1 something found, 2 wrong usage."""


def main(arguments: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="FILE", type=Path, help="case files to replay")
    parser.add_argument("--seconds", type=float, help="how long to draw")
    parser.add_argument(
        "--seed", type=int, default=None, help="a number; the same one draws the same (default: the time)"
    )
    parser.add_argument("--jobs", type=int, default=1, choices=range(1, 9), help="processes (default 1)")
    parser.add_argument("--out", type=Path, default=Path("var/fuzz"), help="folder for findings (default var/fuzz)")
    options = parser.parse_args(arguments)
    if options.files:
        return replay_files(options.files)
    if options.seconds is None:
        parser.error("give --seconds, or case files to replay")
    seed = int(time.time()) if options.seed is None else options.seed
    return draw_until(options.seconds, seed, options.jobs, options.out)


def replay_files(files: list[Path]) -> int:
    """Replay each file and tell what is found."""
    found = 0
    for file in files:
        try:
            case = read_case(file)
        except (OSError, ValueError) as error:
            print(f"{file}: {error}", file=sys.stderr)
            return 2
        finding = replay(case)
        if finding is None:
            print(f"{file}: nothing is wrong")
            continue
        found += 1
        print(f"{file}: {finding.kind}: {finding.detail}")
        if finding.expected or finding.got:
            print(f"  expected {finding.expected}\n  got      {finding.got}")
    return 1 if found else 0


def draw_until(seconds: float, seed: int, jobs: int, out: Path) -> int:
    """Draw for a while in some processes; findings go to files."""
    print(f"seed {seed}, {jobs} {'process' if jobs == 1 else 'processes'}, {seconds:g} s")
    told: Any = multiprocessing.Queue()
    until = time.time() + seconds
    workers = [
        multiprocessing.Process(target=campaign, args=(seed, number, jobs, until, told), daemon=True)
        for number in range(jobs)
    ]
    for worker in workers:
        worker.start()
    start, shown, progress, kinds = time.time(), 0.0, Progress(), Counter[str]()
    while any(worker.is_alive() for worker in workers) or not told.empty():
        try:
            item = told.get(timeout=0.5)
        except queue.Empty:
            continue
        if isinstance(item, Found):
            kinds[item.finding.kind] += 1
            _keep(item, seed, out)
        else:
            progress.add(item)
        if time.time() - shown > 5:
            shown = time.time()
            _show(progress, time.time() - start, kinds)
    _show(progress, time.time() - start, kinds)
    _show_coverage(progress)
    if broken := [worker.exitcode for worker in workers if worker.exitcode]:
        print(f"the tester itself failed in {len(broken)} of {jobs} processes: what was not drawn was not tested")
        return 2
    return 1 if kinds else 0


def _keep(item: Found, seed: int, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{seed}-{item.name}.txt"
    write_case(path, item.case, item.finding)
    print(f"{path}: {item.finding.kind}: {item.finding.detail[:300]}", flush=True)


def _show(progress: Progress, seconds: float, kinds: Counter[str]) -> None:
    exercised = sum(progress.exercised[feature] > 0 for feature in FEATURES)
    print(
        f"{seconds:5.0f} s: {progress.sets} sets of subgraphs, {progress.operations} operations"
        f" ({progress.operations / max(seconds, 0.1):.0f}/s), {exercised} of {len(FEATURES)} features exercised,"
        f" {kinds.total()} findings",
        flush=True,
    )


def _show_coverage(progress: Progress) -> None:
    for feature in FEATURES:
        print(f"  {progress.exercised[feature]:8}  {feature}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
