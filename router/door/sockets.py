"""WebSockets: connections handed over to uvicorn's sans-I/O protocol, with bounded buffers."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.http11 import Request

SEND_BUFFER_BYTES = 65_536
"""Kernel buffer of one WebSocket: what a slow client leaves unread shows here, not in megabytes of stale frames."""
HIGH_WATER_BYTES = 262_144


class CuttableSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket with bounded buffers and the ASGI extension ``router.abort``.

    A client that reads nothing never lets a close frame through either: without ``abort`` its connection and what is
    buffered for it would stay as long as it likes.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound what can wait for this client, in the kernel and in the process."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self.transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Offer ``abort`` to the application, which starts after this returns."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            cast(dict[str, Any], scope["extensions"])["router.abort"] = self.transport.abort


class Sockets:
    """The open WebSockets of one server. ``options`` are keyword arguments of ``uvicorn.Config``."""

    def __init__(self, app: Any, options: dict[str, Any]) -> None:
        self._config = uvicorn.Config(app, **{**options, "log_config": None, "log_level": None, "lifespan": "off"})
        self._config.load()
        self._state = ServerState()

    def __len__(self) -> int:
        return len(self._state.connections)

    @property
    def tasks(self) -> set[asyncio.Task[None]]:
        """The application's calls, one a socket."""
        return self._state.tasks

    def take(self, transport: asyncio.Transport, received: bytes) -> None:
        """Go on with a connection whose handshake has been received."""
        protocol = CuttableSocket(config=self._config, server_state=self._state, app_state={})
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        protocol.data_received(received)

    def shutdown(self) -> None:
        """Close all of them: the service restarts (1012)."""
        for connection in tuple(self._state.connections):
            try:
                connection.shutdown()
            except InvalidState:
                # It is being closed already; no further frame may be sent.
                connection.transport.close()

    def abort(self) -> None:
        """End the connections at once."""
        for connection in tuple(self._state.connections):
            connection.transport.abort()
