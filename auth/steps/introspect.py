"""Say what a token is, to the app it was issued to or to the resource server it is for."""

from starlette.responses import JSONResponse, Response

from auth.exchange import NO_STORE, Exchange
from auth.stored_tokens import find_refresh


async def introspect(exchange: Exchange) -> Response:
    """RFC 7662 section 2.2: anything that is not a live token the caller may see is `{"active": false}`."""
    token = exchange.form["token"]
    server, caller = exchange.server, exchange.client
    claims = server.tokens.read(token)
    if claims is not None:
        mine = claims["client_id"] == caller.id or claims["aud"] == caller.resource
        if mine and not server.revocations.is_revoked(claims):
            return JSONResponse({"active": True, "token_type": "Bearer", **claims}, headers=NO_STORE)
    elif (row := await find_refresh(server.database, token, caller.id, exchange.now)) is not None:
        return JSONResponse(
            {
                "active": True,
                "client_id": row.client_id,
                "scope": row.scope,
                "exp": row.expires_at,
                "iat": row.issued_at,
            },
            headers=NO_STORE,
        )
    return JSONResponse({"active": False}, headers=NO_STORE)
