"""Media types of GraphQL over HTTP: what the request body is, what the answer may be (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache

from router.errors import NotAcceptable, UnsupportedMediaType

MAX_ACCEPT_RANGES = 40
_CACHED_LENGTH = 200
_MULTIPART = "multipart/mixed"
_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,\s]*)')


class MediaType(Enum):
    """What an answer can be; the value is the name in ``Accept``."""

    JSON = "application/json"
    GRAPHQL_RESPONSE = "application/graphql-response+json"
    EVENT_STREAM = "text/event-stream"
    MULTIPART = "multipart/mixed"
    MULTIPART_2022 = "multipart/mixed;deferSpec=20220824"
    MULTIPART_SUBSCRIPTION = "multipart/mixed;subscriptionSpec=1.0"
    HTML = "text/html"

    @property
    def content_type(self) -> bytes:
        """The Content-Type header's value."""
        if self.value.startswith(_MULTIPART):
            return b'%b; boundary="-"; %b' % (_MULTIPART.encode(), _MULTIPART_PARAMETERS[self.name].encode())
        return f"{self.value}; charset=utf-8".encode()


_MULTIPART_PARAMETERS = {
    "MULTIPART": "incrementalSpec=v0.2",
    "MULTIPART_2022": "deferSpec=20220824",
    "MULTIPART_SUBSCRIPTION": "subscriptionSpec=1.0",
}
_SPECS = {
    ("incrementalspec", "v0.2"): MediaType.MULTIPART,
    ("incrementalspec", "v0.1"): MediaType.MULTIPART_2022,
    ("deferspec", "20220824"): MediaType.MULTIPART_2022,
    ("subscriptionspec", "1.0"): MediaType.MULTIPART_SUBSCRIPTION,
}
"""Parameters of ``multipart/mixed`` that name a format: Apollo's specifications incremental v0.1 and v0.2 (the first
is the draft of August 2022) and its multipart subscriptions."""
IN_PARTS = (MediaType.MULTIPART, MediaType.MULTIPART_2022)
"""Formats of incremental delivery; ``multipart/mixed`` without such a parameter is the newest."""

ANSWERS = (MediaType.JSON, MediaType.GRAPHQL_RESPONSE)
"""Order of preference among what wildcards allow: ``*/*`` means a client of the time before graphql-response."""


def answer_type(accept: str | None, among: Sequence[MediaType] = ANSWERS) -> MediaType:
    """The media type to answer in; the first of ``among`` without an Accept header.

    The highest weight wins; at equal weight a type the client names goes before one a wildcard covers, and
    graphql-response+json before json. Raises ``NotAcceptable``.
    """
    if accept is None or not accept.strip():
        return among[0]
    chosen = _chosen(accept, tuple(among)) if len(accept) <= _CACHED_LENGTH else _choose(accept, tuple(among))
    if chosen is None:
        names = ", ".join(one.value for one in among)
        raise NotAcceptable(f"Answers are served as {names}.", ko=f"응답 형식은 {names} 중 하나입니다.")
    return chosen


def accepts(accept: str | None, wanted: MediaType) -> bool:
    """Whether the client names this very type with a weight above zero; wildcards do not count."""
    if accept is None or wanted.value.partition(";")[0] not in accept.lower():
        return False
    weight, named = _weight(_ranges(accept), wanted)
    return named and weight > 0


def check_content_type(content_type: bytes | None) -> None:
    """Accept ``application/json`` in UTF-8 and nothing else. Raises ``UnsupportedMediaType``."""
    if content_type == b"application/json":
        return
    if content_type is not None:
        essence, parameters = _split(content_type.decode("latin-1"))
        if essence == "application/json" and parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8"):
            return
    raise UnsupportedMediaType(
        "POST requests need the header 'Content-Type: application/json' (UTF-8).",
        ko="POST 요청에는 'Content-Type: application/json' (UTF-8) 헤더가 필요합니다.",
    )


@lru_cache(maxsize=256)
def _chosen(accept: str, among: tuple[MediaType, ...]) -> MediaType | None:
    return _choose(accept, among)


def _choose(accept: str, among: tuple[MediaType, ...]) -> MediaType | None:
    ranges = _ranges(accept)
    best: MediaType | None = None
    best_rank = (0.0, False, False)
    for one in among:
        weight, named = _weight(ranges, one)
        rank = (weight, named, named and one is MediaType.GRAPHQL_RESPONSE)
        if weight > 0 and rank > best_rank:
            best, best_rank = one, rank
    return best


def _weight(ranges: Sequence[tuple[str, float]], wanted: MediaType) -> tuple[float, bool]:
    """The weight of the most specific range that covers the type, and whether that range names it."""
    major = wanted.value.partition("/")[0] + "/*"
    for pattern, named in ((wanted.value, True), (major, False), ("*/*", False)):
        found = [weight for name, weight in ranges if name == pattern]
        if found:
            return max(found), named
    return 0.0, False


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for item in accept.split(",", MAX_ACCEPT_RANGES)[:MAX_ACCEPT_RANGES]:
        essence, parameters = _split(item)
        if essence == _MULTIPART:
            essence = _multipart(parameters)
        if essence and parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8"):
            found.append((essence, _quality(parameters.get("q"))))
    return found


def _multipart(parameters: Mapping[str, str]) -> str:
    """The name of the format a range of ``multipart/mixed`` asks for; no name for one that is not known."""
    asked = [(name, value.lower()) for name, value in parameters.items() if name.endswith("spec")]
    known = [_SPECS[spec] for spec in asked if spec in _SPECS]
    if asked and not known:
        return ""
    return (known[0] if known else MediaType.MULTIPART).value


def _split(text: str) -> tuple[str, dict[str, str]]:
    essence, semicolon, rest = text.partition(";")
    parameters = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(semicolon + rest)}
    return essence.strip().lower(), parameters


def _quality(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
