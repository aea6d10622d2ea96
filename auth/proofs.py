"""DPoP proofs (RFC 9449 section 4): the sender of a request shows that it holds the key its tokens are bound to."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from auth.client_keys import ALGORITHMS, read_public_key, thumbprint
from auth.errors import Refusal
from auth.nonces import Nonces

TYPE = "dpop+jwt"
MAXIMUM_AGE_SECONDS = 60
SKEW_SECONDS = 10
_MAXIMUM_LENGTH = 8_192
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NO_CLAIM_CHECKS: Any = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is good once: `jkt` is the thumbprint of its key (RFC 7638), `expires_at` when it is void anyway."""

    jkt: str
    jti: str
    expires_at: int


def read_proof(
    proof: str, *, method: str, address: str, now: int, nonces: Nonces, access_token: str | None = None
) -> Proof:
    """Check everything but whether it was used before (RFC 9449 section 4.3).

    `address` is the URL of this request without query, from the configuration; `access_token` is the one beside the
    proof at a resource. Raises `Refusal` invalid_dpop_proof, or use_dpop_nonce when only the nonce is wrong.
    """
    jwk, claims = _signed(proof)
    if claims.get("htm") != method or not _same_address(claims.get("htu"), address):
        raise _refused("proof_request")
    issued_at, jti, nonce = claims.get("iat"), claims.get("jti"), claims.get("nonce")
    if type(issued_at) is not int or not now - MAXIMUM_AGE_SECONDS <= issued_at <= now + SKEW_SECONDS:
        raise _refused("proof_time")
    if not isinstance(jti, str) or not 0 < len(jti) <= 255:
        raise _refused("proof_id")
    if access_token is not None and claims.get("ath") != token_hash(access_token):
        raise _refused("proof_token")
    if not isinstance(nonce, str) or not nonces.knows(nonce):
        raise Refusal("use_dpop_nonce", "proof_nonce")
    return Proof(thumbprint(jwk), jti, issued_at + MAXIMUM_AGE_SECONDS + SKEW_SECONDS)


def token_hash(access_token: str) -> str:
    """`ath`: SHA-256 of the token, base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _signed(proof: str) -> tuple[Any, dict[str, Any]]:
    """Public key (a JWK) and claims of a proof that its key has signed."""
    if len(proof) > _MAXIMUM_LENGTH:
        raise _refused("proof_malformed")
    try:
        header = jwt.get_unverified_header(proof)
        kind, algorithm, jwk = header.get("typ"), header.get("alg"), header.get("jwk")
        key = read_public_key(jwk)
        if (
            not isinstance(kind, str)
            or kind.lower() != TYPE
            or algorithm not in ALGORITHMS
            or "crit" in header
            or key is None
            or key.algorithm_name != algorithm
        ):
            raise _refused("proof_malformed")
        claims = jwt.decode(proof, key, algorithms=[algorithm], options=_NO_CLAIM_CHECKS)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise _refused("proof_malformed") from error
    return jwk, claims


def _same_address(claimed: Any, address: str) -> bool:
    """RFC 9449 section 4.3 item 9: without query and fragment, after normalisation of scheme, host and port."""
    if not isinstance(claimed, str):
        return False
    try:
        return _normal(claimed) == _normal(address)
    except ValueError:
        return False


def _normal(address: str) -> tuple[str, str | None, int | None, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme), parts.path or "/"


def _refused(reason: str) -> Refusal:
    return Refusal("invalid_dpop_proof", reason)
