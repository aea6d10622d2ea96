"""Nothing secret belongs in a URL: no query string on endpoints that take a form."""

from auth.errors import Refusal
from auth.exchange import Exchange


def refuse_query(exchange: Exchange) -> None:
    """RFC 6749 section 2.3.1 and 3.2: parameters must not be in the request URI."""
    if exchange.request.scope["query_string"]:
        raise Refusal("invalid_request", "query_not_allowed")
