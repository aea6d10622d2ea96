"""Say what a token is, to the app it was issued to or to the resource server it is for."""

from typing import Any

from starlette.responses import JSONResponse, Response

from auth.exchange import NO_STORE, Exchange
from auth.stored_tokens import find_refresh

JWT_MEDIA_TYPE = "application/token-introspection+jwt"
JWT_TYPE = "token-introspection+jwt"


async def introspect(exchange: Exchange) -> Response:
    """RFC 7662 section 2.2: anything that is not a live token the caller may see is `{"active": false}`.

    RFC 9701 section 5: the same answer as a signed JWT for the caller alone, when its Accept asks for that.
    """
    told = await _told(exchange)
    if not _wants_jwt(exchange.request.headers.get("accept", "")):
        return JSONResponse(told, headers=NO_STORE)
    server = exchange.server
    claims = {"iss": server.issuer, "aud": exchange.client.id, "iat": exchange.now, "token_introspection": told}
    return Response(server.keys.sign(claims, JWT_TYPE), media_type=JWT_MEDIA_TYPE, headers=NO_STORE)


async def _told(exchange: Exchange) -> dict[str, Any]:
    token = exchange.form["token"]
    server, caller = exchange.server, exchange.client
    claims = server.tokens.read(token)
    if claims is not None:
        mine = claims["client_id"] == caller.id or claims["aud"] == caller.resource
        if mine and not server.revocations.is_revoked(claims):
            return {"active": True, "token_type": "DPoP" if "cnf" in claims else "Bearer", **claims}
    elif (row := await find_refresh(server.database, token, caller.id, exchange.now)) is not None:
        return {
            "active": True,
            "client_id": row.client_id,
            "scope": row.scope,
            "exp": row.expires_at,
            "iat": row.issued_at,
        }
    return {"active": False}


def _wants_jwt(accept: str) -> bool:
    return any(part.partition(";")[0].strip().lower() == JWT_MEDIA_TYPE for part in accept[:1_000].split(","))
