"""private_key_jwt: an app proves who it is with a JWT signed by its own key (RFC 7523, OIDC Core section 9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from auth.client_keys import ALGORITHMS
from auth.errors import Refusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAXIMUM_LIFE_SECONDS = 600
_SKEW_SECONDS = 10
_TYPES = (None, "jwt", "client-authentication+jwt")
_SIGNATURE_ONLY: Any = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat", "verify_aud", "verify_iss"), False)
_SIGNATURE_ONLY |= {"verify_signature": True, "verify_sub": False, "verify_jti": False}


@dataclass(frozen=True, slots=True)
class Assertion:
    """A good assertion; it may be used once until `expires_at` (seconds UTC)."""

    jti: str
    expires_at: int


def claimed_client(assertion: str) -> str | None:
    """The client id an assertion names, not verified: which keys to look up."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    subject = claims.get("sub")
    return subject if isinstance(subject, str) else None


def read_assertion(assertion: str, client_id: str, keys: Mapping[str, jwt.PyJWK], issuer: str, now: int) -> Assertion:
    """Verify an assertion of this client. `keys`: kid → public key.

    The audience is this server's issuer, alone and not in a list, so that an assertion made for another server or
    another address is worth nothing here (FAPI 2.0 section 5.3.2.1; the attack of January 2025 on token endpoint URLs).
    Raises `Refusal` invalid_client; what is wrong is told only to the holder of the key.
    """
    claims = _signed_claims(assertion, keys)
    if claims is None:
        raise assertion_refused("client_not_authenticated")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise assertion_refused("assertion_subject")
    if claims.get("aud") != issuer:
        raise assertion_refused("assertion_audience")
    expires_at, jti = claims.get("exp"), claims.get("jti")
    times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
    if type(expires_at) is not int or any(type(time) is not int for time in times):
        raise assertion_refused("assertion_times")
    starts = max(time for time in (claims.get("iat", 0), claims.get("nbf", 0)))
    if not now < expires_at <= now + MAXIMUM_LIFE_SECONDS + _SKEW_SECONDS or starts > now + _SKEW_SECONDS:
        raise assertion_refused("assertion_times")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise assertion_refused("assertion_id")
    return Assertion(jti, expires_at)


def _signed_claims(assertion: str, keys: Mapping[str, jwt.PyJWK]) -> dict[str, Any] | None:
    try:
        header = jwt.get_unverified_header(assertion)
        kind, kid = header.get("typ"), header.get("kid")
        if (kind.lower() if isinstance(kind, str) else kind) not in _TYPES or "crit" in header:
            return None
        if kid is None and len(keys) == 1:
            kid = next(iter(keys))
        key = keys.get(kid) if isinstance(kid, str) else None
        if key is None or header.get("alg") not in ALGORITHMS or key.algorithm_name != header["alg"]:
            return None
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=[header["alg"]], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return claims


def assertion_refused(reason: str) -> Refusal:
    """401 invalid_client; nothing to retry with in another way, so there is no challenge (RFC 6749 section 5.2)."""
    return Refusal("invalid_client", reason, status=401)
