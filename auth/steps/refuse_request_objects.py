"""Request objects are not taken, and nothing is ever fetched from a request_uri."""

from auth.errors import Refusal
from auth.exchange import Exchange


def refuse_request_objects(exchange: Exchange) -> None:
    """OpenID Connect Core section 3.1.2.6 names the errors; RFC 9101 is not offered."""
    if "request" in exchange.parameters:
        raise Refusal("request_not_supported", "request_object")
    if "request_uri" in exchange.parameters:
        raise Refusal("request_uri_not_supported", "request_uri")
