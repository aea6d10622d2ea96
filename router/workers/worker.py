"""One serving process: the door on a socket, the supergraph replaced when a new one comes."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import uvicorn

from router.app import RouterApp
from router.config import Settings
from router.federation.supergraph import Supergraph
from router.pipeline import Pipeline
from router.server import door_of, settle_again, uvicorn_options

log = logging.getLogger("router")

MakePipeline = Callable[[Supergraph], Pipeline]
STOPPING = (signal.SIGTERM, signal.SIGINT)


@dataclass(slots=True)
class Worker:
    """What one process serves. ``started`` is called once it does."""

    app: RouterApp
    settings: Settings
    listening: socket.socket
    make_pipeline: MakePipeline
    started: Callable[[], None] = lambda: None
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        """Until SIGTERM, SIGINT or ``stop``; running requests get their time to end."""
        loop = asyncio.get_running_loop()
        for number in STOPPING:
            loop.add_signal_handler(number, self.stop)
        if self.settings.server.door == "uvicorn":
            await self._serve_by_uvicorn()
            return
        async with self.app.running():
            door = door_of(self.app, self.settings)
            await door.start([self.listening], self.settings.server.backlog)
            self.started()
            await self._stopped.wait()
            stopping = asyncio.create_task(door.stop())
            for number in STOPPING:
                loop.add_signal_handler(number, stopping.cancel)
            await asyncio.wait({stopping})

    def stop(self) -> None:
        """Drain and end."""
        self._stopped.set()

    async def replace(self, read: Callable[[], Supergraph]) -> None:
        """Serve another supergraph from now on; what runs ends on the old one. Raises what ``read`` raises."""
        supergraph = await asyncio.to_thread(read)
        self.app.replace(self.make_pipeline(supergraph))
        settle_again()

    async def _serve_by_uvicorn(self) -> None:
        server = uvicorn.Server(uvicorn.Config(self.app, **uvicorn_options(self.settings)))
        serving = asyncio.create_task(server._serve([self.listening]))
        stopped = asyncio.create_task(self._stopped.wait())
        while not (server.started or serving.done()):  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        if server.started:
            self.started()
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopped.cancel()
        with suppress(asyncio.CancelledError):
            await stopped
        await serving


def log_to_stderr(settings: Settings) -> None:
    """What the router has to say, and the access log where it is switched on."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if settings.server.access_log:
        logging.getLogger("router.access").setLevel(logging.INFO)
