"""Listening, bounds over all connections, and the way out: a graceful drain."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from router.app import ASGIApp, Direct
from router.config import Settings
from router.door.answers import Heads
from router.door.connection import Connection
from router.door.exchange import Exchange
from router.door.sockets import Sockets
from router.errors import Overloaded, RouterError
from router.over_http.answers import Reply
from router.policy.callers import Headers

LOOK_S = 0.5
"""How often deadlines are looked at: no request carries a timer of its own."""
CANCEL_S = 1.0


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Bounds of each connection; times in seconds. See ``ServerSettings`` and ``HttpSettings``."""

    max_connections: int
    max_header_bytes: int
    header_timeout_s: float
    body_timeout_s: float
    keep_alive_s: float
    write_timeout_s: float


class Door:
    """Serves ``app`` on listening sockets; ``direct`` is the router's way past ASGI, if it has one.

    ``on_drain`` is called when the server begins to stop: to end answers that have no end of their own.
    ``socket_options`` are what ``uvicorn.Config`` takes for its WebSockets.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        socket_options: dict[str, Any],
        direct: Direct | None = None,
        on_drain: Callable[[], None] = lambda: None,
    ) -> None:
        server, http = settings.server, settings.http
        self.app = app
        self.settings = DoorSettings(
            server.max_connections,
            server.max_header_bytes,
            server.header_timeout_s,
            http.body_timeout_s,
            server.keep_alive_s,
            server.write_timeout_s,
        )
        self.access_log = server.access_log
        self.heads = Heads()
        self.sockets = Sockets(app, socket_options)
        self.now = 0.0
        """Loop time, as of the last look: exact enough for timeouts of seconds."""
        self._direct = direct
        self._on_drain = on_drain
        self._drain_s = server.drain_s
        self._connections: set[Connection] = set()
        self._finishing: set[asyncio.Task[None]] = set()
        self._listening: list[asyncio.Server] = []
        self._looking: asyncio.Task[None] | None = None

    async def start(self, sockets: Sequence[socket.socket], backlog: int = 2048) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        for one in sockets:
            serve = loop.create_unix_server if one.family == socket.AF_UNIX else loop.create_server
            if one.family != socket.AF_UNIX:
                # Accepted sockets inherit it; asyncio's own loop sets it only where the protocol was named.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._listening.append(await serve(lambda: Connection(self, loop), sock=one, backlog=backlog))
        self._looking = asyncio.create_task(self._look(), name="door")

    async def stop(self) -> None:
        """Take no more connections, let running requests end for ``drain_s``, end the rest."""
        for server in self._listening:
            server.close()
        self._on_drain()
        self.sockets.shutdown()
        for connection in tuple(self._connections):
            connection.shutdown()
        await self._wait(self._drain_s)
        tasks = {*self._finishing, *self.sockets.tasks}
        for connection in tuple(self._connections):
            connection.abort()
        self.sockets.abort()
        for task in tasks:
            task.cancel()
        await self._wait(CANCEL_S)
        if self._looking is not None:
            self._looking.cancel()

    async def _wait(self, patience_s: float) -> None:
        until = asyncio.get_running_loop().time() + patience_s
        while (self._connections or self._finishing or self.sockets.tasks) and self.now < until:
            await asyncio.sleep(0.01)
            self.now = asyncio.get_running_loop().time()

    # For connections

    def admit(self, connection: Connection) -> RouterError | None:
        """Count a connection in; the error it is refused with when there are too many."""
        self._connections.add(connection)
        if len(self._connections) + len(self.sockets) > self.settings.max_connections:
            return Overloaded("Too many connections are open.", ko="연결이 너무 많습니다.")
        return None

    def forget(self, connection: Connection) -> None:
        """Count a connection out."""
        self._connections.discard(connection)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Know of work whose client has left."""
        if not task.done():
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)

    def is_direct(self, target: bytes, headers: Headers) -> bool:
        """Whether a POST goes to GraphQL without ASGI."""
        direct = self._direct
        return direct is not None and target == direct.path and direct.takes(headers)

    async def respond(self, exchange: Exchange) -> Reply | None:
        """Answer a direct request."""
        assert self._direct is not None
        return await self._direct.respond(exchange)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        second = 0
        while True:
            await asyncio.sleep(LOOK_S)
            self.now = now = loop.time()
            if int(now) != second:
                second = int(now)
                self.heads.renew()
            for connection in tuple(self._connections):
                connection.look(now)


async def serve_until_stopped(
    door: Door, sockets: Sequence[socket.socket], *, started: Callable[[], None] = lambda: None, backlog: int = 2048
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends it at once."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await door.start(sockets, backlog)
    started()
    await stopped.wait()
    stopping = asyncio.create_task(door.stop())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.cancel)
    await asyncio.wait({stopping})
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)
