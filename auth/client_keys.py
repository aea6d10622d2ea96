"""Public keys of apps, given by value when an app is registered; never fetched from an address an app names."""

from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry

from auth.errors import RegistrationRefused

ALGORITHMS = ("ES256", "PS256", "EdDSA")
"""Of FAPI 2.0 (section 5.4); RS256 is not among them."""
MAXIMUM_KEYS = 5
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_LEAST_RSA_BITS, _MOST_RSA_BITS = 2_048, 4_096


def algorithm_of(key: jwt.PyJWK) -> str | None:
    """The one algorithm a public key may sign with here, None for a key of another kind or strength."""
    public = key.key
    if isinstance(public, ec.EllipticCurvePublicKey):
        return "ES256" if isinstance(public.curve, ec.SECP256R1) else None
    if isinstance(public, rsa.RSAPublicKey):
        return "PS256" if _LEAST_RSA_BITS <= public.key_size <= _MOST_RSA_BITS else None
    return "EdDSA" if isinstance(public, ed25519.Ed25519PublicKey) else None


def read_public_key(jwk: Any) -> jwt.PyJWK | None:
    """The key of a JWK with public members only, of a kind `ALGORITHMS` knows; None for anything else."""
    if not isinstance(jwk, Mapping) or any(name in jwk for name in _PRIVATE):
        return None
    algorithms = {"EC": "ES256", "RSA": "PS256", "OKP": "EdDSA"}
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in algorithms:
        return None
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=algorithms[kind])
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None
    return key if algorithm_of(key) == algorithms[kind] else None


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """RFC 7638 SHA-256 thumbprint of a key that `read_public_key` took, base64url (43 characters)."""
    return JWKRegistry.import_key(dict(jwk)).thumbprint()


def check_key_set(jwks: Any) -> dict[str, Any]:
    """A JWK set (RFC 7517) fit to be stored: every key has a `kid` of its own and says it is for signatures.

    Raises `RegistrationRefused` for private or weak keys, other algorithms, double `kid`s, none or more than five keys.
    """
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAXIMUM_KEYS:
        raise RegistrationRefused(f'a key set is {{"keys": […]}} with 1 to {MAXIMUM_KEYS} keys')
    checked: dict[str, dict[str, Any]] = {}
    for jwk in keys:
        key = read_public_key(jwk)
        if key is None or jwk.get("use", "sig") != "sig":
            raise RegistrationRefused(
                "a key is public, for signatures, and EC P-256, RSA of 2048 to 4096 bits or Ed25519"
            )
        try:
            kid = jwk.get("kid", thumbprint(jwk))
        except JoseError as error:
            raise RegistrationRefused("a key is malformed") from error
        if not isinstance(kid, str) or not 0 < len(kid) <= 200 or kid in checked:
            raise RegistrationRefused("each key has a kid of its own, at most 200 characters long")
        checked[kid] = {**jwk, "kid": kid, "use": "sig", "alg": algorithm_of(key)}
    return {"keys": list(checked.values())}
