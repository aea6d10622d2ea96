"""ID tokens (OpenID Connect Core section 2): who signed in, said to the app and meant for it alone."""

import base64
import hashlib
from typing import Any

from auth.config import AuthSettings
from auth.keys import KeyRing
from auth.tokens import Subject

TYPE = "JWT"


def id_token(
    keys: KeyRing,
    settings: AuthSettings,
    subject: Subject,
    client_id: str,
    *,
    access_token: str,
    nonce: str | None,
    now: int,
) -> str:
    """A signed ID token; it lives as long as the access token beside it and has another `typ`, so it is none itself."""
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "sub": subject.id,
        "aud": client_id,
        "iat": now,
        "exp": now + settings.access_token_seconds,
        "auth_time": subject.authenticated_at,
        "at_hash": _half_hash(access_token),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return keys.sign(claims, TYPE)


def _half_hash(token: str) -> str:
    """OpenID Connect Core section 3.1.3.6: the left half of the SHA-256."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()[:16]).rstrip(b"=").decode("ascii")
