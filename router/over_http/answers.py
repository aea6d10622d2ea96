"""Answers to bytes: status, headers and body of an HTTP response.

Status codes (GraphQL over HTTP, section "Status Codes"; ADR 0025): data → 200. Without data, the error's own status in
application/graphql-response+json; in application/json 200 when the HTTP request itself was well-formed and only the
GraphQL in it was not, because clients of that media type take any other status for a broken transport.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, NamedTuple

import orjson

from router.errors import MethodNotAllowed, RequestError, RouterError
from router.over_http.media_types import MediaType

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

log = logging.getLogger("router")

_COMMON: tuple[Header, ...] = (
    (b"vary", b"accept, accept-encoding, accept-language, authorization"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_HEADERS = {one: ((b"content-type", one.content_type), *_COMMON) for one in MediaType}


class Reply(NamedTuple):
    """One complete answer; ``extra`` headers beside those of every answer in this media type."""

    status: int
    media_type: MediaType
    body: bytes
    extra: Sequence[Header] = ()


class InternalError(RouterError):
    """A defect: the client learns an id to quote, the log has the rest under it."""


def masked(error: BaseException, language: str = "en") -> InternalError:
    """Log a defect under a new id and give back what a client may know about it."""
    number = secrets.token_hex(6)
    log.error("defect %s", number, exc_info=error)
    return InternalError(
        f"Internal error {number}.", ko=f"서버 내부 오류입니다 (오류 번호 {number}).", extensions={"errorId": number}
    )


def error_body(error: RouterError, language: str) -> bytes:
    """A response with errors and no data."""
    errors: Sequence[RouterError] = error.errors if isinstance(error, RequestError) else (error,)
    return orjson.dumps({"errors": [one.formatted(language) for one in errors]})


def status_of(http_status: int, media_type: MediaType) -> int:
    """The status of an answer without data to a well-formed HTTP request."""
    return 200 if http_status == 400 and media_type is MediaType.JSON else http_status


def headers_of(error: RouterError) -> tuple[Header, ...]:
    """What HTTP asks to go with a status: Allow with 405, Retry-After with 503 (RFC 9110)."""
    if isinstance(error, MethodNotAllowed):
        return ((b"allow", ", ".join(error.allow).encode()),)
    return ((b"retry-after", b"5"),) if error.http_status == 503 else ()


def headers_in(media_type: MediaType) -> Sequence[Header]:
    """The headers of every answer in this media type, without its length."""
    return _HEADERS[media_type]


async def send_response(
    send: Send, status: int, media_type: MediaType, body: bytes, extra: Sequence[Header] = ()
) -> None:
    """One complete HTTP response."""
    headers = [*headers_in(media_type), (b"content-length", b"%d" % len(body)), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
