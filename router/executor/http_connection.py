"""One HTTP/1.1 connection to a subgraph: an ``asyncio.Protocol`` over httptools, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httptools

from router.errors import SubgraphUnavailable

MAX_HEADER_BYTES = 65_536


@dataclass(slots=True)
class HttpResponse:
    """A whole response. ``content_type`` without parameters, lower case."""

    status: int
    content_type: str
    body: bytes
    read: Mapping[str, Any] | None = None
    """The GraphQL response read from it, for all who do not write into it."""


class Stale(ConnectionError):
    """The connection ended before the first byte of an answer: the subgraph had closed it while it was idle."""


class Connection(asyncio.Protocol):
    """``idle_since`` is loop time; ``used`` says whether an answer came over it before."""

    __slots__ = (
        "_answer",
        "_body",
        "_content_type",
        "_encoding",
        "_framed",
        "_header_bytes",
        "_headers_done",
        "_limit",
        "_parser",
        "_size",
        "_started",
        "_transport",
        "closed",
        "idle_since",
        "used",
    )

    def __init__(self, max_response_bytes: int) -> None:
        self._limit = max_response_bytes
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpResponse] | None = None
        self._started = False
        self.closed = False
        self.used = False
        self.idle_since = 0.0
        self._parser: Any = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self._body: list[bytes] = []
        self._size = 0
        self._header_bytes = 0
        self._headers_done = False
        self._framed = False
        self._content_type = ""
        self._encoding = ""

    async def send(self, request: bytes) -> HttpResponse:
        """Write one request and wait for its answer; a wait that is cancelled ends the connection.

        Raises Stale, or SubgraphUnavailable when the answer is no HTTP, too large, or broken off.
        """
        assert self._transport is not None and self._answer is None, "one request at a time"
        if self.closed:
            raise Stale("closed")
        answer: asyncio.Future[HttpResponse] = asyncio.get_running_loop().create_future()
        self._answer = answer
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

    def data_received(self, data: bytes) -> None:
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

    def eof_received(self) -> None:
        if self._headers_done and not self._framed and self._answer is not None:
            self._finish(keep=False)

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
            if value.isdigit() and int(value) > self._limit:
                self._fail(f"announced more than {self._limit} bytes")
        elif lower == b"transfer-encoding":
            self._framed = True
        elif lower == b"content-encoding":
            self._encoding = value.strip().lower().decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headers_done = True

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limit:
            self._fail(f"sent more than {self._limit} bytes")
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._reset()  # an interim answer is over (RFC 9110 section 15.2); the final one follows
            return
        self._finish(keep=bool(self._parser.should_keep_alive()))

    def _finish(self, *, keep: bool) -> None:
        answer = self._answer
        if answer is None or answer.done():
            return
        if self._encoding not in ("", "identity"):
            self._fail(f"used the content coding {self._encoding}, which was not asked for")
            return
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        answer.set_result(HttpResponse(self._parser.get_status_code(), self._content_type, body))
        self.used = True
        if keep:
            self._reset()
        else:
            self.abort()

    def _fail(self, what: str) -> None:
        answer = self._answer
        if answer is not None and not answer.done():
            answer.set_exception(SubgraphUnavailable(f"The subgraph {what}."))
        self.abort()
