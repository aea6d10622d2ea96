"""Passing a verified identity from a router to a subgraph in another process: one signed, short-lived header.

The router has verified the access token; a subgraph must not have to, and must not believe just anyone either. The
header ``hub-identity`` is ``base64url(JSON).hex(HMAC-SHA256)`` under a secret both sides know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from subgraphs.kit.context import ANONYMOUS, Identity
from subgraphs.kit.errors import Language
from subgraphs.kit.time import Clock, utc_now

HEADER = "hub-identity"
VALID_SECONDS = 60
_MAX_HEADER = 8192


class BadIdentity(ValueError):
    """The header is malformed, expired or signed with another secret."""


def sign_identity(identity: Identity, secret: bytes, clock: Clock = utc_now) -> str:
    """The header's value for one request."""
    claims = {
        "sub": identity.subject,
        "client_id": identity.client_id,
        "scope": sorted(identity.scopes),
        "lang": identity.language,
        "exp": int(clock().timestamp()) + VALID_SECONDS,
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims, separators=(",", ":")).encode()).decode()
    return f"{payload}.{_signature(payload, secret)}"


def read_identity(headers: Mapping[str, str], secret: bytes, clock: Clock = utc_now) -> Identity:
    """The identity of a request with lower-case ``headers``; anonymous without the header. Raises BadIdentity."""
    header = headers.get(HEADER)
    if header is None:
        return Identity(language=preferred_language(headers.get("accept-language", "")))
    payload, _, signature = header.partition(".")
    if len(header) > _MAX_HEADER or not hmac.compare_digest(signature.encode(), _signature(payload, secret).encode()):
        raise BadIdentity("the signature does not fit")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload))
        identity = Identity(claims["sub"], claims["client_id"], frozenset(claims["scope"]), claims["lang"])
        expires = int(claims["exp"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise BadIdentity("the claims are malformed") from error
    if clock().timestamp() > expires:
        raise BadIdentity("the header has expired")
    return identity


def no_identity(headers: Mapping[str, str]) -> Identity:
    """Everyone is anonymous: what a subgraph without a secret believes."""
    language = preferred_language(headers.get("accept-language", ""))
    return ANONYMOUS if language == "en" else Identity(language=language)


def preferred_language(accept_language: str) -> Language:
    """Korean or English, by the first of the two that an ``Accept-Language`` value prefers; English by default."""
    ranked: list[tuple[float, int, Language]] = []
    for index, part in enumerate(accept_language[:500].split(",")):
        tag, _, quality = part.strip().partition(";")
        language: Language | None = {"ko": "ko", "en": "en"}.get(tag.lower()[:2])  # type: ignore[assignment]
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if language is not None and weight > 0:
            ranked.append((-weight, index, language))
    return min(ranked)[2] if ranked else "en"


def _signature(payload: str, secret: bytes) -> str:
    return hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
