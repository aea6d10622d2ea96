"""Keep-alive connections to one subgraph, bounded; who finds none free waits in turn, also bounded."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass

from router.errors import SubgraphUnavailable
from router.executor.http_connection import Connection, HttpResponse, Stale

RECEIVE_BYTES = 262_144
"""Read at once: the more, the fewer calls of the kernel and of the parser for a long answer."""


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
    accept_encoding: tuple[str, ...] = ()
    """Content codings asked for, of ``router.codings.CODINGS``: worth their CPU time where the network is narrow."""
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
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._looking: asyncio.TimerHandle | None = None
        # One for all connections: what is read into it is taken before another one reads.
        self._room = memoryview(bytearray(RECEIVE_BYTES))
        self._tls = ssl.create_default_context() if target.tls else None
        self._closed = self._retired = False

    async def send(self, request: bytes, *, is_read: bool) -> HttpResponse:
        """Send over a free or new connection; a read is sent once more when an idle connection proves stale.

        Raises SubgraphUnavailable.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.timeout
        if self._looking is None:
            self._looking = loop.call_later(self._pause_s, self._look)
        connection = await self._take(deadline)
        try:
            return await connection.send(request, deadline)
        except Stale:
            if not is_read:
                raise SubgraphUnavailable("The connection ended; a mutation is not sent twice.") from None
        finally:
            self._give_back(connection)
        connection = await self._open(deadline)
        try:
            return await connection.send(request, deadline)
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
        for _, waiter in self._waiting:
            waiter.cancel()
        if self._looking is not None:
            self._looking.cancel()

    @property
    def _pause_s(self) -> float:
        """Time between two looks at deadlines: a timer a call would cost more than all its bytes."""
        return min(max(self._settings.timeout / 20, 0.01), 0.5)

    def _look(self) -> None:
        """End what had its time."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        late = SubgraphUnavailable(f"No answer within {self._settings.timeout} s.")
        for connection in tuple(self._busy):
            if connection.deadline <= now:
                connection.fail(late)
        while self._waiting and self._waiting[0][0] <= now:
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(late)
        self._looking = None
        if not self._closed and (self._busy or self._waiting or self._opening):
            self._looking = loop.call_later(self._pause_s, self._look)

    async def _take(self, deadline: float) -> Connection:
        if self._closed:
            raise SubgraphUnavailable("The transport is closed.")
        oldest = deadline - self._settings.timeout - self._settings.idle_timeout
        while True:
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed and connection.idle_since >= oldest:
                    self._busy.add(connection)
                    return connection
                connection.abort()
            if len(self._busy) + self._opening < self._settings.max_connections:
                return await self._open(deadline)
            if len(self._waiting) >= self._settings.max_waiting:
                raise SubgraphUnavailable("Too many calls wait for this subgraph.")
            waiter = asyncio.get_running_loop().create_future()
            waits = (deadline, waiter)
            self._waiting.append(waits)
            try:
                await waiter
            except asyncio.CancelledError:
                if waits in self._waiting:
                    self._waiting.remove(waits)
                elif not waiter.cancelled():
                    self._wake_next()
                raise

    async def _open(self, deadline: float) -> Connection:
        self._opening += 1
        loop, target = asyncio.get_running_loop(), self._target
        try:
            async with asyncio.timeout(min(self._settings.connect_timeout, deadline - loop.time())):
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
        return Connection(self._settings.max_response_bytes, self._room, self._settings.accept_encoding)

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
            _, waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
