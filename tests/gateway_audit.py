"""Run the public federation-gateway-audit against ``python -m router serve``: ``scripts/audit DIR``.

The checkout serves every suite's subgraphs and judges the answers (its own src/test.ts); this script only starts a
router a suite, a few suites at a time, and counts. https://github.com/graphql-hive/federation-gateway-audit
"""

from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
SUITE_SECONDS = 120.0

PREPARE = """\
{directory} is no prepared checkout of the audit: {reason}.
To prepare one:
  git clone https://github.com/graphql-hive/federation-gateway-audit {directory} && cd {directory}
  npm pkg delete devDependencies.wgc devDependencies.@changesets/cli devDependencies.@changesets/changelog-github \\
    devDependencies.pkgroll devDependencies.prettier devDependencies.@graphql-hive/gateway \\
    devDependencies.@graphql-hive/router-runtime   # what only other gateways need
  npm install --save-dev node@22                   # with a Node of its own; plain `npm install` where `node` is >= 22
"""


class NotRun(Exception):
    """Why the audit, or one of its suites, could not be run."""


@dataclass(frozen=True)
class Result:
    """One suite: ``marks`` has a dot or an X a case, ``problem`` why there are none."""

    suite: str
    cases: int
    marks: str
    problem: str = ""

    @property
    def passed(self) -> int:
        """How many cases passed; none when the router did not live through the suite."""
        return 0 if self.problem else min(self.cases, self.marks.count("."))


@dataclass(frozen=True)
class Audit:
    """A checkout whose server runs at ``base``, and how its suites are to be run."""

    directory: Path
    node: str
    base: str
    own: bool
    logs: Path


def prepared(directory: Path) -> str:
    """The Node program of a prepared checkout. Raises NotRun with what to do when it is not prepared."""
    for needed, reason in (
        ("src/cli.ts", "src/cli.ts is missing"),
        ("node_modules/tsx", "its packages are not installed (node_modules/tsx is missing)"),
        ("node_modules/@apollo/subgraph", "its packages are not installed (node_modules/@apollo/subgraph is missing)"),
    ):
        if not (directory / needed).exists():
            raise NotRun(PREPARE.format(directory=directory, reason=reason))
    own = directory / "node_modules/.bin/node"
    node = str(own) if own.exists() else "node"
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotRun(PREPARE.format(directory=directory, reason="there is no Node")) from error
    if int(version.lstrip("v").partition(".")[0]) < 22:
        raise NotRun(PREPARE.format(directory=directory, reason=f"Node 22 or newer is needed, {node} is {version}"))
    return node


def text_of(url: str) -> str:
    """GET. Raises NotRun with the status and the first line of the answer."""
    try:
        with urllib.request.urlopen(url, timeout=START_SECONDS) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise NotRun(f"{url} answers {error.code}") from error
    except OSError as error:
        raise NotRun(f"{url}: {error}") from error


@contextmanager
def running(command: Sequence[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A child process that is gone at the end; ``log`` is told when it had to be killed."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            with log.open("a") as file:
                file.write("did not stop on SIGTERM\n")


@contextmanager
def audit_server(directory: Path, node: str, logs: Path, punish: bool) -> Iterator[str]:
    """The audit's subgraphs; yields their base URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    base, log = f"http://localhost:{port}", logs / "audit-server.log"
    command = [node, "--import", "tsx", "src/cli.ts", "serve", "--port", str(port)]
    environment = {**os.environ, "PUNISH_FOR_POOR_PLANS": "1" if punish else "0"}
    with log.open("w") as output, running(command, log, cwd=directory, env=environment, stdout=output, stderr=output):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                text_of(f"{base}/ids")
                break
            except NotRun as error:
                if time.monotonic() > deadline:
                    raise NotRun(f"the audit's subgraphs did not start, see {log}") from error
                time.sleep(0.1)
        yield base


def run_suite(audit: Audit, suite: str) -> Result:
    """Start a router for the suite and let the audit judge it."""
    cases = len(json.loads(text_of(f"{audit.base}/{suite}/tests")))
    try:
        supergraph = audit.logs / f"{suite}.graphql"
        if audit.own:
            _compose(audit, suite, supergraph)
        else:
            supergraph.write_text(text_of(f"{audit.base}/{suite}/supergraph"))
        log = audit.logs / f"{suite}-router.log"
        command = [sys.executable, "-m", "router", "serve", "--port", "0", "--supergraph", str(supergraph)]
        with log.open("w") as output, running(command, log, stdout=output, stderr=subprocess.PIPE) as router:
            marks = _judged(audit, suite, _address(router, log))
            if router.poll() is not None:
                raise NotRun(f"the router ended, see {log}")
        return Result(suite, cases, marks)
    except NotRun as problem:
        return Result(suite, cases, "", str(problem))


def _compose(audit: Audit, suite: str, into: Path) -> None:
    subgraphs = audit.logs / f"{suite}-subgraphs.json"
    subgraphs.write_text(text_of(f"{audit.base}/{suite}/subgraphs"))
    command = [sys.executable, "-m", "router", "compose", str(subgraphs), "--output", str(into)]
    composing = subprocess.run(command, check=False, capture_output=True, text=True)
    if composing.returncode:
        raise NotRun(f"does not compose: {composing.stderr.strip()}")


def _address(router: subprocess.Popen[str], log: Path) -> str:
    """Where the router says it serves."""
    assert router.stderr is not None
    with selectors.DefaultSelector() as ready:
        ready.register(router.stderr, selectors.EVENT_READ)
        if not ready.select(START_SECONDS):
            raise NotRun(f"the router did not start in {START_SECONDS:.0f} s, see {log}")
    line = router.stderr.readline()
    found = re.search(r"serving at (\S+)", line)
    if found is None:
        raise NotRun(f"the router did not start: {line}{router.stderr.read()}".strip())
    return found[1]


def _judged(audit: Audit, suite: str, address: str) -> str:
    """A mark a case, from the TAP that the audit's tests write."""
    environment = {
        **os.environ,
        "TESTS_ENDPOINT": f"{audit.base}/{suite}/tests",
        "GRAPHQL_ENDPOINT": address,
        "TEST_SUITE": suite,
    }
    command = [audit.node, "--import", "tsx", "--test-reporter", "tap", "src/test.ts"]
    log = audit.logs / f"{suite}-tests.tap"
    with log.open("w") as output:
        try:
            subprocess.run(
                command,
                check=False,
                cwd=audit.directory,
                env=environment,
                stdout=output,
                stderr=output,
                timeout=SUITE_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise NotRun(f"took more than {SUITE_SECONDS:.0f} s, see {log}") from error
    verdicts = re.findall(rf"^\s+(not ok|ok) \d+ - {re.escape(suite)}_\d+\b", log.read_text(), re.MULTILINE)
    return "".join("." if verdict == "ok" else "X" for verdict in verdicts)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog="scripts/audit",
        description="Run the public federation-gateway-audit against `router serve`. Prints a line for each suite that"
        " falls short, then `N/M cases, K/T suites`. Exit status 0 when every case passes, 1 when one fails, 2 when"
        " the audit could not be run.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR", help="prepared checkout of the audit")
    parser.add_argument(
        "--supergraph",
        choices=("own", "suite"),
        default="own",
        help="composed by `router compose`, or as the suite serves it (default: own)",
    )
    parser.add_argument("--punish", action="store_true", help="subgraphs fail when a plan asks them more than needed")
    parser.add_argument("--suites", metavar="a,b", help="only these suites")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="suites at a time (default: the cores)")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="where to keep logs (default: a new temporary folder)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run the suites and print the score."""
    options = parsed(arguments)
    logs = options.logs or Path(tempfile.mkdtemp(prefix="gateway-audit-"))
    logs.mkdir(parents=True, exist_ok=True)
    logs, directory = logs.resolve(), options.directory.resolve()
    try:
        node = prepared(directory)
        with audit_server(directory, node, logs, options.punish) as base:
            known = json.loads(text_of(f"{base}/ids"))
            suites = options.suites.split(",") if options.suites else known
            if unknown := sorted(set(suites) - set(known)):
                raise NotRun(f"no such suite: {', '.join(unknown)}; there are {', '.join(known)}")
            audit = Audit(directory, node, base, options.supergraph == "own", logs)
            with ThreadPoolExecutor(max(1, options.jobs)) as pool:
                results = list(pool.map(lambda suite: run_suite(audit, suite), suites))
    except NotRun as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    failed = [result for result in results if result.passed < result.cases]
    for result in failed:
        shown = result.problem or f"{result.marks} {result.passed}/{result.cases}, see {result.suite}-tests.tap"
        sys.stdout.write(f"{result.suite}: {shown}\n")
    passed, cases = sum(result.passed for result in results), sum(result.cases for result in results)
    sys.stdout.write(f"{passed}/{cases} cases, {len(results) - len(failed)}/{len(results)} suites   (logs: {logs})\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
