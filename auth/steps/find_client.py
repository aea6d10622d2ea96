"""Which app asks for authorization. Until its redirect URI is known too, errors are pages."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.pages.render import is_device_visit
from auth.parameters import repeated
from auth.steps.match_redirect_uri import match_redirect_uri
from auth.steps.recall_pushed import recall_pushed


async def find_client(exchange: Exchange) -> None:
    """RFC 6749 section 4.1.2.1: an unknown, missing or repeated client_id must not redirect."""
    if "client_id" in repeated(exchange.pairs):
        raise Refusal("invalid_request", "repeated_parameter")
    client_id = exchange.parameters.get("client_id")
    if client_id is None:
        raise Refusal("invalid_request", "missing_client_id")
    client = await exchange.server.clients.get(client_id)
    if client is None:
        raise Refusal("invalid_client", "unknown_client")
    exchange.known_client = client


async def recall_app(exchange: Exchange) -> None:
    """On a form that continues an authorization request: which app it was, so that the page can name it again."""
    if exchange.pairs and not is_device_visit(exchange.pairs):
        await find_client(exchange)
        await recall_pushed(exchange)
        match_redirect_uri(exchange)
