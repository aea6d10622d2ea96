"""An app sends its authorization request directly, before it sends the citizen (RFC 9126)."""

from starlette.responses import JSONResponse, Response

from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.pushed_requests import push

_AUTHENTICATION = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def adopt_form(exchange: Exchange) -> None:
    """Take the authorization request out of the form; a request_uri must not be pushed (RFC 9126 section 2.1)."""
    if "request_uri" in exchange.form:
        raise Refusal("invalid_request", "pushed_request_uri")
    pairs = tuple(pair for pair in exchange.form_pairs if pair[0] not in _AUTHENTICATION)
    named = {"client_id": exchange.client.id}
    exchange.adopt((*named.items(), *(pair for pair in pairs if pair[0] != "client_id")))


async def push_request(exchange: Exchange) -> Response:
    """RFC 9126 section 2.2. A proof sent with the request binds the code to its key (RFC 9449 section 10.1)."""
    server, pairs = exchange.server, exchange.pairs
    if exchange.proved_key is not None and "dpop_jkt" not in exchange.parameters:
        pairs = (*pairs, ("dpop_jkt", exchange.proved_key))
    seconds = server.settings.pushed_request_seconds
    address = await push(server.database, exchange.client.id, pairs, now=exchange.now, seconds=seconds)
    return JSONResponse({"request_uri": address, "expires_in": seconds}, status_code=201, headers=NO_STORE)
