"""Keep-alive connections to one subgraph, bounded; who finds none free waits in turn, also bounded."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass

from router.errors import SubgraphUnavailable
from router.executor.http_connection import Connection, HttpResponse, Stale


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Bounds of one subgraph's HTTP transport; times in seconds."""

    timeout: float = 30.0
    connect_timeout: float = 5.0
    idle_timeout: float = 50.0
    """A connection idle for longer is not used again; most servers close theirs after 60 s or more."""
    max_connections: int = 100
    max_waiting: int = 2_000
    """Calls that wait for a connection; further ones are refused."""
    max_response_bytes: int = 64_000_000
    share_reads: bool = True
    """Whether identical queries in flight at once, with equal forwarded headers, are sent once."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: a host and port, with TLS or not, or a Unix socket."""

    host: str
    port: int
    tls: bool = False
    unix_path: str | None = None


class Pool:
    """Connections to one target. The most recently used one is taken first, so that spare ones grow idle and go."""

    def __init__(self, target: Target, settings: HttpSettings) -> None:
        self._target = target
        self._settings = settings
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._tls = ssl.create_default_context() if target.tls else None
        self._closed = self._retired = False

    async def send(self, request: bytes, *, is_read: bool) -> HttpResponse:
        """Send over a free or new connection; a read is sent once more when an idle connection proves stale.

        Raises SubgraphUnavailable.
        """
        connection = await self._take()
        try:
            return await connection.send(request)
        except Stale:
            if not is_read:
                raise SubgraphUnavailable("The connection ended; a mutation is not sent twice.") from None
        finally:
            self._give_back(connection)
        connection = await self._open()
        try:
            return await connection.send(request)
        except Stale:
            raise SubgraphUnavailable("The connection ended before the answer.") from None
        finally:
            self._give_back(connection)

    def retire(self) -> None:
        """Close idle connections now and busy ones after their answer; new calls open their own."""
        self._retired = True
        while self._idle:
            self._idle.pop().abort()

    async def aclose(self) -> None:
        """Close all connections; calls in flight fail."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            connection.abort()
        self._idle.clear()
        for waiter in self._waiting:
            waiter.cancel()

    async def _take(self) -> Connection:
        if self._closed:
            raise SubgraphUnavailable("The transport is closed.")
        oldest = asyncio.get_running_loop().time() - self._settings.idle_timeout
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed and connection.idle_since >= oldest:
                    self._busy.add(connection)
                    return connection
                connection.abort()
            if len(self._busy) + self._opening < self._settings.max_connections:
                return await self._open()
            if len(self._waiting) >= self._settings.max_waiting:
                raise SubgraphUnavailable("Too many calls wait for this subgraph.")
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._waiting:
                    self._waiting.remove(waiter)
                elif not waiter.cancelled():
                    self._wake_next()
                raise

    async def _open(self) -> Connection:
        self._opening += 1
        loop, target = asyncio.get_running_loop(), self._target
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                if target.unix_path is not None:
                    _, connection = await loop.create_unix_connection(self._new, target.unix_path)
                else:
                    _, connection = await loop.create_connection(self._new, target.host, target.port, ssl=self._tls)
        except TimeoutError:
            self._wake_next()
            raise SubgraphUnavailable("The connection could not be opened in time.") from None
        except (OSError, ssl.SSLError) as error:
            self._wake_next()
            raise SubgraphUnavailable(f"The connection could not be opened: {error}.") from error
        except BaseException:
            self._wake_next()
            raise
        finally:
            self._opening -= 1
        self._busy.add(connection)
        return connection

    def _new(self) -> Connection:
        return Connection(self._settings.max_response_bytes)

    def _give_back(self, connection: Connection) -> None:
        self._busy.discard(connection)
        if self._retired:
            connection.abort()
        elif not connection.closed and not self._closed:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
