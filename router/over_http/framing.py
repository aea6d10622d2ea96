"""How several responses are written into one HTTP body: server-sent events, or the parts of ``multipart/mixed``.

Sources: PROTOCOL.md of enisdenjo/graphql-sse ("distinct connections mode"); rfcs/IncrementalDelivery.md of GraphQL over
HTTP; Apollo's multipart subscription protocol (``subscriptionSpec=1.0``). A part is followed by its delimiter at once,
so that a reader knows it to be complete without waiting for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from router.over_http.answers import Header
from router.over_http.media_types import MediaType

_DELIMITER = b"\r\n---"
_PART = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n%b" + _DELIMITER


@dataclass(frozen=True, slots=True)
class Framing:
    """``keep_alive`` is written on a silent connection; None where clients would take anything for data."""

    media_type: MediaType
    opening: bytes
    response: Callable[[bytes], bytes]
    keep_alive: bytes | None
    closing: bytes

    @property
    def headers(self) -> tuple[Header, ...]:
        """Of the HTTP response."""
        return (
            (b"content-type", self.media_type.content_type),
            (b"vary", b"accept, accept-language, authorization"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            (b"x-content-type-options", b"nosniff"),
        )


def _event(body: bytes) -> bytes:
    return b"event: next\ndata: %b\n\n" % body


def _part(body: bytes) -> bytes:
    return _PART % body


def _payload_part(body: bytes) -> bytes:
    return _PART % (b'{"payload":%b}' % body)


def _multipart(media_type: MediaType, response: Callable[[bytes], bytes], keep_alive: bytes | None) -> Framing:
    return Framing(media_type, _DELIMITER, response, keep_alive, b"--\r\n")


FRAMINGS: Mapping[MediaType, Framing] = MappingProxyType(
    {
        MediaType.EVENT_STREAM: Framing(MediaType.EVENT_STREAM, b"", _event, b":\n\n", b"event: complete\ndata:\n\n"),
        MediaType.MULTIPART: _multipart(MediaType.MULTIPART, _part, None),
        MediaType.MULTIPART_2022: _multipart(MediaType.MULTIPART_2022, _part, None),
        MediaType.MULTIPART_SUBSCRIPTION: _multipart(MediaType.MULTIPART_SUBSCRIPTION, _payload_part, _part(b"{}")),
    }
)


def single_part(body: bytes) -> bytes:
    """A multipart body of one part."""
    return _DELIMITER + _part(body) + b"--\r\n"
