"""One request and its answer: what GraphQL's endpoint reads of it, and its ASGI side for everything else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from router.door.answers import CLOSE, CONTINUE, header_line, status_line
from router.over_http.answers import Reply, error_body, masked
from router.over_http.media_types import MediaType
from router.policy.callers import Headers

if TYPE_CHECKING:
    from router.door.connection import Connection

Scope = MutableMapping[str, Any]
ASGIApp = Callable[
    [Scope, Callable[[], Awaitable[MutableMapping[str, Any]]], Callable[[MutableMapping[str, Any]], Awaitable[None]]],
    Awaitable[None],
]
BODILESS = (204, 304)
DISCONNECT = {"type": "http.disconnect"}

log = logging.getLogger("router.door")


class Exchange:
    """``pairs`` are the header lines in order, ``headers`` the same as a mapping.

    ``target`` is that of the request line. ``gone``: nobody reads the answer, or the request broke off in its body.
    ``responded``: a status line went out.
    """

    __slots__ = (
        "_body_taken",
        "_chunked",
        "_connection",
        "_missing",
        "_parts",
        "_waiter",
        "answered",
        "body",
        "buffered",
        "committed",
        "complete",
        "direct",
        "expects_continue",
        "gone",
        "headers",
        "is_socket",
        "keep",
        "method",
        "pairs",
        "query_string",
        "responded",
        "status",
        "target",
        "task",
    )

    def __init__(
        self, connection: Connection, method: str, target: bytes, pairs: list[tuple[bytes, bytes]], headers: Headers
    ) -> None:
        self._connection = connection
        self.method = method
        self.target = target
        self.pairs = pairs
        self.headers = headers
        self.query_string = b""
        self.body: bytes | None = None
        self.keep = True
        self.direct = False
        self.is_socket = False
        self.expects_continue = False
        self.complete = False
        self.buffered = 0
        self.gone = False
        self.committed = False
        self.responded = False
        self.answered = False
        self.status = 0
        self.task: asyncio.Task[None] | None = None
        self._parts: list[bytes] = []
        self._body_taken = False
        self._waiter: asyncio.Future[None] | None = None
        self._chunked = False
        self._missing = 0

    def head(self, version: str, without: bytes = b"") -> bytes:
        """The request's head again, without the headers of one name."""
        lines = [b"%b: %b\r\n" % pair for pair in self.pairs if pair[0] != without]
        start = f"{self.method} {self.target.decode('ascii')} HTTP/{version}\r\n".encode("ascii")
        return b"".join([start, *lines, b"\r\n"])

    def take(self, part: bytes) -> None:
        """Bytes of the body came."""
        self._parts.append(part)
        self.buffered += len(part)
        if self._waiter is not None:
            self.wake()

    def end(self) -> None:
        """The body is whole."""
        self.complete = True
        if self.task is None and self.direct:
            parts = self._parts
            self.body = parts[0] if len(parts) == 1 else b"".join(parts)
        self.wake()

    def lose(self) -> None:
        """Nobody waits for the answer: a query is ended, what changes something is not."""
        self.gone = True
        self.wake()
        if self.task is not None and self.direct and not self.committed:
            self.task.cancel()

    def commit(self) -> None:
        """From here on the work is finished even when the client leaves."""
        self.committed = True

    def wake(self) -> None:
        """Let ``receive`` look again."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def receive(self) -> MutableMapping[str, Any]:
        """The next event (ASGI)."""
        while not (self.gone or self.answered):
            if self._parts or (self.complete and not self._body_taken):
                body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
                self._parts, self.buffered = [], 0
                self._body_taken = self.complete
                self._connection.regulate()
                return {"type": "http.request", "body": body, "more_body": not self.complete}
            if self.expects_continue and not self.complete and not self.responded:
                self.expects_continue = False
                self._connection.write(CONTINUE)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return DISCONNECT

    async def run(self, app: ASGIApp) -> None:
        """Let the application answer (ASGI)."""
        try:
            await app(self._scope(), self.receive, self.send)
            if not (self.answered or self.gone):
                raise RuntimeError("the application returned without a complete response")
        except Exception as error:
            if self.gone:
                log.debug("an application ended with an error after its client had left", exc_info=True)
            elif self.responded:
                log.error("a response broke off", exc_info=error)
                self._connection.abort()
            else:
                self.keep = False
                self._connection.reply(self, Reply(500, MediaType.JSON, error_body(masked(error), "en")))

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """One event of the response (ASGI)."""
        await self._connection.writable()
        if self.gone:
            return
        kind = message["type"]
        if kind == "http.response.start" and not self.responded:
            self._connection.write(self._head(message["status"], message.get("headers", ())))
        elif kind == "http.response.body" and self.responded and not self.answered:
            self._send_body(message.get("body", b""), bool(message.get("more_body", False)))
        else:
            raise RuntimeError(f"unexpected ASGI message {kind}")

    def starts(self, status: int) -> bool:
        """Note that the answer begins; whether the connection may stay open after it."""
        self.responded = True
        self.status = status
        # What is left of a body would be read as the next request.
        self.keep = self.keep and self.complete and not self._connection.draining
        return self.keep

    def ends(self) -> None:
        """Note that the answer is whole."""
        self.answered = True
        self.wake()

    def _head(self, status: int, headers: Any) -> bytes:
        keep = self.starts(status)
        lines = [status_line(status)]
        length: int | None = None
        names = set()
        for name, value in headers:
            name = name.lower()
            names.add(name)
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" or name == b"transfer-encoding":
                # How the message is framed is the server's business; that it be the last one is heard.
                keep = self.keep = keep and b"close" not in value.lower()
                continue
            lines.append(header_line(name, value))
        if b"date" not in names:
            lines.append(self._connection.date)
        if not keep:
            lines.append(CLOSE)
        bodiless = self.method == "HEAD" or status in BODILESS
        self._chunked = length is None and not bodiless
        self._missing = 0 if bodiless else length or 0
        if self._chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _send_body(self, body: bytes, more: bool) -> None:
        if self.method == "HEAD" or self.status in BODILESS:
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        else:
            self._missing -= len(body)
            if self._missing < 0 or (self._missing and not more):
                raise RuntimeError("the body is not as long as its Content-Length says")
        if body:
            self._connection.write(body)
        if not more:
            self.ends()

    def _scope(self) -> Scope:
        path, _, self.query_string = self.target.partition(b"?")
        text = path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": unquote(text) if "%" in text else text,
            "raw_path": path,
            "query_string": self.query_string,
            "root_path": "",
            "headers": self.pairs,
            "server": self._connection.local,
            "client": self._connection.remote,
            "state": {},
        }
