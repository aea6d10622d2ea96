"""Public documents."""

from auth import paths
from auth.exchange import Endpoint
from auth.steps.publish import publish_keys, publish_metadata

JWKS = Endpoint(path=paths.JWKS, methods=("GET",), follows=("RFC 7517",), steps=(publish_keys,), cors=True)
METADATA = Endpoint(path=paths.METADATA, methods=("GET",), follows=("RFC 8414",), steps=(publish_metadata,), cors=True)
OPENID_METADATA = Endpoint(
    path=paths.OPENID_METADATA, methods=("GET",), follows=("OIDC Discovery 4",), steps=(publish_metadata,), cors=True
)
