"""An authorization request may be the address of one that the app pushed before; some profiles must do that."""

from auth.errors import Refusal
from auth.exchange import Exchange
from auth.parameters import first_values
from auth.pushed_requests import PREFIX, find_pushed


async def recall_pushed(exchange: Exchange) -> None:
    """RFC 9126 section 4: what was pushed counts, whatever else the URL says. Nothing is fetched from anywhere."""
    address = exchange.parameters.get("request_uri", "")
    if not address.startswith(PREFIX):
        return
    pushed = await find_pushed(exchange.server.database, address, exchange.client.id, exchange.now)
    if pushed is None:
        raise Refusal("invalid_request_uri", "unknown_pushed_request")
    exchange.pushed = pushed
    exchange.pairs = (("client_id", exchange.client.id), ("request_uri", address))
    exchange.parameters = first_values(pushed.pairs)
    exchange.resources = tuple(value for name, value in pushed.pairs if name == "resource")


def require_pushed(exchange: Exchange) -> None:
    """FAPI 2.0 section 5.3.2.2: requests of some apps come pushed or not at all."""
    if exchange.client.profile.pushes_requests and exchange.pushed is None:
        raise Refusal("invalid_request", "not_pushed")
