"""What this server says about itself: RFC 8414 section 2 and OpenID Connect Discovery section 3, one document.

Every address comes from the configured issuer; nothing is named that is not built.
"""

from typing import Any

from auth import paths
from auth.client_keys import ALGORITHMS
from auth.config import AuthSettings
from auth.grant_types import GRANT_TYPES
from auth.keys import ALGORITHM
from auth.profiles import AUTHENTICATION_METHODS, CONFIDENTIAL_METHODS
from auth.scopes import ALL_SCOPES


def server_metadata(settings: AuthSettings) -> dict[str, Any]:
    """The document as JSON values."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + paths.AUTHORIZE,
        "pushed_authorization_request_endpoint": issuer + paths.PUSH,
        "require_pushed_authorization_requests": False,
        "device_authorization_endpoint": issuer + paths.DEVICE_AUTHORIZATION,
        "token_endpoint": issuer + paths.TOKEN,
        "userinfo_endpoint": issuer + paths.USERINFO,
        "jwks_uri": issuer + paths.JWKS,
        "revocation_endpoint": issuer + paths.REVOKE,
        "introspection_endpoint": issuer + paths.INTROSPECT,
        "scopes_supported": list(ALL_SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": list(AUTHENTICATION_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": list(CONFIDENTIAL_METHODS),
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_signing_alg_values_supported": [ALGORITHM],
        "code_challenge_methods_supported": ["S256"],
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "at_hash", "name"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["ko", "en"],
        "protected_resources": [settings.audience],
    }
