"""The only response type is `code`, and the app must be registered for it."""

from auth.errors import Refusal
from auth.exchange import Exchange


def want_code(exchange: Exchange) -> None:
    """RFC 6749 section 4.1.1; the implicit grant is gone (RFC 9700 section 2.1.2)."""
    response_type = exchange.parameters.get("response_type")
    if response_type is None:
        raise Refusal("invalid_request", "missing_response_type")
    if response_type != "code":
        raise Refusal("unsupported_response_type", "response_type_not_code")
    if not exchange.client.check_response_type(response_type):
        raise Refusal("unauthorized_client", "grant_type_not_allowed")
