"""End a token of the calling app; a refresh token takes its whole grant along."""

from starlette.responses import Response

from auth.exchange import NO_STORE, Exchange
from auth.stored_tokens import find_refresh


async def revoke(exchange: Exchange) -> Response:
    """RFC 7009 section 2.2: 200 for whatever is not a live token of the caller, too; hints are only hints."""
    token = exchange.form["token"]
    server, caller = exchange.server, exchange.client
    claims = server.tokens.read(token)
    if claims is not None:
        if claims["client_id"] == caller.id:
            await server.end_token(claims["jti"])
    elif (row := await find_refresh(server.database, token, caller.id, exchange.now)) is not None:
        await server.end_grant(row.grant_id)
    return Response(status_code=200, headers=NO_STORE)
