"""Keys of apps under test, and what apps sign with them."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MAKERS: dict[str, Any] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "PS256": lambda: rsa.generate_private_key(public_exponent=65_537, key_size=2_048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


@dataclass
class AppKey:
    """A private key of an app."""

    algorithm: str = "ES256"
    kid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.private = _MAKERS[self.algorithm]()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half."""
        return {**jwt.algorithms.get_default_algorithms()[self.algorithm].to_jwk(self.private.public_key(), True)}

    @property
    def jwks(self) -> dict[str, Any]:
        """As registered."""
        return {"keys": [{**self.jwk, "kid": self.kid}]}

    def sign(self, claims: dict[str, Any], header: dict[str, Any]) -> str:
        """Claims and header members that are None are left out; `alg` in the header is this key's."""
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(
            kept, self.private, self.algorithm, {name: value for name, value in header.items() if value is not None}
        )

    def assertion(self, client_id: str, issuer: str, now: float, header: Any = None, **changes: Any) -> str:
        """A good client assertion, changed by name; a change to None leaves the claim out."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "iat": int(now),
            "exp": int(now) + 60,
            "jti": uuid.uuid4().hex,
        }
        return self.sign({**claims, **changes}, {"kid": self.kid, "typ": None, **(header or {})})

    def credentials(self, client_id: str, issuer: str, now: float, **changes: Any) -> dict[str, str]:
        """The form fields of private_key_jwt."""
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self.assertion(client_id, issuer, now, **changes),
        }

    @property
    def thumbprint(self) -> str:
        """RFC 7638, by hand: the required members in order."""
        required = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n"), "OKP": ("crv", "kty", "x")}
        members = {name: self.jwk[name] for name in required[self.jwk["kty"]]}
        return _encoded(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())

    def proof(
        self, method: str, address: str, now: float, nonce: str | None, token: str | None = None, header: Any = None,
        **changes: Any,
    ) -> str:  # fmt: skip
        """A good DPoP proof, changed by name; a change to None leaves the claim out."""
        claims = {
            "htm": method,
            "htu": address,
            "iat": int(now),
            "jti": uuid.uuid4().hex,
            "nonce": nonce,
            "ath": None if token is None else _encoded(hashlib.sha256(token.encode()).digest()),
        }
        return self.sign({**claims, **changes}, {"typ": "dpop+jwt", "jwk": self.jwk, **(header or {})})


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def part(value: object) -> str:
    """One part of a JWT made by hand."""
    return _encoded(json.dumps(value).encode())
