"""Tokens are for the router only."""

from auth.errors import Refusal
from auth.exchange import Exchange


def match_resource(exchange: Exchange) -> None:
    """RFC 8707 section 2: any other `resource` is invalid_target; none means the router."""
    if any(resource != exchange.server.settings.audience for resource in exchange.resources):
        raise Refusal("invalid_target", "unknown_resource")
