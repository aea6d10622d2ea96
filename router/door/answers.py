"""Bytes of HTTP/1.1 responses: status lines, heads that change once a second, refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

from router.errors import BadRequest, RouterError
from router.over_http.answers import Header, Reply, error_body, headers_in, headers_of
from router.over_http.media_types import MediaType

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = b"connection: close\r\n"

_STATUS_LINES = {int(one): f"HTTP/1.1 {int(one)} {one.phrase}\r\n".encode() for one in HTTPStatus}
_BAD_NAME = re.compile(rb"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def status_line(status: int) -> bytes:
    """The first line of a response."""
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def header_line(name: bytes, value: bytes) -> bytes:
    """One header line. Raises ``ValueError`` for what would break the message."""
    if not name or _BAD_NAME.search(name) or _BAD_VALUE.search(value):
        raise ValueError(f"no response header: {name!r}: {value!r}")
    return b"%b: %b\r\n" % (name, value)


class Heads:
    """Heads of the answers to GraphQL requests, made once a second for each status and media type."""

    def __init__(self) -> None:
        self.date = b""
        self._made: dict[tuple[int, MediaType], bytes] = {}
        self.renew()

    def renew(self) -> None:
        """Take the time anew; called once a second."""
        self.date = b"date: " + formatdate(usegmt=True).encode() + b"\r\n"
        self._made.clear()

    def of(self, reply: Reply, *, keep: bool) -> bytes:
        """The whole head of a reply; ``keep``: the connection stays open."""
        key = (reply.status, reply.media_type)
        start = self._made.get(key)
        if start is None:
            start = status_line(reply.status) + self.date + _lines(headers_in(reply.media_type))
            self._made[key] = start
        extra = _lines(reply.extra) if reply.extra else b""
        return b"%b%bcontent-length: %d\r\n%b\r\n" % (start, extra, len(reply.body), b"" if keep else CLOSE)


def refusal(error: RouterError) -> Reply:
    """The reply to what is no HTTP request the server can take."""
    status = error.http_status if isinstance(error, BadRequest) else 503
    return Reply(status, MediaType.JSON, error_body(error, "en"), headers_of(error))


def _lines(headers: Iterable[Header]) -> bytes:
    return b"".join([header_line(name, value) for name, value in headers])
