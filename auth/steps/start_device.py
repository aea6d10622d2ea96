"""A device without a browser asks for a code that a citizen can enter elsewhere."""

from starlette.responses import JSONResponse, Response

from auth import paths
from auth.device_codes import INTERVAL_SECONDS, shown, start
from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.grant_types import DEVICE_CODE


def allow_device(exchange: Exchange) -> None:
    """RFC 8628 section 3.1: only apps registered for it, since the citizen cannot see which device asks."""
    if not exchange.client.check_grant_type(DEVICE_CODE):
        raise Refusal("unauthorized_client", "grant_type_not_allowed")


async def start_device(exchange: Exchange) -> Response:
    """RFC 8628 section 3.2."""
    server = exchange.server
    scope = exchange.client.get_allowed_scope(exchange.parameters.get("scope")) or ""
    seconds = server.settings.device_code_seconds
    device_code, user_code = await start(server.database, exchange.client.id, scope, now=exchange.now, seconds=seconds)
    page = server.issuer + paths.DEVICE
    return JSONResponse(
        {
            "device_code": device_code,
            "user_code": shown(user_code),
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown(user_code)}",
            "expires_in": seconds,
            "interval": INTERVAL_SECONDS,
        },
        headers=NO_STORE,
    )
