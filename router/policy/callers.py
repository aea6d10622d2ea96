"""From request headers to a ``Caller``: the token from ``Authorization`` alone, the language, the forwarded headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from router.caller import Caller
from router.errors import Unauthenticated
from router.policy.jwt import Grant, TokenVerifier
from router.policy.proofs import ProofChecker

Headers = Mapping[bytes, bytes]
"""Lower-case names, Latin-1 values; see ``joined``."""

MAX_LANGUAGE_RANGES = 20
_CACHED_LENGTH = 120


def joined(pairs: Sequence[tuple[bytes, bytes]]) -> Headers:
    """ASGI's headers as a mapping; lines of one name are joined by commas (RFC 9110 section 5.3)."""
    headers = dict(pairs)
    if len(headers) != len(pairs):
        headers.clear()
        for name, value in pairs:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


def language_of(headers: Headers) -> str:
    """``"ko"`` or ``"en"`` by the Accept-Language header."""
    value = headers.get(b"accept-language")
    if value is None:
        return "en"
    return _language(value) if len(value) <= _CACHED_LENGTH else preferred_language(value.decode("latin-1"))


@lru_cache(maxsize=512)
def _language(value: bytes) -> str:
    return preferred_language(value.decode("latin-1"))


def preferred_language(accept_language: str) -> str:
    """``"ko"`` when Korean is wanted before English (RFC 9110 section 12.5.4), else ``"en"``; ties go to the first."""
    weights: dict[str, float] = {}
    for item in accept_language.split(",", MAX_LANGUAGE_RANGES)[:MAX_LANGUAGE_RANGES]:
        tag, _, parameters = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in ("ko", "en"):
            weights[language] = max(weights.get(language, 0.0), _weight(parameters))
    best = max(weights, key=weights.__getitem__, default="en")
    return best if weights.get(best) else "en"


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


def token_of(authorization: str) -> tuple[str, str]:
    """Scheme (``bearer``, ``dpop``) and token of the Authorization header (RFC 6750 section 2.1, RFC 9449 section 7.1).

    Raises ``Unauthenticated`` for another scheme, an empty token, or more than one.
    """
    scheme, _, token = authorization.strip().partition(" ")
    scheme, token = scheme.lower(), token.strip()
    if scheme not in ("bearer", "dpop") or not token or " " in token or "," in token:
        raise Unauthenticated(
            "The Authorization header must be one 'Bearer <access token>', or 'DPoP <access token>' with its proof.",
            ko="Authorization 헤더는 'Bearer <접근 토큰>' 하나이거나 증명이 딸린 'DPoP <접근 토큰>'이어야 합니다.",
        )
    return scheme, token


class Callers:
    """Makes the caller of a request. Without a verifier nobody is known and Authorization is not looked at."""

    def __init__(
        self,
        verifier: TokenVerifier | None,
        *,
        proofs: ProofChecker | None = None,
        require_token: bool = False,
        forward_headers: Sequence[str] = (),
    ) -> None:
        self._verifier = verifier
        self._proofs = proofs
        self._require_token = require_token
        self._forward = tuple((name.lower().encode("ascii"), name.lower()) for name in forward_headers)

    async def of_headers(self, headers: Headers, method: str = "GET") -> Caller:
        """The caller of one request or handshake. Raises ``Unauthenticated``, ``KeysUnavailable``, ``Overloaded``."""
        forwarded = {name: headers[key].decode("latin-1") for key, name in self._forward if key in headers}
        grant = None
        if self._verifier is not None:
            value = headers.get(b"authorization")
            if value is not None:
                proof = headers.get(b"dpop")
                sent = None if proof is None else proof.decode("latin-1")
                grant = await self._grant(value.decode("latin-1"), sent, method)
        return _caller(grant, language_of(headers), forwarded)

    async def of_socket(self, caller: Caller, authorization: str, proof: str | None = None) -> Caller:
        """The caller of a WebSocket whose ``connection_init`` carries a token; it replaces that of the handshake.

        A proof there is one for the handshake: method GET, the socket's address.
        """
        if self._verifier is None:
            return caller
        return _caller(await self._grant(authorization, proof, "GET"), caller.language, caller.headers)

    def admits(self, caller: Caller) -> bool:
        """Whether this caller may run anything at all."""
        return caller.subject is not None or not self._require_token

    async def _grant(self, authorization: str, proof: str | None, method: str) -> Grant:
        assert self._verifier is not None
        scheme, token = token_of(authorization)
        if scheme == "bearer" or self._proofs is None:
            return await self._verifier.verify(token)
        grant = await self._verifier.verify(token, bound=True)
        assert grant.key is not None
        self._proofs.check(proof, method=method, token=token, key=grant.key)
        return grant

    def was_revoked(self, caller: Caller) -> bool:
        """Whether the caller's token was revoked since; that it expires is the socket's own timer."""
        return self._verifier is not None and caller.subject is not None and self._verifier.is_revoked(caller.claims)


def missing_token() -> Unauthenticated:
    """The refusal of a request without token where one is required."""
    return Unauthenticated("An access token is required.", ko="접근 토큰이 필요합니다.")


def _caller(grant: Grant | None, language: str, headers: Mapping[str, str]) -> Caller:
    if grant is None:
        return Caller(language=language, headers=headers)
    return Caller(
        subject=grant.subject,
        client_id=grant.client_id,
        scopes=grant.scopes,
        claims=grant.claims,
        language=language,
        headers=headers,
        expires_at=grant.expires_at,
    )
