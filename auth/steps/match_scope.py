"""Every requested scope must have been granted to the app; none is dropped silently."""

from auth.errors import Refusal
from auth.exchange import Exchange


def match_scope(exchange: Exchange) -> None:
    """RFC 6749 section 3.3. Without `scope` the app's own scopes are meant; the consent page lists them."""
    if not exchange.client.get_allowed_scope(exchange.parameters.get("scope")):
        raise Refusal("invalid_scope", "scope_not_granted")
