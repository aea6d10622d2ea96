"""Compressed answers, for clients that ask for them (RFC 9110 section 12.5.3).

Not where a request came with a cookie: a page of another origin can make a browser send it, and learn a secret beside
its own text from the length alone (BREACH). Access tokens in headers are sent by nobody else. See ADR 0049.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from router.codings import check_codings, encode
from router.over_http.answers import Reply
from router.policy.callers import Headers

THREAD_FROM_BYTES = 500_000
"""Longer answers are compressed beside the event loop: on it they would hold up others for milliseconds."""
MAX_ASKED_LENGTH = 200
MAX_ASKED_CODINGS = 20


class Compressor:
    """``codings`` by preference; raises ``ValueError`` for an unknown one."""

    def __init__(self, codings: Sequence[str], from_bytes: int) -> None:
        check_codings(codings)
        self._codings = tuple(codings)
        self._from_bytes = from_bytes

    def may_shorten(self, reply: Reply, headers: Headers) -> bool:
        """Whether to ask for the compressed reply at all."""
        return len(reply.body) >= self._from_bytes and b"accept-encoding" in headers

    async def of(self, reply: Reply, headers: Headers) -> Reply:
        """The reply in the best coding the client takes; as it is when there is none or nothing would be saved."""
        if not self.may_shorten(reply, headers):
            return reply
        coding = chosen(headers[b"accept-encoding"][:MAX_ASKED_LENGTH], self._codings)
        if coding is None or b"cookie" in headers:
            return reply
        if len(reply.body) >= THREAD_FROM_BYTES:
            body = await asyncio.to_thread(encode, coding, reply.body)
        else:
            body = encode(coding, reply.body)
        if len(body) >= len(reply.body):
            return reply
        return reply._replace(body=body, extra=(*reply.extra, (b"content-encoding", coding.encode("ascii"))))


@lru_cache(maxsize=256)
def chosen(asked: bytes, offered: tuple[str, ...]) -> str | None:
    """The first of ``offered`` with the highest weight; None when the client names none of them."""
    weights: dict[str, float] = {}
    for item in asked.decode("latin-1").lower().split(",")[:MAX_ASKED_CODINGS]:
        name, _, parameters = item.partition(";")
        weights[name.strip()] = _weight(parameters)
    any_other = weights.get("*", 0.0)
    weighed = [(weights.get(name, any_other), name) for name in offered]
    best = max(weighed, key=lambda one: one[0], default=(0.0, ""))
    return best[1] if best[0] > 0 else None


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
