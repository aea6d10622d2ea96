"""What the authorization server ended early: a set in memory, filled by a feed that is read while the router runs.

The feed is a POST that is answered by one JSON object a line, for as long as both sides live. While it is away, what
is known keeps counting, and what ends meanwhile is noticed when the feed is back or the token expires.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

KINDS = ("token", "grant", "client", "citizen")
READ_TIMEOUT_S = 10.0
"""Longer than three heartbeats of the feed."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
MAX_LINE_BYTES = 4_096
MAX_REMEMBERED = 200_000
MAX_CHAIN = 8
log = logging.getLogger("router.revocations")


class Revocations:
    """The revocations that can still concern a live token. Read by the event loop, written by the reader's thread."""

    def __init__(self, *, clock: Callable[[], float] = time.time, max_remembered: int = MAX_REMEMBERED) -> None:
        self._clock = clock
        self._max_remembered = max_remembered
        self._ended: dict[tuple[str, str], tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._ended)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token with these verified claims was ended, or its grant, app or citizen, or one it came from."""
        ended = self._ended
        if not ended:
            return False
        ids = [("token", claims["jti"]), *(("token", jti) for jti in _texts(claims.get("from")))]
        if isinstance(claims.get("grant_id"), str):
            ids.append(("grant", claims["grant_id"]))
        if any(one in ended for one in ids):
            return True
        owners = [("citizen", claims["sub"]), ("client", claims["client_id"])]
        owners += [("client", actor) for actor in _actors(claims)]
        issued_at = claims["iat"]
        return any(issued_at <= ended[owner][0] for owner in owners if owner in ended)

    def apply(self, told: Any) -> bool:
        """Take in one object of the feed; False for what is none."""
        if not isinstance(told, dict):
            return False
        kind, value = told.get("kind"), told.get("value")
        revoked_at, expires_at = told.get("revoked_at"), told.get("expires_at")
        if (
            kind not in KINDS
            or not isinstance(value, str)
            or type(revoked_at) is not int
            or type(expires_at) is not int
        ):
            return False
        known = self._ended.get((kind, value), (0, 0))
        self._ended[kind, value] = max(known, (revoked_at, expires_at))
        if len(self._ended) > self._max_remembered:
            self._forget()
        return True

    def _forget(self) -> None:
        now = self._clock()
        left = {key: times for key, times in self._ended.items() if times[1] > now}
        if len(left) > self._max_remembered:
            log.error("more than %d revocations are active; the first to expire are forgotten", self._max_remembered)
            latest = sorted(left.items(), key=lambda item: item[1][1])[-self._max_remembered // 2 :]
            left = dict(latest)
        self._ended = left


class FeedReader:
    """Reads the feed at ``url`` in a thread of its own, from ``start`` to ``stop``, again whenever it ends or fails.

    Raises ``ValueError`` for a URL that is not http or https.
    """

    def __init__(self, url: str, client_id: str, client_secret: str, revocations: Revocations) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"a revocation feed must be http or https: {url!r}")
        self._parts = parts
        pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
        self._authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        self._revocations = revocations
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name="revocation feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection; returns at once."""
        self._stopping.set()
        connected = self._socket
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        pause, down = FIRST_PAUSE_S, False
        while not self._stopping.is_set():
            try:
                for line in self._read():
                    pause, down = FIRST_PAUSE_S, False
                    if line.strip() and not self._revocations.apply(orjson.loads(line)):
                        log.warning("a line of the revocation feed is not understood")
            except (OSError, http.client.HTTPException, ValueError) as error:
                if not down and not self._stopping.is_set():
                    log.warning("the revocation feed is away: %s", error)
                down = True
            self._stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _read(self) -> Any:
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._parts.hostname or "", self._parts.port, timeout=READ_TIMEOUT_S)
        try:
            connection.connect()
            self._socket = connection.sock
            headers = {"Authorization": self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", self._parts.path or "/", b"", headers)
            response = connection.getresponse()
            if response.status != 200:
                raise ValueError(f"it answers {response.status}")
            while line := response.readline(MAX_LINE_BYTES + 1):
                if len(line) > MAX_LINE_BYTES:
                    raise ValueError("a line is too long")
                yield line
        finally:
            self._socket = None
            connection.close()


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value[:MAX_CHAIN] if isinstance(one, str)) if isinstance(value, list) else ()


def _actors(claims: Mapping[str, Any]) -> list[str]:
    """The apps a token went through (RFC 8693 section 4.1)."""
    found: list[str] = []
    act = claims.get("act")
    while isinstance(act, dict) and len(found) < MAX_CHAIN:
        if isinstance(act.get("sub"), str):
            found.append(act["sub"])
        act = act.get("act")
    return found
