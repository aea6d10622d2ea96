"""PKCE is required of every app, with S256."""

import re

from auth.errors import Refusal
from auth.exchange import Exchange

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def require_s256(exchange: Exchange) -> None:
    """RFC 9700 section 2.1.1; RFC 7636 section 4.3, where a missing method would mean `plain`."""
    challenge = exchange.parameters.get("code_challenge")
    if challenge is None:
        raise Refusal("invalid_request", "missing_code_challenge")
    if exchange.parameters.get("code_challenge_method") != "S256":
        raise Refusal("invalid_request", "challenge_not_s256")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise Refusal("invalid_request", "malformed_code_challenge")
