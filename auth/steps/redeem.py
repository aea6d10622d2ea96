"""Turn the grant into tokens through Authlib's core, in one transaction where the grant has one."""

import logging
from typing import Any

from authlib.oauth2 import OAuth2Error
from starlette.responses import JSONResponse, Response

from auth.core import CoreRequest, refusal_of
from auth.errors import Refusal
from auth.exchange import NO_STORE, Exchange
from auth.grant_types import STATELESS
from auth.grant_types.replay import Replayed

log = logging.getLogger("auth.tokens")
_NEEDED = {"authorization_code": ("code", "missing_code"), "refresh_token": ("refresh_token", "missing_token")}


async def redeem(exchange: Exchange) -> Response:
    """RFC 6749 section 5.1. A replayed code or refresh token ends its grant (sections 4.1.2 and 10.5)."""
    server, grant_type = exchange.server, exchange.form["grant_type"]
    if grant_type in _NEEDED and _NEEDED[grant_type][0] not in exchange.form:
        raise Refusal("invalid_request", _NEEDED[grant_type][1])
    request = CoreRequest("POST", exchange.form, exchange.client, exchange.now, exchange.proved_key, exchange.claims)
    try:
        if grant_type in STATELESS:
            reply = server.core.create_token_response(request)
        else:
            async with server.database.write() as session:
                reply = await session.run_sync(
                    lambda sync: server.core.within(sync, lambda: server.core.create_token_response(request))
                )
    except Replayed as error:
        await server.end_grant(error.grant_id)
        log.warning("replayed %s of client %s: grant %s ended", grant_type, exchange.client.id, error.grant_id)
        raise _refused(grant_type, error) from error
    except OAuth2Error as error:
        raise _refused(grant_type, error) from error
    body: dict[str, Any] = reply.body
    log.info("issued %s to %s: %s", grant_type, exchange.client.id, body["scope"])
    return JSONResponse(body, headers=NO_STORE)


def _refused(grant_type: str, error: OAuth2Error) -> Refusal:
    refusal = refusal_of(error)
    if refusal.error == "invalid_grant" and grant_type == "refresh_token":
        return Refusal("invalid_grant", "bad_refresh_token")
    return refusal
