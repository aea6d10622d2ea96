"""One serving process without a parent: it looks after its supergraph itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

from router.workers.supergraph_file import RefusedSupergraph, SupergraphFile
from router.workers.worker import Worker

Say = Callable[[str], None]


async def serve_alone(worker: Worker, file: SupergraphFile, watch_s: float, say: Say) -> None:
    """Serve until told to stop; SIGHUP, or a change of the file looked for every ``watch_s`` (0: never), reloads."""
    loop = asyncio.get_running_loop()
    wanted = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, wanted.set)
    tasks = [asyncio.create_task(_reload_when(wanted, worker, file, say), name="reload")]
    if watch_s:
        tasks.append(asyncio.create_task(_watch(file, watch_s, wanted), name="watch"))
    try:
        await worker.serve()
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _reload_when(wanted: asyncio.Event, worker: Worker, file: SupergraphFile, say: Say) -> None:
    while True:
        await wanted.wait()
        wanted.clear()
        try:
            await worker.replace(lambda: file.load().supergraph)
        except RefusedSupergraph as refused:
            say(refused_line(refused))
        else:
            say("supergraph replaced")


async def _watch(file: SupergraphFile, every_s: float, wanted: asyncio.Event) -> None:
    while True:
        await asyncio.sleep(every_s)
        if file.changed():
            wanted.set()


def refused_line(refused: RefusedSupergraph) -> str:
    """What the log says of a supergraph that does not replace the one served."""
    return f"supergraph refused, the one before stays: [{refused.code}] {refused}"
