"""How the ASGI door is served: uvicorn on uvloop and httptools, with sockets whose slow clients can be cut off."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from router.config import Settings

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


def uvicorn_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for ``uvicorn.Config`` and ``uvicorn.run``.

    The log is kept at warnings: uvicorn's line for an accepted WebSocket has the query string in it, and people do put
    tokens there.
    """
    server, subscriptions = settings.server, settings.subscriptions
    return {
        "host": server.host,
        "port": server.port,
        "backlog": server.backlog,
        "loop": "uvloop",
        "http": "httptools",
        "ws": CuttableSocket,
        "ws_max_size": subscriptions.max_message_bytes,
        "ws_ping_interval": subscriptions.keep_alive_s,
        "ws_ping_timeout": subscriptions.keep_alive_s,
        "ws_per_message_deflate": False,
        "lifespan": "on",
        "log_level": "info" if server.access_log else "warning",
        "access_log": server.access_log,
        "server_header": False,
        "date_header": True,
        "proxy_headers": False,
        "timeout_graceful_shutdown": server.drain_s,
    }
