"""Random identifiers and secrets, and the one-way digests that are stored in their place.

Machine secrets carry 256 random bits, so a plain SHA-256 of them cannot be guessed; slow hashes are for passwords only
(see citizens.py).
"""

import base64
import hashlib
import hmac
import secrets


def new_id(prefix: str) -> str:
    """`<prefix>_` and 128 random bits in lower-case base32 (26 characters); made here, never chosen by anyone."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(16)).decode('ascii').rstrip('=').lower()}"


def new_secret() -> str:
    """256 random bits as 43 base64url characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """SHA-256 of the UTF-8 text in hex (64 characters): what the database holds instead of the secret."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def same_digest(secret: str, stored: str) -> bool:
    """Whether `secret` has the digest `stored`, in constant time."""
    return hmac.compare_digest(digest(secret), stored)


def form_token(key: str, purpose: str, bound_to: str) -> str:
    """Anti-forgery token of a form: HMAC-SHA-256 keyed by the browser's cookie over what the form will do.

    Nobody without the cookie can make it, and it is void when the bound text (the authorization request) is changed.
    """
    message = f"{purpose}\n{bound_to}".encode()
    return hmac.new(key.encode("utf-8"), message, hashlib.sha256).hexdigest()


def same_form_token(given: str, key: str, purpose: str, bound_to: str) -> bool:
    """Whether `given` is the form token of these parts, in constant time."""
    return hmac.compare_digest(given.encode("utf-8"), form_token(key, purpose, bound_to).encode("ascii"))
