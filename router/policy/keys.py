"""Where the keys come from that access tokens are verified with: a JWKS (RFC 7517) by URL or from a callable.

The set is read at first use, again after ``max_age`` seconds so that withdrawn keys stop to count, and at most once a
minute for a key id nobody has seen: a flood of invented ids costs the authorization server nothing.
"""

from __future__ import annotations

import asyncio
import inspect
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from router.errors import KeysUnavailable

MAX_JWKS_BYTES = 65_536
FETCH_TIMEOUT_S = 5.0
REFETCH_S = 60.0
"""Least time between two fetches caused by an unknown key id, or after a fetch that failed."""
FIRST_RETRY_S = 1.0
"""Least time between two fetches while there is no key at all: an authorization server that starts after us."""
MAX_AGE_S = 600.0

Jwks = Mapping[str, Any]
ReadJwks = Callable[[], Jwks | Awaitable[Jwks]]


class KeySource(Protocol):
    """Gives verification keys by key id."""

    async def key(self, kid: str) -> PyJWK | None:
        """The key of that id, None when there is none; raises ``KeysUnavailable`` when none can be had at all."""
        ...


class JwksKeys:
    """Keys of a JWK set that is read from ``read`` (sync or async) when needed.

    Only keys of the allowed algorithms that are for signatures count; others in the set are passed over.
    """

    def __init__(
        self, read: ReadJwks, *, algorithms: Sequence[str] = ("ES256",), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._algorithms = frozenset(algorithms)
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._read_at: float | None = None
        self._tried_at: float | None = None
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> PyJWK | None:
        """See ``KeySource.key``."""
        if self._wants_reading(kid):
            async with self._lock:
                if self._wants_reading(kid):
                    await self._refresh()
        if not self._keys:
            raise KeysUnavailable("The keys of the authorization server cannot be read now.")
        return self._keys.get(kid)

    def _wants_reading(self, kid: str) -> bool:
        now = self._clock()
        if self._tried_at is None:
            return True
        since_try = now - self._tried_at
        if self._read_at is None:
            return since_try >= FIRST_RETRY_S
        return since_try >= REFETCH_S and (kid not in self._keys or now - self._read_at >= MAX_AGE_S)

    async def _refresh(self) -> None:
        self._tried_at = self._clock()
        try:
            answer = self._read()
            jwks = await answer if inspect.isawaitable(answer) else answer
            keys = _usable_keys(jwks, self._algorithms)
        except (TimeoutError, OSError, ValueError, TypeError):
            return
        self._keys = keys
        self._read_at = self._clock()


def _usable_keys(jwks: Jwks, algorithms: frozenset[str]) -> dict[str, PyJWK]:
    entries = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWK set")
    keys = {}
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("kid"), str):
            continue
        if entry.get("use", "sig") != "sig" or entry.get("kty") == "oct":
            continue
        try:
            key = PyJWK(dict(entry))
        except PyJWTError:
            continue
        if key.algorithm_name in algorithms:
            keys[key.key_id or ""] = key
    return keys


def jwks_by_url(url: str) -> ReadJwks:
    """Read a JWK set over HTTP: no redirects, at most 64 KB, 5 s, away from the event loop.

    Raises ``ValueError`` for a URL that is not http or https.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"a JWKS URL must be http or https: {url!r}")

    def fetch() -> Jwks:
        request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310 - scheme checked
        with _NO_REDIRECTS.open(request, timeout=FETCH_TIMEOUT_S) as response:
            body = response.read(MAX_JWKS_BYTES + 1)
        if len(body) > MAX_JWKS_BYTES:
            raise ValueError("the JWK set is too large")
        jwks: Jwks = orjson.loads(body)
        return jwks

    async def read() -> Jwks:
        return await asyncio.wait_for(asyncio.to_thread(fetch), FETCH_TIMEOUT_S * 2)

    return read


class _RefuseRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        raise urllib.error.HTTPError(req.full_url, code, "the JWKS URL redirects", headers, fp)


_NO_REDIRECTS = urllib.request.build_opener(urllib.request.ProxyHandler({}), _RefuseRedirects)
