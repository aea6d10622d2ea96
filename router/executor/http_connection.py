"""One HTTP/1.1 connection to a subgraph: an asyncio protocol over httptools, one request at a time.

The rest of a long body of known length is received straight into its place, past the parser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httptools

from router.codings import decode
from router.errors import SubgraphUnavailable

MAX_HEADER_BYTES = 65_536
PLACED_FROM_BYTES = 65_536
PLACED_TO_BYTES = 16_000_000
"""How much must be missing of a body, and how long it may be, to have its place made before it comes."""


@dataclass(slots=True)
class HttpResponse:
    """A whole response. ``content_type`` without parameters, lower case."""

    status: int
    content_type: str
    body: bytes | bytearray
    read: Mapping[str, Any] | None = None
    """The GraphQL response read from it, for all who do not write into it."""


class Stale(ConnectionError):
    """The connection ended before the first byte of an answer: the subgraph had closed it while it was idle."""


class Connection(asyncio.BufferedProtocol):
    """``idle_since`` and ``deadline`` are loop time; ``used`` says whether an answer came over it before.

    ``room`` is where bytes are received; it is free for others when ``buffer_updated`` returns.
    """

    __slots__ = (
        "_answer",
        "_body",
        "_codings",
        "_content_type",
        "_encoding",
        "_framed",
        "_header_bytes",
        "_headers_done",
        "_keep",
        "_length",
        "_limit",
        "_parser",
        "_place",
        "_room",
        "_size",
        "_started",
        "_status",
        "_transport",
        "closed",
        "deadline",
        "idle_since",
        "used",
    )

    def __init__(self, max_response_bytes: int, room: memoryview, codings: Collection[str] = ()) -> None:
        self._limit = max_response_bytes
        self._room = room
        self._codings = codings
        self.deadline = 0.0
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._started = False
        self.closed = False
        self.used = False
        self.idle_since = 0.0
        self._parser: Any = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._body: list[bytes | bytearray] = []
        self._place: bytearray | None = None
        self._length = -1
        self._status = 0
        self._keep = False
        self._size = 0
        self._header_bytes = 0
        self._headers_done = False
        self._framed = False
        self._content_type = ""
        self._encoding = ""

    async def send(self, request: bytes, deadline: float) -> HttpResponse:
        """Write one request and wait for its answer; a wait that is cancelled ends the connection.

        Raises Stale, or SubgraphUnavailable when the answer is no HTTP, too large, or broken off.
        """
        assert self._transport is not None and self._answer is None, "one request at a time"
        if self.closed:
            raise Stale("closed")
        answer: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self.deadline = deadline
        self._started = False
        self._transport.write(request)
        try:
            return await answer
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._answer = None

    def abort(self) -> None:
        """End the connection at once."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def fail(self, error: SubgraphUnavailable) -> None:
        """End the call, if one runs, with this error, and the connection."""
        answer = self._answer
        if answer is not None and not answer.done():
            answer.set_exception(error)
        self.abort()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room if self._place is None else memoryview(self._place)[self._size :]

    def buffer_updated(self, nbytes: int) -> None:
        if self._place is None:
            self._parse(self._room[:nbytes])
            return
        self._size += nbytes
        if self._size >= self._length:
            self._keep = self._keep and self._size == self._length
            self._size = self._length
            # White space behind a JSON text is nothing; cutting it off would copy the rest.
            self._place[-1] = 0x20
            self._body = [self._place]
            # The old one still waits for this body.
            self._parser = httptools.HttpResponseParser(self)
            self._finish()

    def _parse(self, data: memoryview) -> None:
        if self._answer is None or self._answer.done():
            # Nothing was asked: what comes now could be taken for the answer to the next request.
            self.abort()
            return
        self._started = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("switched protocols")
        except httptools.HttpParserError as error:
            self._fail(f"answered no HTTP: {error}")
        if self._length - self._size >= PLACED_FROM_BYTES and self._length <= PLACED_TO_BYTES and not self.closed:
            # One byte more shows whether something follows that was not asked for.
            self._place = bytearray(self._length + 1)
            self._place[: self._size] = b"".join(self._body)

    def eof_received(self) -> None:
        if self._headers_done and not self._framed and self._answer is not None:
            self._keep = False
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        answer = self._answer
        if answer is not None and not answer.done():
            if self._started or not self.used:
                answer.set_exception(SubgraphUnavailable("The connection ended before the whole answer came."))
            else:
                answer.set_exception(Stale("closed while idle"))

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES:
            self._fail("sent too many header bytes")
            return
        lower = name.lower()
        if lower == b"content-type":
            self._content_type = value.split(b";", 1)[0].strip().lower().decode("latin-1")
        elif lower == b"content-length":
            self._framed = True
            if value.isdigit():
                self._length = int(value)
                if self._length > self._limit:
                    self._fail(f"announced more than {self._limit} bytes")
        elif lower == b"transfer-encoding":
            self._framed = True
        elif lower == b"content-encoding":
            self._encoding = value.strip().lower().decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headers_done = True
        self._status = self._parser.get_status_code()
        self._keep = bool(self._parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limit:
            self._fail(f"sent more than {self._limit} bytes")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._status < 200:
            self._reset()  # an interim answer is over (RFC 9110 section 15.2); the final one follows
            return
        self._finish()

    def _finish(self) -> None:
        answer = self._answer
        if answer is None or answer.done():
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        if self._encoding not in ("", "identity"):
            if self._encoding not in self._codings:
                self._fail(f"used the content coding {self._encoding}, which was not asked for")
                return
            try:
                body = decode(self._encoding, memoryview(body)[: self._size], self._limit)
            except ValueError as error:
                self._fail(f"sent a body that {error}")
                return
        answer.set_result(HttpResponse(self._status, self._content_type, body))
        self.used = True
        if self._keep:
            self._reset()
        else:
            self.abort()

    def _fail(self, what: str) -> None:
        self.fail(SubgraphUnavailable(f"The subgraph {what}."))
