"""Read the parameters of an authorization request from the URL."""

from auth.exchange import Exchange
from auth.parameters import parse_pairs


def read_query(exchange: Exchange) -> None:
    """RFC 6749 section 3.1. `lang` is this server's own and no part of the request."""
    pairs = parse_pairs(exchange.request.scope["query_string"])
    exchange.adopt(tuple(pair for pair in pairs if pair[0] != "lang"))
