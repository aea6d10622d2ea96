"""No parameter of an authorization request may stand twice."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.parameters import repeated


def refuse_repeats(exchange: Exchange) -> None:
    """RFC 6749 section 3.1. A repeated `state` is not sent back: there is no telling which one is meant."""
    names = repeated(exchange.pairs)
    if "state" in names:
        exchange.parameters.pop("state", None)
    if names:
        raise Refusal("invalid_request", "repeated_parameter")
