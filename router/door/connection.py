"""One connection: bytes → requests, answered in order; slow, broken and endless ones are ended."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from router.door.answers import refusal
from router.door.exchange import Exchange
from router.errors import BadRequest, BodyTooSlow, HeadersTooLarge, MethodNotAllowed, RouterError, UrlTooLong
from router.over_http.answers import Reply
from router.policy.callers import joined

if TYPE_CHECKING:
    from router.door.server import Door

NEVER = float("inf")
MAX_PIPELINED = 64
"""Requests that may wait behind the one that is answered; the rest is left unread and the connection closed."""
BODY_HIGH_WATER = 65_536
JOINED_BYTES = 16_384
"""Shorter bodies are copied behind their head: one buffer is cheaper to write than two."""
LINGER_S = 2.0
LINGER_BYTES = 4_000_000
"""How long and how much is read and thrown away after a last answer: closing at once could destroy it on its way."""
GRACE_S = 2.0
"""A body's time beyond that of the application, which answers in its own words."""

access = logging.getLogger("router.access")


class Connection(asyncio.Protocol):
    """``deadline`` is loop time: what is awaited from the client must have come by then."""

    __slots__ = (
        "_current",
        "_deaf",
        "_discarded",
        "_door",
        "_drained",
        "_ended",
        "_fed",
        "_flushed",
        "_flushed_at",
        "_head_begun",
        "_lingering",
        "_loop",
        "_lost",
        "_not_upgraded",
        "_pairs",
        "_parser",
        "_reading",
        "_reading_paused",
        "_refused",
        "_size",
        "_target",
        "_transport",
        "_waiting",
        "_write_paused",
        "_written",
        "deadline",
        "draining",
        "local",
        "remote",
    )

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door = door
        self._loop = loop
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._fed = 0
        self._head_begun = False
        self._reading: Exchange | None = None
        self._current: Exchange | None = None
        self._waiting: deque[Exchange | RouterError] = deque()
        self._refused: RouterError | None = None
        self._not_upgraded = b""
        self._deaf = False
        self._ended = self._lingering = False
        self._discarded = 0
        self._lost = False
        self._reading_paused = False
        self._write_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._written = self._flushed = 0
        self._flushed_at = 0.0
        self.draining = False
        self.deadline = NEVER

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.local = _address(transport.get_extra_info("sockname"))
        self.remote = _address(transport.get_extra_info("peername"))
        self.deadline = self._door.now + self._door.settings.header_timeout_s
        full = self._door.admit(self)
        if full is not None:
            self._write_reply(refusal(full), keep=False)
            self._deaf = self._ended = True
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            self._discard(len(data))
            return
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._switched(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._broken()
            return
        reading = self._reading
        if reading is not None:
            if reading.task is None and reading not in self._waiting:
                self._enqueue(reading)
            self.regulate()
        elif (self._target or self._pairs) and not self._head_begun:
            self._head_begun = True
            if self._current is None:
                self.deadline = self._door.now + self._door.settings.header_timeout_s
        if self._fed > self._door.settings.max_header_bytes:
            self._refuse(self._too_large())

    def eof_received(self) -> None:
        """A client that ends its side has left: what it would still read cannot be told from nobody reading."""

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        self.deadline = NEVER
        current = self._current
        if current is not None:
            current.lose()
            if current.task is not None:
                self._door.keep(current.task)
        self._waiting.clear()
        self._continue_writing()
        self._door.forget(self)

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._continue_writing()
        if self._current is None and not self._ended:
            self._next()

    # What the parser finds

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reading is not None:
            return  # trailers are not looked at
        self._size += len(name) + len(value)
        self._pairs.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self._deaf:
            raise ValueError("what comes after the last request is not read")
        pairs, target, parser = self._pairs, self._target, self._parser
        headers = joined(pairs)
        if self._size + len(target) > self._door.settings.max_header_bytes:
            raise self._note(self._too_large())
        version = parser.get_http_version()
        if version == "1.1":
            if len(headers) != len(pairs) and sum(name == b"host" for name, _ in pairs) > 1:
                raise self._note(_malformed())
            if b"host" not in headers:
                raise self._note(BadRequest("The Host header is missing.", ko="Host 헤더가 없습니다."))
        elif version != "1.0":
            raise self._note(BadRequest("HTTP/1.1 is served here.", ko="HTTP/1.1만 지원합니다."))
        method = parser.get_method().decode("ascii")
        if target[:1] != b"/":
            target = self._origin_form(method, target)
        elif not target.isascii() or b"#" in target:
            raise self._note(_malformed())
        exchange = Exchange(self, method, target, pairs, headers)
        exchange.keep = version == "1.1" and parser.should_keep_alive()
        if b"expect" in headers and version == "1.1":
            exchange.expects_continue = headers[b"expect"].lower() == b"100-continue"
        if method == "POST":
            exchange.direct = self._door.is_direct(target, headers)
        self._fed = 0
        self._head_begun = False
        self._target, self._pairs, self._size = b"", [], 0
        if parser.should_upgrade():
            exchange.is_socket = method == "GET" and headers.get(b"upgrade", b"").lower() == b"websocket"
            if not exchange.is_socket:
                self._not_upgraded = exchange.head(version, without=b"upgrade")
                return
        self._reading = exchange

    def on_body(self, body: bytes) -> None:
        self._fed = 0
        if self._reading is not None:
            self._reading.take(body)

    def on_message_complete(self) -> None:
        self._fed = 0
        exchange, self._reading = self._reading, None
        if exchange is None:
            return
        exchange.end()
        if not exchange.keep or exchange.is_socket:
            self._deaf = True
        if exchange is self._current:
            self.deadline = NEVER
        elif exchange not in self._waiting:
            self._enqueue(exchange)

    # Requests in order

    def _enqueue(self, exchange: Exchange | RouterError) -> None:
        if self._current is None and not self._waiting and not self._write_paused:
            self._start(exchange)
            return
        self._waiting.append(exchange)
        if len(self._waiting) > MAX_PIPELINED:
            self._deaf = True
        self.regulate()

    def _start(self, exchange: Exchange | RouterError) -> None:
        if isinstance(exchange, RouterError):
            self._write_reply(refusal(exchange), keep=False)
            self._last()
            return
        self._current = exchange
        if exchange.is_socket:
            # Not from within the parser's own call: what follows the request is known after it.
            self._loop.call_soon(self._hand_over, exchange)
            return
        settings = self._door.settings
        self.deadline = NEVER if exchange.complete else self._door.now + settings.body_timeout_s + GRACE_S
        exchange.task = self._loop.create_task(self._answer(exchange))

    async def _answer(self, exchange: Exchange) -> None:
        try:
            if exchange.direct:
                reply = await self._door.respond(exchange)
                if reply is not None and not exchange.gone:
                    self.reply(exchange, reply)
            else:
                await exchange.run(self._door.app)
        finally:
            self._finished(exchange)

    def _finished(self, exchange: Exchange) -> None:
        if self._door.access_log and exchange.responded:
            path = exchange.target.partition(b"?")[0].decode("ascii")
            access.info('%s - "%s %s" %d', (self.remote or ("unix",))[0], exchange.method, path, exchange.status)
        self._current = None
        if self._lost:
            return
        if not exchange.responded and self._waiting and isinstance(self._waiting[0], RouterError):
            self._next()
        elif not exchange.keep or not exchange.responded:
            self._last()
        elif not self._write_paused:
            self._next()

    def _next(self) -> None:
        if self._waiting:
            exchange = self._waiting.popleft()
            self.regulate()
            self._start(exchange)
        elif self.draining or self._deaf:
            self._last()
        else:
            settings = self._door.settings
            patience = settings.header_timeout_s if self._head_begun else settings.keep_alive_s
            self.deadline = self._door.now + patience

    def _last(self) -> None:
        """The last answer is written: close when the client has it."""
        self._deaf = self._ended = True
        self._waiting.clear()
        if self._reading is None and self._refused is None and not self._discarded:
            self._transport.close()
            return
        self._lingering = True
        self.regulate()
        self.deadline = self._door.now + LINGER_S
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _refuse(self, error: RouterError) -> None:
        """Answer what was asked before, then this, and close."""
        self._refused = error
        self._deaf = True
        reading, self._reading = self._reading, None
        current = self._current
        if reading is not None and reading is not current and reading in self._waiting:
            self._waiting.remove(reading)
        if reading is not None and reading is current:
            if current.responded:
                current.keep = False
                return
            # Its answer is the refusal; it is ended as if its client had left.
            self._waiting.append(error)
            current.lose()
            return
        self._enqueue(error)

    def _broken(self) -> None:
        """The parser found no HTTP, which does not matter behind the last request."""
        if self._deaf:
            self._discard(1)
        else:
            self._refuse(self._refused or _malformed())

    def _switched(self, rest: bytes) -> None:
        """The parser stops at a request to upgrade; another protocol than WebSocket is one not asked for."""
        if self._not_upgraded:
            head, self._not_upgraded = self._not_upgraded, b""
            self._parser = httptools.HttpRequestParser(self)
            self.data_received(head + rest)
            return
        current = self._waiting[-1] if self._waiting else self._current
        if isinstance(current, Exchange) and current.is_socket:
            current.body = rest
        self._deaf = True

    def _hand_over(self, exchange: Exchange) -> None:
        if self._lost:
            return
        self._current = None
        self._door.forget(self)
        if self._reading_paused:
            self._transport.resume_reading()
        self._door.sockets.take(self._transport, exchange.head("1.1") + (exchange.body or b""))

    # Writing

    def reply(self, exchange: Exchange, reply: Reply) -> None:
        """Write a whole answer."""
        keep = exchange.starts(reply.status)
        self._write_reply(reply, keep=keep)
        exchange.ends()

    def write(self, data: bytes) -> None:
        """Write bytes of the answer that is being given."""
        if not self._lost:
            self._written += len(data)
            self._transport.write(data)

    async def writable(self) -> None:
        """Wait until the client has read enough of what is written."""
        while self._write_paused and not self._lost:
            if self._drained is None:
                self._drained = self._loop.create_future()
            await asyncio.shield(self._drained)

    @property
    def date(self) -> bytes:
        """The line that says when."""
        return self._door.heads.date

    def _write_reply(self, reply: Reply, *, keep: bool) -> None:
        head, body = self._door.heads.of(reply, keep=keep), reply.body
        self._written += len(head) + len(body)
        if len(body) <= JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    def _continue_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    # Bounds

    def regulate(self) -> None:
        """Read on, or let the client wait: while requests are queued, or a body is not taken."""
        reading = self._reading
        pause = not self._deaf and (
            bool(self._waiting) or (reading is not None and reading.buffered > BODY_HIGH_WATER)
        )  # fmt: skip
        if pause is not self._reading_paused and not self._transport.is_closing():
            self._reading_paused = pause
            (self._transport.pause_reading if pause else self._transport.resume_reading)()

    def look(self, now: float) -> None:
        """End what is overdue; called every now and then."""
        if now >= self.deadline:
            self._overdue()
        unsent = self._transport.get_write_buffer_size()
        flushed = self._written - unsent
        if not unsent or flushed != self._flushed:
            self._flushed, self._flushed_at = flushed, now
        elif now - self._flushed_at > self._door.settings.write_timeout_s:
            self._transport.abort()

    def shutdown(self) -> None:
        """Close when the answer that is being given is."""
        self.draining = True
        self._waiting.clear()
        if self._current is None and not self._lingering:
            self._transport.close()

    def abort(self) -> None:
        """End it now."""
        self._transport.abort()

    def _overdue(self) -> None:
        self.deadline = NEVER
        if self._lingering:
            self._transport.abort()
        elif self._current is not None or self._target or self._pairs:
            self._refuse(
                BodyTooSlow("The request did not arrive in time.", ko="요청이 제때 도착하지 않았습니다.")
            )  # fmt: skip
        else:
            self._deaf = True
            self._transport.close()

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded > LINGER_BYTES:
            self._transport.abort()

    def _too_large(self) -> RouterError:
        limit = self._door.settings.max_header_bytes
        if self._reading is not None:
            return _malformed()
        if len(self._target) > limit // 2:
            return UrlTooLong("The URL is too long; use POST.", ko="URL이 너무 깁니다. POST를 사용하세요.")
        return HeadersTooLarge(
            f"The request line and headers may have at most {limit} bytes.",
            ko=f"요청 줄과 헤더는 최대 {limit} 바이트입니다.",
        )

    def _note(self, error: RouterError) -> RouterError:
        """Keep what the parser's own error will hide."""
        self._refused = error
        return error

    def _origin_form(self, method: str, target: bytes) -> bytes:
        if method == "CONNECT":
            raise self._note(
                MethodNotAllowed("Nothing is tunnelled here.", ko="CONNECT는 지원하지 않습니다.", allow=("GET", "POST"))
            )
        if method == "OPTIONS" and target == b"*":
            return b"/*"
        scheme, separator, rest = target.partition(b"://")
        if not separator or scheme.lower() not in (b"http", b"https") or not target.isascii():
            raise self._note(_malformed())
        _, slash, path = rest.partition(b"/")
        return slash + path if slash else b"/"


def _malformed() -> BadRequest:
    return BadRequest("The bytes received are not an HTTP request.", ko="올바른 HTTP 요청이 아닙니다.")


def _address(name: object) -> tuple[str, int] | None:
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
