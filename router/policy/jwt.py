"""Access tokens: RFC 9068 JWTs verified against the authorization server's keys, once per token.

Stricter than the library where it is lenient (PyJWT takes a string ``exp``) and than RFC 9068 where that protects:
``typ`` must be there, times must be integers, and a token bound to a key (``cnf``, RFC 9449) is no bearer token: its
proof is the matter of ``proofs.py``.
Keys come from the key source by ``kid`` alone; ``jwk``, ``jku`` and ``x5u`` in a header are never looked at.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from router.errors import Unauthenticated
from router.policy.keys import KeySource

MAX_TOKEN_BYTES = 8_192
MAX_KID_LENGTH = 200
MAX_LEEWAY_S = 10.0
_THUMBPRINT_LENGTH = 43
_NEEDS_PROOF = (
    "it is bound to a key: send it as DPoP with its proof",
    "키에 묶여 있으므로 증명과 함께 DPoP로 보내야 합니다",
)
_IS_NOT_BOUND = ("it is not bound to a key: send it as Bearer", "키에 묶이지 않았으므로 Bearer로 보내야 합니다")
TYPES = ("at+jwt", "application/at+jwt")
REQUIRED_STRINGS = ("sub", "client_id", "jti")

Claims = Mapping[str, Any]
IsRevoked = Callable[[Claims], bool]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one verified token grants. ``expires_at`` is Unix seconds; ``key`` the thumbprint it is bound to, if any."""

    subject: str
    client_id: str
    scopes: frozenset[str]
    claims: Claims
    expires_at: float
    key: str | None = None


def never_revoked(claims: Claims) -> bool:
    """The revocation hook of a router that hears of no revocations."""
    return False


class TokenVerifier:
    """Verifies bearer tokens of one issuer for one audience.

    Verified claims are kept by SHA-256 of the token until the token ends, at most ``cache_size`` of them, least
    recently used first out. ``is_revoked`` is asked on every call, for remembered tokens too; it must be quick.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: KeySource,
        *,
        algorithms: Sequence[str] = ("ES256",),
        leeway_s: float = 5.0,
        cache_size: int = 20_000,
        is_revoked: IsRevoked = never_revoked,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not 0 <= leeway_s <= MAX_LEEWAY_S:
            raise ValueError(f"leeway must be 0 to {MAX_LEEWAY_S} seconds")
        if not algorithms or any(name == "none" or name.startswith("HS") for name in algorithms):
            raise ValueError("access tokens are verified with public keys only")
        self.issuer = issuer
        self.audience = audience
        self._keys = keys
        self._algorithms = tuple(algorithms)
        self._leeway_s = leeway_s
        self._cache_size = cache_size
        self.is_revoked = is_revoked
        self._clock = clock
        self._known: OrderedDict[bytes, Grant] = OrderedDict()

    async def verify(self, token: str, *, bound: bool = False) -> Grant:
        """What the token grants; ``bound``: whether it was sent as one that is bound to a key.

        Raises ``Unauthenticated`` for any token that is not good now, ``KeysUnavailable`` when that cannot be told.
        """
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        grant = self._known.get(digest)
        if grant is None:
            grant = await self._verify(token)
            self._known[digest] = grant
            if len(self._known) > self._cache_size:
                self._known.popitem(last=False)
        else:
            if grant.expires_at + self._leeway_s <= self._clock():
                del self._known[digest]
                raise _refused("it has expired", "만료되었습니다")
            self._known.move_to_end(digest)
        if (grant.key is not None) != bound:
            raise _refused(*(_NEEDS_PROOF if grant.key is not None else _IS_NOT_BOUND))
        if self.is_revoked(grant.claims):
            raise _refused("it was revoked", "취소되었습니다")
        return grant

    async def _verify(self, token: str) -> Grant:
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise _refused("it is malformed", "형식이 올바르지 않습니다")
        try:
            header = jwt.get_unverified_header(token)
        except (PyJWTError, ValueError, RecursionError):
            raise _refused("it is malformed", "형식이 올바르지 않습니다") from None
        self._check_header(header)
        key = await self._keys.key(header["kid"])
        if key is None or key.algorithm_name != header["alg"]:
            raise _refused("its key is not known", "알 수 없는 키로 서명되었습니다")
        try:
            claims = jwt.decode(token, key, algorithms=[header["alg"]], options=SIGNATURE_ONLY)
        except (PyJWTError, ValueError, RecursionError):
            raise _refused("its signature is not valid", "서명이 올바르지 않습니다") from None
        return self._grant(claims)

    def _check_header(self, header: Mapping[str, Any]) -> None:
        kind = header.get("typ")
        if not isinstance(kind, str) or kind.lower() not in TYPES:
            raise _refused("it is not of type at+jwt", "at+jwt 형식이 아닙니다")
        if header.get("alg") not in self._algorithms:
            raise _refused("its algorithm is not allowed", "허용되지 않은 알고리즘입니다")
        kid = header.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
            raise _refused("it names no key", "키 식별자가 없습니다")
        if "crit" in header or "b64" in header:
            raise _refused("it has header extensions", "지원하지 않는 헤더 확장이 있습니다")

    def _grant(self, claims: Claims) -> Grant:
        now = self._clock()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self.issuer:
            raise _refused("it is from another issuer", "발급자가 다릅니다")
        if self.audience not in audiences or not all(isinstance(one, str) for one in audiences):
            raise _refused("it is meant for another audience", "다른 대상에게 발급되었습니다")
        expires_at = _seconds(claims, "exp", required=True)
        if expires_at + self._leeway_s <= now:
            raise _refused("it has expired", "만료되었습니다")
        if max(_seconds(claims, "iat", required=True), _seconds(claims, "nbf")) > now + self._leeway_s:
            raise _refused("it is not valid yet", "아직 유효하지 않습니다")
        for name in REQUIRED_STRINGS:
            if not isinstance(claims.get(name), str) or not claims[name]:
                raise _refused(f"its claim {name!r} is missing", f"{name} 값이 없습니다")
        scope = claims.get("scope", "")
        if not isinstance(scope, str):
            raise _refused("its scope is malformed", "scope 형식이 올바르지 않습니다")
        return Grant(
            subject=claims["sub"],
            client_id=claims["client_id"],
            scopes=frozenset(scope.split()),
            claims=claims,
            expires_at=float(expires_at),
            key=_key_of(claims),
        )


SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _seconds(claims: Claims, name: str, *, required: bool = False) -> int:
    value = claims.get(name)
    if value is None and not required:
        return 0
    if type(value) is not int or not 0 <= value < 2**53:
        raise _refused(f"its claim {name!r} is not a whole number of seconds", f"{name} 값이 올바르지 않습니다")
    return value


def _key_of(claims: Claims) -> str | None:
    """The thumbprint of RFC 9449 section 6.1; a token bound in another way cannot be taken."""
    if "cnf" not in claims:
        return None
    bound_to = claims["cnf"]
    key = bound_to.get("jkt") if isinstance(bound_to, dict) and len(bound_to) == 1 else None
    if not isinstance(key, str) or len(key) != _THUMBPRINT_LENGTH:
        raise _refused("it is bound in a way not known here", "알 수 없는 방식으로 묶인 토큰입니다")
    return key


def _refused(why: str, why_ko: str) -> Unauthenticated:
    return Unauthenticated(f"The access token is refused: {why}.", ko=f"접근 토큰이 거부되었습니다: {why_ko}.")
