"""Makes the modules beside the tests importable, and serves a library over real sockets."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from router.app import build_app
from router.config import PipelineKeys, Settings
from router.pipeline import PipelineSettings
from router.server import uvicorn_options

sys.path.insert(0, str(Path(__file__).parent))

from library import Library

Serve = Callable[..., AbstractAsyncContextManager[tuple[Library, str]]]


@pytest.fixture
def serve_library() -> Serve:
    """``async with serve_library(incremental=True) as (library, url)``: behind uvicorn, as ``router serve`` runs it."""

    @asynccontextmanager
    async def start(*, incremental: bool = True, keep_alive_s: float = 12.0) -> AsyncIterator[tuple[Library, str]]:
        settings = Settings(pipeline=PipelineKeys(incremental=incremental))
        settings = replace(settings, server=replace(settings.server, port=0, drain_s=1))
        settings = replace(settings, subscriptions=replace(settings.subscriptions, keep_alive_s=keep_alive_s))
        library = Library(PipelineSettings(incremental=incremental))
        server = uvicorn.Server(
            uvicorn.Config(build_app(library.pipeline, settings), **{**uvicorn_options(settings), "loop": "none"})
        )
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.005)
            if task.done():
                task.result()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield library, f"http://127.0.0.1:{port}/graphql"
        finally:
            for gate in library.gates.values():
                gate.set()
            server.should_exit = True
            await task
            await library.pipeline.aclose()

    return start
