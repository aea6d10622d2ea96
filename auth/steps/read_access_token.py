"""The access token of a request to one of this server's own resources."""

import re

from auth.errors import Refusal
from auth.exchange import Exchange

_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/=-]{1,8192})")


def read_access_token(exchange: Exchange) -> None:
    """RFC 6750 section 2.1: from the Authorization header alone. Sets `exchange.claims`."""
    header = exchange.request.headers.get("authorization")
    if header is None:
        raise Refusal("invalid_token", "missing_access_token", status=401, headers=(("WWW-Authenticate", "Bearer"),))
    match = _BEARER.fullmatch(header)
    claims = exchange.server.tokens.read(match[1]) if match else None
    if claims is None or exchange.server.revocations.is_revoked(claims):
        raise token_refused("invalid_token", "bad_access_token", 401)
    exchange.claims = claims


def require_openid(exchange: Exchange) -> None:
    """OpenID Connect Core section 5.3: the token must have been granted `openid`."""
    if "openid" not in exchange.claims["scope"].split(" "):
        raise token_refused("insufficient_scope", "openid_not_granted", 403)


def token_refused(error: str, reason: str, status: int) -> Refusal:
    """RFC 6750 section 3."""
    refusal = Refusal(error, reason, status=status)
    challenge = f'Bearer error="{error}", error_description="{refusal.description}"'
    return Refusal(error, reason, status=status, headers=(("WWW-Authenticate", challenge),))
