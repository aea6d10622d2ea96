"""The library's subgraphs behind a real server, composed by the real command."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from router.__main__ import main

ROOT = Path(__file__).parents[3]


def _library() -> Any:
    spec = importlib.util.spec_from_file_location("router_cli_library", Path(__file__).with_name("library.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


library = _library()


@dataclass
class Run:
    """How a command ended."""

    status: int
    output: str
    errors: str


def run(arguments: Sequence[str], standard_input: str = "") -> Run:
    """Run a command to its end in this process."""
    output, errors, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(standard_input)
    try:
        with redirect_stdout(output), redirect_stderr(errors):
            try:
                status = main(arguments)
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0
    finally:
        sys.stdin = stdin
    return Run(status, output.getvalue(), errors.getvalue())


async def router(*arguments: str, standard_input: str = "") -> Run:
    """Run a command away from the event loop: some commands have one of their own."""
    return await asyncio.to_thread(run, arguments, standard_input)


@pytest.fixture
def command() -> Any:
    """``await command("plan", …)``: how the command ended."""
    return router


@dataclass
class Library:
    """The running subgraphs."""

    port: int
    module: Any

    def subgraphs(self) -> list[dict[str, str]]:
        """The input of ``router compose``."""
        return [
            {"name": name, "url": f"http://127.0.0.1:{self.port}/{name}/", "sdl": getattr(self.module, name).as_str()}
            for name in ("books", "reviews")
        ]


@pytest.fixture
async def subgraphs() -> AsyncIterator[Library]:
    """Both subgraphs, listening."""
    config = uvicorn.Config(library.library_app(), port=0, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    yield Library(server.servers[0].sockets[0].getsockname()[1], library)
    server.should_exit = True
    server.force_exit = True
    await task


@pytest.fixture
async def supergraph(subgraphs: Library, tmp_path: Path) -> Path:
    """The library's supergraph, written by ``router compose``."""
    (tmp_path / "subgraphs.json").write_text(json.dumps(subgraphs.subgraphs()))
    done = await router("compose", str(tmp_path / "subgraphs.json"))
    assert (done.status, done.errors) == (0, "")
    file = tmp_path / "supergraph.graphql"
    file.write_text(done.output)
    return file


@dataclass
class Serving:
    """A ``router serve`` process."""

    process: asyncio.subprocess.Process
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"


@pytest.fixture
def serving(free_port: int) -> Any:
    """``async with serving(supergraph, …)``: the server process, ready."""

    @asynccontextmanager
    async def start(
        supergraph: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> AsyncIterator[Serving]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "router", "serve", "--supergraph", str(supergraph)),
            *("--host", "127.0.0.1", "--port", str(free_port), *arguments),
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", **(environment or {})},
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with httpx.AsyncClient() as client, asyncio.timeout(20):
                while True:
                    try:
                        if (await client.get(f"http://127.0.0.1:{free_port}/health")).status_code == 200:
                            break
                    except httpx.TransportError:
                        pass
                    if process.returncode is not None:
                        assert process.stderr is not None
                        pytest.fail((await process.stderr.read()).decode())
                    await asyncio.sleep(0.02)
            yield Serving(process, free_port)
        finally:
            if process.returncode is None:
                process.terminate()
                await asyncio.wait_for(process.wait(), 20)

    return start
