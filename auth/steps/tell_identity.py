"""What an app may know about the citizen who signed in to it."""

from typing import Any

from starlette.responses import JSONResponse, Response

from auth.citizens import get_citizen
from auth.exchange import NO_STORE, Exchange
from auth.steps.read_access_token import token_refused


async def tell_identity(exchange: Exchange) -> Response:
    """OpenID Connect Core section 5.3.2: `sub` always, `name` (section 5.4) when `profile` was granted."""
    citizen = await get_citizen(exchange.server.database, exchange.claims["sub"])
    if citizen is None:
        raise token_refused("invalid_token", "bad_access_token", 401)
    told: dict[str, Any] = {"sub": citizen.id}
    if "profile" in exchange.claims["scope"].split(" "):
        told["name"] = citizen.name
    return JSONResponse(told, headers=NO_STORE)
