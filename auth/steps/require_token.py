"""Revocation and introspection are about a token: it must be there."""

from auth.errors import Refusal
from auth.exchange import Exchange


def require_token(exchange: Exchange) -> None:
    """RFC 7009 section 2.1, RFC 7662 section 2.1; hints are only hints and are not read."""
    if "token" not in exchange.form:
        raise Refusal("invalid_request", "missing_token")
