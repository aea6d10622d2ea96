"""Documents anyone may read: the key set and the server's metadata."""

from starlette.responses import JSONResponse, Response

from auth import paths
from auth.exchange import Exchange
from auth.scopes import SCOPES
from auth.steps.match_grant_type import SUPPORTED

_CACHE = {"Cache-Control": "public, max-age=300"}
_SECRET_METHODS = ["client_secret_basic", "client_secret_post"]


def publish_keys(exchange: Exchange) -> Response:
    """RFC 7517 section 5."""
    return JSONResponse(
        exchange.server.jwks(), media_type="application/jwk-set+json", headers={"Cache-Control": "public, max-age=60"}
    )


def publish_metadata(exchange: Exchange) -> Response:
    """RFC 8414 section 2; every address comes from the configured issuer."""
    issuer = exchange.server.issuer
    return JSONResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": issuer + paths.AUTHORIZE,
            "token_endpoint": issuer + paths.TOKEN,
            "jwks_uri": issuer + paths.JWKS,
            "revocation_endpoint": issuer + paths.REVOKE,
            "introspection_endpoint": issuer + paths.INTROSPECT,
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": list(SUPPORTED),
            "token_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
            "revocation_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
            "introspection_endpoint_auth_methods_supported": _SECRET_METHODS,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "ui_locales_supported": ["ko", "en"],
            "protected_resources": [exchange.server.settings.audience],
        },
        headers=_CACHE,
    )
