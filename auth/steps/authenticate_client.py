"""Confidential apps prove themselves with their secret; public apps only say who they are."""

from auth.errors import Refusal, client_not_authenticated
from auth.exchange import Exchange


async def authenticate_client(exchange: Exchange) -> None:
    """RFC 6749 section 2.3 and 3.2.1: client_secret_basic, client_secret_post, none."""
    client_id, secret = exchange.basic or (exchange.form.get("client_id"), exchange.form.get("client_secret"))
    if client_id is None:
        raise client_not_authenticated() if secret else Refusal("invalid_client", "missing_client_id", status=401)
    client = await exchange.server.clients.get(client_id)
    if client is None:
        raise client_not_authenticated()
    if client.confidential:
        proved = secret is not None and client.check_secret(secret, exchange.server.clock())
    else:
        proved = not secret and exchange.basic is None
    if not proved:
        raise client_not_authenticated()
    exchange.known_client = client


async def authenticate_confidential(exchange: Exchange) -> None:
    """The same for endpoints that answer confidential apps only (RFC 7662 section 2.1)."""
    await authenticate_client(exchange)
    if not exchange.client.confidential:
        raise client_not_authenticated()
