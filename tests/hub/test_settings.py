"""Settings: what is refused, where values come from, what follows from them."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.settings import Settings, SettingsError, environment_values


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"taxis": -1}, "taxis"),
        ({"rate": -0.5}, "rate"),
        ({"retention_days": -1.0}, "retention_days"),
        ({"log_level": "loud"}, "log_level"),
        ({"database": "sqlite:///x.db"}, "database"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=f"^{named}: "):
        Settings(**values)


def test_the_environment_gives_typed_values() -> None:
    given = {"HUB_PORT": "8080", "HUB_QUIET": "yes", "HUB_DATA": "/srv/hub", "OTHER": "x"}
    assert environment_values(given) == {"port": 8080, "quiet": True, "data": Path("/srv/hub")}


@pytest.mark.parametrize("given", [{"HUB_PORT": "http"}, {"HUB_QUIET": "perhaps"}, {"HUB_RATE": "fast"}])
def test_an_environment_value_of_the_wrong_kind_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        environment_values(given)


def test_databases_are_files_or_on_the_server() -> None:
    assert Settings(data=Path("/x")).database_url("rail") == "sqlite+aiosqlite:////x/rail.db"
    server = Settings(database="postgresql+asyncpg://me@db:5432/")
    assert server.database_url("rail") == "postgresql+asyncpg://me@db:5432/hub_rail"


@pytest.mark.parametrize(
    ("values", "days"),
    [({}, 1.0), ({"broker": "mqtt://b"}, 30.0), ({"retention_days": 7.0, "broker": "mqtt://b"}, 7.0)],
)
def test_readings_of_a_replay_are_kept_shorter(values: dict[str, Any], days: float) -> None:
    assert Settings(**values).days_kept == days


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "hub", "serve", "--port", port, "--data", str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(f"hub: cannot start: 127.0.0.1:{port} cannot be listened on")
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("[limits]\nmax_dpeth = 3", "unknown key 'max_dpeth'"),
        ("[pipeline]\nsubgraph_errors = 'some'", "pipeline.subgraph_errors is one of all, coded, none, not 'some'"),
        ("[subgraphs.rial]\nerrors = 'all'", "settings name a subgraph 'rial'"),
    ],
)
def test_a_router_file_that_cannot_be_used_is_told_in_one_line(
    file: str, problem: str, tmp_path: Path, free_port: int
) -> None:
    (tmp_path / "router.toml").write_text(file)
    command = [sys.executable, "-m", "hub", "serve", "--port", str(free_port), "--data", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert problem in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.glob("*.db")), "nothing was opened"
