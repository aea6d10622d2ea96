"""The hub as its user starts it: the real command, one process, real HTTP and WebSocket."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.conftest import Server, open_port, start_mosquitto, stop

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
FLAGSHIP = (ROOT / "hub" / "flagship.graphql").read_text()
ALL_SCOPES = ("rail:read", "rail:book", "lodge:read", "lodge:book", "sensing:read", "sensing:live")


def kst_today() -> date:
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Seoul")).date()


@dataclass
class Hub:
    """A running hub and how to ask it."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    client: httpx.Client
    environment: dict[str, str]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another ``hub`` command on the same data."""
        command = [sys.executable, "-m", "hub", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def token(self, *scopes: str) -> str:
        """A sandbox token from the authorization server itself, by client credentials."""
        made = self.command(
            "client", f"test {time.monotonic_ns()}", *(f"--scope={scope}" for scope in scopes), "--json"
        )
        assert made.returncode == 0, made.stderr
        app = json.loads(made.stdout)
        answer = self.client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "scope": " ".join(scopes)},
            auth=(app["client_id"], app["client_secret"]),
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None, language: str = "en"
    ) -> dict[str, Any]:
        """POST one operation; the whole GraphQL response."""
        headers = {"accept": "application/json", "accept-language": language}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        answer = self.client.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)
        assert answer.status_code < 500, answer.text
        return dict(answer.json())


def start_hub(folder: Path, *options: str, environment: dict[str, str] | None = None) -> Hub:
    """Start ``hub serve`` and wait until it says it is ready."""
    port = open_port()
    url = f"http://127.0.0.1:{port}"
    variables = {**os.environ, "HUB_DATA": str(folder), "HUB_PORT": str(port), **(environment or {})}
    log = (folder / "hub.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-m", "hub", "serve", *options], cwd=ROOT, env=variables, stdout=log, stderr=log
    )
    client = httpx.Client(base_url=url, timeout=60)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/health").status_code == 200:
                return Hub(url, folder, process, client, variables)
        except httpx.TransportError:
            time.sleep(0.05)
    process.kill()
    pytest.fail("the hub did not start:\n" + (folder / "hub.log").read_text()[-4000:])


def stop_hub(hub: Hub) -> None:
    hub.client.close()
    hub.process.terminate()
    try:
        hub.process.wait(15)
    except subprocess.TimeoutExpired:
        hub.process.kill()
        pytest.fail("the hub did not stop on SIGTERM within 15 s:\n" + (hub.folder / "hub.log").read_text()[-4000:])


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The one-process hub on SQLite with its embedded broker; no replay, so that tests alone move the data."""
    running = start_hub(tmp_path_factory.mktemp("hub"), "--taxis=0")
    yield running
    stop_hub(running)


@pytest.fixture(scope="module")
def postgres_hub(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server) -> Iterator[Hub]:
    """The same hub on PostgreSQL."""
    server = f"postgresql+asyncpg://postgres@127.0.0.1:{postgres_server.port}"
    running = start_hub(tmp_path_factory.mktemp("hub"), "--taxis=0", environment={"HUB_DATABASE": server})
    yield running
    stop_hub(running)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def any_hub(request: pytest.FixtureRequest) -> Hub:
    """Each test runs on both."""
    return request.getfixturevalue("hub" if request.param == "sqlite" else "postgres_hub")  # type: ignore[no-any-return]


@pytest.fixture
def travel_day() -> date:
    """A weekday well inside both booking horizons, whose night is on sale for rooms already."""
    day = kst_today() + timedelta(days=9)
    while day.weekday() not in (0, 2):
        day += timedelta(days=1)
    return day


@pytest.fixture(scope="module")
def live_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Mosquitto for the live tests of a module."""
    server = start_mosquitto(tmp_path_factory.mktemp("broker"))
    yield server
    stop(server)
