"""DPoP nonces (RFC 9449 section 8): an HMAC over the time, so that any process can check what another gave out."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable

LIFE_SECONDS = 120
_MAC_BYTES = 16


class Nonces:
    """Gives out nonces and knows its own; they may be used any number of times while they live. `key`: 32 bytes."""

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def give(self) -> str:
        """32 base64url characters: the time and its MAC."""
        moment = int(self._clock()).to_bytes(8, "big")
        return base64.urlsafe_b64encode(moment + self._mac(moment)).decode("ascii")

    def knows(self, nonce: str) -> bool:
        """Whether it was given out here in the last two minutes."""
        if len(nonce) != 32 or not nonce.isascii():
            return False
        try:
            raw = base64.b64decode(nonce, altchars=b"-_", validate=True)
        except binascii.Error:
            return False
        moment, mac = raw[:8], raw[8:]
        age = int(self._clock()) - int.from_bytes(moment, "big")
        return hmac.compare_digest(mac, self._mac(moment)) and -1 <= age <= LIFE_SECONDS

    def _mac(self, moment: bytes) -> bytes:
        return hmac.new(self._key, moment, hashlib.sha256).digest()[:_MAC_BYTES]
