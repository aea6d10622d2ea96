"""The caller's verified identity for a subgraph in another process: one signed, short-lived header.

``base64url(JSON).hex(HMAC-SHA256)`` under a secret both sides know; the JSON has ``sub``, ``client_id``, ``scope`` (a
sorted list), ``lang`` and ``exp`` (Unix seconds). Anonymous callers have no such header, and none of a client's passes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping

from router.caller import Caller
from router.lru import Lru

VALID_S = 60
STEP_S = 10
"""Headers of one caller are equal for so long, so that identical reads in flight can be shared."""
REMEMBERED = 4_096


class IdentityHeader:
    """Called with a caller, gives the headers to send: those that are forwarded, and the signed identity."""

    def __init__(self, secret: str, name: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret.encode()
        self._name = name.lower()
        self._clock = clock
        self._signed: Lru[tuple[object, ...], str] = Lru(REMEMBERED)

    def __call__(self, caller: Caller) -> Mapping[str, str]:
        """Header names, lower case, with their values."""
        headers = {name: value for name, value in caller.headers.items() if name != self._name}
        if caller.subject is not None or caller.client_id is not None:
            headers[self._name] = self._identity(caller)
        return headers

    def _identity(self, caller: Caller) -> str:
        expires = int(self._clock()) // STEP_S * STEP_S + VALID_S
        key = (caller.subject, caller.client_id, caller.scopes, caller.language, expires)
        known = self._signed.get(key)
        if known is None:
            known = sign(caller, expires, self._secret)
            self._signed.put(key, known)
        return known


def sign(caller: Caller, expires: int, secret: bytes) -> str:
    """The header's value. ``expires``: Unix seconds after which it must not be believed."""
    claims = {
        "sub": caller.subject,
        "client_id": caller.client_id,
        "scope": sorted(caller.scopes),
        "lang": caller.language,
        "exp": expires,
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode())
    return f"{payload.decode()}.{hmac.new(secret, payload, hashlib.sha256).hexdigest()}"
