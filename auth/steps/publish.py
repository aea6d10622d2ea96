"""Documents anyone may read: the key set and the server's metadata."""

from starlette.responses import JSONResponse, Response

from auth.exchange import Exchange
from auth.metadata import server_metadata


def publish_keys(exchange: Exchange) -> Response:
    """RFC 7517 section 5."""
    return JSONResponse(
        exchange.server.jwks(), media_type="application/jwk-set+json", headers={"Cache-Control": "public, max-age=60"}
    )


def publish_metadata(exchange: Exchange) -> Response:
    """RFC 8414 section 3.2, OpenID Connect Discovery section 4.2."""
    return JSONResponse(server_metadata(exchange.server.settings), headers={"Cache-Control": "public, max-age=300"})
