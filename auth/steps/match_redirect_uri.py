"""The redirect URI must be one the app registered, character for character; from here on errors go to it."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.parameters import repeated


def match_redirect_uri(exchange: Exchange) -> None:
    """RFC 9700 section 4.1.3; RFC 8252 section 7.3 for the port of a loopback IP."""
    if "redirect_uri" in repeated(exchange.pairs):
        raise Refusal("invalid_request", "repeated_parameter")
    redirect_uri = exchange.parameters.get("redirect_uri")
    if redirect_uri is None:
        raise Refusal("invalid_request", "missing_redirect_uri")
    if not exchange.client.check_redirect_uri(redirect_uri):
        raise Refusal("invalid_request", "redirect_uri_mismatch")
    exchange.redirect_uri = redirect_uri
