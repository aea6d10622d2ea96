"""Real servers for the tests, each on a private port, started on first use and stopped with the session.

Debian's packages provide the programs; ``scripts/test`` installs them. A missing program fails the test that needs
it, with the name of the package: a skipped server test would pass unnoticed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the golden files anew")


def open_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str, package: str) -> str:
    """Path of an installed program, also where Debian keeps it off the PATH."""
    candidates = [shutil.which(name), f"/usr/sbin/{name}"]
    candidates += [str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    pytest.fail(f"{name} is not installed: run scripts/test, or install Debian's package {package}")


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path, seconds: float = 20) -> None:
    """Block until something listens on the port; show the log when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail(f"{process.args!r} did not start:\n{log.read_text(errors='replace')[-2000:]}")


@dataclass
class Server:
    """A server process of this test session."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path
    restart: Callable[[], subprocess.Popen[bytes]]

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again on the same port with the same files."""
        self.process = self.restart()


def started(arguments: list[str], port: int, folder: Path, *, cwd: Path | None = None) -> Server:
    log = folder / "server.log"

    def launch() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=cwd)
        wait_for_port(port, process, log)
        return process

    return Server(port, launch(), folder, launch)


def stop(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()


@pytest.fixture
def free_port() -> int:
    """A free port on the loopback interface."""
    return open_port()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL cluster without durability, trust authentication, superuser ``postgres``."""
    initdb, postgres = program("initdb", "postgresql"), program("postgres", "postgresql")
    initdb, postgres = os.path.realpath(initdb), os.path.realpath(postgres)
    folder = Path("/tmp") / f"hub-postgres-{uuid.uuid4().hex[:10]}"
    folder.mkdir()
    as_owner: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    subprocess.run(
        [*as_owner, initdb, "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    port = open_port()
    settings = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300")
    options = [item for setting in settings for item in ("-c", setting)]
    command = [postgres, "-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", *options]
    server = started([*as_owner, *command], port, folder, cwd=Path("/"))
    yield server
    stop(server)
    shutil.rmtree(folder, ignore_errors=True)


async def create_database(port: int, name: str) -> None:
    """Create an empty database, waiting out the server's first seconds."""
    import asyncpg

    for attempt in range(50):
        try:
            connection = await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", database="postgres")
        except (OSError, asyncpg.PostgresError):
            if attempt == 49:
                raise
            await asyncio.sleep(0.1)
            continue
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return


@pytest.fixture
def postgres_url(postgres_server: Server) -> str:
    """A fresh empty PostgreSQL database, as an async SQLAlchemy URL."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    runner = asyncio.Runner()
    try:
        runner.run(create_database(postgres_server.port, name))
    finally:
        runner.close()
    return f"postgresql+asyncpg://postgres@127.0.0.1:{postgres_server.port}/{name}"


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file, as an async SQLAlchemy URL."""
    return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each test runs twice: on a fresh SQLite file and on a fresh PostgreSQL database."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Redis server without persistence."""
    folder, port = tmp_path_factory.mktemp("redis"), open_port()
    command = [program("redis-server", "redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
    server = started([*command, "--save", "", "--appendonly", "no", "--dir", str(folder)], port, folder)
    yield server
    stop(server)


@pytest.fixture
def redis_url(redis_server: Server) -> str:
    """URL of the session's Redis."""
    return f"redis://127.0.0.1:{redis_server.port}/0"


def start_mosquitto(folder: Path) -> Server:
    """A Mosquitto with anonymous access and persistence, so that a restart keeps sessions."""
    port = open_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
        f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
        + ("user root\n" if os.geteuid() == 0 else "")
    )
    command = [program("mosquitto", "mosquitto"), "-c", str(configuration)]
    return started(command, port, folder)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Server]:
    """A Mosquitto of this test alone."""
    server = start_mosquitto(tmp_path)
    yield server
    stop(server)
