"""``router serve`` with several workers, and the supergraph replaced while it serves."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]

# ruff: noqa: ASYNC110, ASYNC240 - other processes have no events, files are tiny
BOOK = {"query": "{book(id:7){title stars}}"}
ANSWER = {"data": {"book": {"title": "Book 7", "stars": 3}}}


class Lines:
    """What a server says on standard error, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        self._reader = process.stderr
        self.seen: list[str] = []

    async def until(self, part: str) -> str:
        async with asyncio.timeout(20):
            while True:
                line = (await self._reader.readline()).decode()
                if not line:
                    pytest.fail(f"no line with {part!r} in {self.seen}")
                self.seen.append(line)
                if part in line:
                    return line


@pytest.fixture(params=[1, 2], ids=["alone", "two workers"])
def workers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


async def ask(url: str, query: dict[str, Any] = BOOK) -> Any:
    """One request on a connection of its own: any worker may get it."""
    async with httpx.AsyncClient() as client:
        return (await client.post(url, json=query)).json()


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_worker_that_dies_is_started_again_and_nobody_else_notices(supergraph: Path, serving: Any) -> None:
    async with serving(supergraph, "--workers", "2") as server:
        lines = Lines(server.process)
        await lines.until("2 of 2 workers ready")
        first, second = children(server.process.pid)
        os.kill(first, signal.SIGKILL)
        assert "was ended by SIGKILL; started again in 0.5 s" in await lines.until(f"pid {first}")
        assert await ask(server.url) == ANSWER
        assert f"pid {second}" in await lines.until("2 of 2 workers ready")
        assert first not in children(server.process.pid)
        server.process.send_signal(signal.SIGUSR1)
        await lines.until("2 of 2 workers ready")


async def test_workers_end_with_their_parent(supergraph: Path, serving: Any) -> None:
    async with serving(supergraph, "--workers", "2") as server:
        await Lines(server.process).until("2 of 2 workers ready")
        left = children(server.process.pid)
        server.process.kill()
        await server.process.wait()
        async with asyncio.timeout(10):
            while any(Path(f"/proc/{one}").exists() for one in left):
                await asyncio.sleep(0.05)


async def test_the_supergraph_is_replaced_on_sighup_for_all_and_a_bad_one_is_not(
    supergraph: Path, serving: Any, workers: int
) -> None:
    good = supergraph.read_text()
    async with serving(supergraph, "--workers", str(workers)) as server:
        lines = Lines(server.process)
        if workers > 1:
            await lines.until("workers ready")
        running = asyncio.create_task(ask(server.url, {"query": "{slow(seconds:1)}"}))
        await asyncio.sleep(0.3)
        for text, said in {
            "type Query {": "[INVALID_SUPERGRAPH]",
            good.replace("http://127.0.0.1", "ftp://127.0.0.1"): "[SUPERGRAPH_UNSUITABLE]",
        }.items():
            supergraph.write_text(text)
            server.process.send_signal(signal.SIGHUP)
            assert said in await lines.until("supergraph refused, the one before stays: ")
        for _ in range(4):
            assert await ask(server.url) == ANSWER
        supergraph.write_text(good.replace("stars", "points"))
        server.process.send_signal(signal.SIGHUP)
        for _ in range(workers):
            await lines.until("supergraph replaced")
        for _ in range(6):
            answer = await ask(server.url)
            assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert await running == {"data": {"slow": "at last"}}


async def test_the_file_is_watched_when_asked_to(supergraph: Path, serving: Any, workers: int) -> None:
    async with serving(supergraph, "--workers", str(workers), environment={"ROUTER_SERVER_WATCH_S": "0.1"}) as server:
        supergraph.write_text(supergraph.read_text().replace("stars", "points"))
        await Lines(server.process).until("supergraph replaced")
        async with asyncio.timeout(5):
            while "errors" not in await ask(server.url):
                await asyncio.sleep(0.05)


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "router", "serve", *arguments, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )


async def test_it_listens_at_a_unix_path_takes_over_a_dead_one_and_leaves_none_behind(
    supergraph: Path, tmp_path: Path, workers: int
) -> None:
    path = tmp_path / "router.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    process = await start("--supergraph", str(supergraph), "--host", f"unix:{path}", "--workers", str(workers))
    try:
        await Lines(process).until("ready" if workers > 1 else "serving at unix:")
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path))) as client:
            assert (await client.post("http://router/graphql", json=BOOK)).json() == ANSWER
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 15) == 0
    assert not path.exists()


async def test_a_unix_path_that_is_taken_is_said(supergraph: Path, tmp_path: Path, command: Any) -> None:
    path = tmp_path / "router.sock"
    server = await asyncio.start_unix_server(lambda reader, writer: writer.close(), path)
    async with server:
        done = await command("serve", "--supergraph", str(supergraph), "--host", f"unix:{path}")
    assert (done.status, done.errors) == (1, f"router serve: cannot listen on unix:{path}: Address already in use\n")
    (tmp_path / "file").write_text(json.dumps({}))
    done = await command("serve", "--supergraph", str(supergraph), "--host", f"unix:{tmp_path}/file")
    assert "there is a file of that name" in done.errors
