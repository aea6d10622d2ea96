"""The flagship operation against the one-process hub: requests per second and CPU per request.

Starts a hub on a fresh data folder and asks for one trip again and again, then for a different day each time. The hub
and the generator share the machine; pin them apart with taskset when there are cores to spare.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from bench.load import HEADER, http_request, load

ROOT = Path(__file__).parents[1]
QUERY = (ROOT / "hub" / "flagship.graphql").read_text()


def variables(days_ahead: int) -> dict[str, object]:
    day = (datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")) + timedelta(days=days_ahead)).date().isoformat()
    return {"from": "seoul", "to": "gangneung", "date": day, "night": day, "km": 40.0}


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("the hub did not start")
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit("the hub was not ready after 30 s")


async def measure(port: int, pid: int, token: str, options: argparse.Namespace) -> None:
    headers = {"authorization": f"Bearer {token}", "accept": "application/json"}

    def requests(days: range) -> list[bytes]:
        bodies = (json.dumps({"query": QUERY, "variables": variables(ahead)}).encode() for ahead in days)
        return [http_request("127.0.0.1", "/graphql", body, headers) for body in bodies]

    introspect = json.dumps({"query": "{ __typename }"}).encode()
    cases = {
        "{ __typename }": [http_request("127.0.0.1", "/graphql", introspect, headers)],
        "flagship, one day": requests(range(9, 10)),
        "flagship, 20 days in turn": requests(range(2, 22)),
    }
    print(HEADER)
    for name, wires in cases.items():
        await load("127.0.0.1", port, wires, connections=options.connections, seconds=1, pid=pid)
        measured = await load(
            "127.0.0.1", port, wires, connections=options.connections, seconds=options.seconds, pid=pid
        )
        print(measured.row(name), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=10, help="requests in flight (default: 10)")
    parser.add_argument("--seconds", type=float, default=10, help="length of each measurement (default: 10)")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HUB_DATA": folder, "HUB_PORT": str(port), "HUB_TAXIS": "0", "HUB_QUIET": "1"}
        began = time.perf_counter()
        hub = subprocess.Popen([sys.executable, "-m", "hub", "serve"], cwd=ROOT, env=environment)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", hub)
            print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {options.connections} connections")
            print(f"first start, with making and seeding the databases: {time.perf_counter() - began:.1f} s\n")
            command = [sys.executable, "-m", "hub", "token"]
            token = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
            ).stdout.strip()
            uvloop.run(measure(port, hub.pid, token, options))
        finally:
            hub.terminate()
            hub.wait(15)


if __name__ == "__main__":
    main()
