"""DPoP proofs (RFC 9449): whoever sends a token that is bound to a key shows that it holds the key.

Each proof is good once in this process: its ``jti`` is remembered while the proof could still be taken. With a nonce
secret, shared by all workers, every proof must carry a nonce we gave out, so that none can be made in advance.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
from jwt.exceptions import PyJWTError

from router.errors import Overloaded, ProofRefused
from router.lru import Lru
from router.policy.jwt import SIGNATURE_ONLY

ALGORITHMS = {"ES256": ("EC", "P-256"), "PS256": ("RSA", None), "EdDSA": ("OKP", "Ed25519")}
"""Algorithm → kind of key and curve."""
MAX_AGE_S = 60
SKEW_S = 10
NONCE_LIFE_S = 120
MAX_PROOF_BYTES = 4_096
MAX_REMEMBERED = 100_000
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_RSA_BITS = range(2_048, 4_097)
_SCHEMES = {"ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}
_MAC_BYTES = 16


class ProofChecker:
    """Checks the proofs sent to one address; ``url`` is that under which clients know it."""

    def __init__(
        self,
        url: str,
        *,
        nonce_secret: str = "",
        max_remembered: int = MAX_REMEMBERED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = _normal(url)
        self._nonce_key = hashlib.sha256(nonce_secret.encode()).digest() if nonce_secret else None
        self._max_remembered = max_remembered
        self._clock = clock
        self._used: OrderedDict[bytes, float] = OrderedDict()
        self._keys: Lru[str, jwt.PyJWK] = Lru(4_096)

    def check(self, proof: str | None, *, method: str, token: str, key: str) -> None:
        """Take the proof beside ``token``, which is bound to the key of thumbprint ``key`` (RFC 7638).

        Raises ``ProofRefused`` for any other (RFC 9449 section 4.3), ``Overloaded`` when no more can be remembered.
        """
        if proof is None:
            raise self._refused("it is missing", "증명이 없습니다")
        claims = self._signed(proof, key)
        now = self._clock()
        issued_at, jti = claims.get("iat"), claims.get("jti")
        if claims.get("htm") != method or not self._is_here(claims.get("htu")):
            raise self._refused("it is for another method or address", "다른 메서드나 주소의 증명입니다")
        if type(issued_at) is not int or not now - MAX_AGE_S <= issued_at <= now + SKEW_S:
            raise self._refused("its iat is not of the last minute", "iat가 최근 1분이 아닙니다")
        if not isinstance(jti, str) or not 0 < len(jti) <= 255:
            raise self._refused("its jti is missing or too long", "jti가 없거나 너무 깁니다")
        if claims.get("ath") != _encoded(hashlib.sha256(token.encode("ascii")).digest()):
            raise self._refused("it is for another token", "다른 토큰의 증명입니다")
        if self._nonce_key is not None and not self._knows(claims.get("nonce"), now):
            raise self._refused("it needs the nonce of DPoP-Nonce", "DPoP-Nonce의 nonce가 필요합니다", needs_nonce=True)
        self._use(hashlib.sha256(f"{key}\n{jti}".encode()).digest(), now, issued_at + MAX_AGE_S + SKEW_S)

    def nonce(self) -> str:
        """A nonce for the next proof; empty where none is asked for."""
        if self._nonce_key is None:
            return ""
        moment = int(self._clock()).to_bytes(8, "big")
        return _encoded(moment + self._mac(moment))

    def _knows(self, nonce: Any, now: float) -> bool:
        if not isinstance(nonce, str) or len(nonce) != 32 or not nonce.isascii():
            return False
        try:
            raw = base64.b64decode(nonce, altchars=b"-_", validate=True)
        except ValueError:
            return False
        age = int(now) - int.from_bytes(raw[:8], "big")
        return hmac.compare_digest(raw[8:], self._mac(raw[:8])) and -1 <= age <= NONCE_LIFE_S

    def _mac(self, moment: bytes) -> bytes:
        assert self._nonce_key is not None
        return hmac.new(self._nonce_key, moment, hashlib.sha256).digest()[:_MAC_BYTES]

    def _use(self, digest: bytes, now: float, until: float) -> None:
        if digest in self._used:
            raise self._refused("it was used before", "이미 사용한 증명입니다")
        while self._used and next(iter(self._used.values())) < now:
            self._used.popitem(last=False)
        if len(self._used) >= self._max_remembered:
            raise Overloaded("As many DPoP proofs are remembered as may be.", ko="처리 중인 DPoP 증명이 너무 많습니다.")
        # Kept for the longest any proof taken now could last, so that the oldest entry is the first to end.
        self._used[digest] = max(until, now + MAX_AGE_S + 2 * SKEW_S)

    def _is_here(self, address: Any) -> bool:
        try:
            return isinstance(address, str) and _normal(address) == self._address
        except ValueError:
            return False

    def _signed(self, proof: str, thumbprint: str) -> Mapping[str, Any]:
        """The claims of a proof signed by the key in it, which must be the one the token is bound to."""
        if len(proof) > MAX_PROOF_BYTES or not proof.isascii():
            raise self._refused("it is malformed", "형식이 올바르지 않습니다")
        try:
            header = jwt.get_unverified_header(proof)
            kind, algorithm, jwk = header.get("typ"), header.get("alg"), header.get("jwk")
            if not isinstance(kind, str) or kind.lower() != "dpop+jwt" or "crit" in header or not isinstance(jwk, dict):
                raise self._refused("it is malformed", "형식이 올바르지 않습니다")
            if algorithm not in ALGORITHMS:
                raise self._refused("its algorithm is not allowed", "허용되지 않은 알고리즘입니다")
            if any(name in jwk for name in _PRIVATE_MEMBERS):
                raise self._refused("its key is a private one", "개인 키가 담겨 있습니다")
            if thumbprint_of(jwk) != thumbprint:
                raise self._refused("its key is not the token's", "토큰이 묶인 키가 아닙니다")
            claims: dict[str, Any] = jwt.decode(
                proof, self._key(jwk, algorithm, thumbprint), algorithms=[algorithm], options=SIGNATURE_ONLY
            )
        except (PyJWTError, ValueError, TypeError, RecursionError):
            raise self._refused("its signature is not valid", "서명이 올바르지 않습니다") from None
        return claims

    def _key(self, jwk: Mapping[str, Any], algorithm: str, thumbprint: str) -> jwt.PyJWK:
        if (jwk["kty"], jwk.get("crv")) != ALGORITHMS[algorithm]:
            raise ValueError("the key is not one for the algorithm")
        key = self._keys.get(thumbprint)
        if key is None:
            key = jwt.PyJWK(dict(jwk), algorithm=algorithm)
            if jwk["kty"] == "RSA" and key.key.key_size not in _RSA_BITS:
                raise ValueError("an RSA key has 2048 to 4096 bits")
            self._keys.put(thumbprint, key)
        return key

    def _refused(self, why: str, why_ko: str, *, needs_nonce: bool = False) -> ProofRefused:
        return ProofRefused(
            f"The DPoP proof is refused: {why}.",
            ko=f"DPoP 증명이 거부되었습니다: {why_ko}.",
            error="use_dpop_nonce" if needs_nonce else "invalid_dpop_proof",
            nonce=self.nonce(),
        )


def thumbprint_of(jwk: Mapping[str, Any]) -> str:
    """SHA-256 thumbprint of a public key, base64url (RFC 7638); raises ``ValueError`` when members are missing."""
    members = _THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if members is None or not all(isinstance(jwk.get(name), str) for name in members):
        raise ValueError("not a public key")
    return _encoded(hashlib.sha256(orjson.dumps({name: jwk[name] for name in members})).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _normal(address: str) -> tuple[str, str | None, int | None, str]:
    """Scheme, host, port and path; a WebSocket's handshake is a request of HTTP."""
    parts = urlsplit(address)
    scheme = _SCHEMES.get(parts.scheme, parts.scheme)
    return scheme, parts.hostname, parts.port or _PORTS.get(scheme), parts.path or "/"
