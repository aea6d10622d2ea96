"""The access token of a request to one of this server's own resources."""

import re

from auth.client_keys import ALGORITHMS
from auth.errors import Refusal
from auth.exchange import Exchange
from auth.steps.read_proof import take_proof

_AUTHORIZATION = re.compile(r"(?i:(bearer|dpop)) +([A-Za-z0-9._~+/=-]{1,8192})")


async def read_access_token(exchange: Exchange) -> None:
    """RFC 6750 section 2.1, RFC 9449 section 7: from the Authorization header alone. Sets `exchange.claims`.

    A token that is bound to a key comes with the scheme DPoP and a proof by that key, any other as Bearer.
    """
    header = exchange.request.headers.get("authorization")
    if header is None:
        raise Refusal("invalid_token", "missing_access_token", status=401, headers=(("WWW-Authenticate", "Bearer"),))
    match = _AUTHORIZATION.fullmatch(header)
    scheme = match[1].lower() if match else "bearer"
    claims = exchange.server.tokens.read(match[2]) if match else None
    if match is None or claims is None or exchange.server.revocations.is_revoked(claims):
        raise token_refused("invalid_token", "bad_access_token", 401, scheme)
    bound_to = claims.get("cnf", {}).get("jkt")
    if (scheme == "dpop") != (bound_to is not None):
        raise token_refused("invalid_token", "wrong_token_scheme", 401, "bearer" if bound_to is None else "dpop")
    if bound_to is not None:
        try:
            key = await take_proof(exchange, exchange.request.headers.getlist("dpop"), match[2])
        except Refusal as refusal:
            raise token_refused(refusal.error, refusal.reason, 401, "dpop") from refusal
        if key != bound_to:
            raise token_refused("invalid_token", "proof_key", 401, "dpop")
    exchange.claims = claims


def require_openid(exchange: Exchange) -> None:
    """OpenID Connect Core section 5.3: the token must have been granted `openid`."""
    if "openid" not in exchange.claims["scope"].split(" "):
        raise token_refused("insufficient_scope", "openid_not_granted", 403)


def token_refused(error: str, reason: str, status: int, scheme: str = "bearer") -> Refusal:
    """RFC 6750 section 3, RFC 9449 section 7.1."""
    refusal = Refusal(error, reason, status=status)
    parts = [f'error="{error}"', f'error_description="{refusal.description}"']
    if scheme == "dpop":
        parts.append(f'algs="{" ".join(ALGORITHMS)}"')
    challenge = f"{'DPoP' if scheme == 'dpop' else 'Bearer'} {', '.join(parts)}"
    return Refusal(error, reason, status=status, headers=(("WWW-Authenticate", challenge),))
