"""OpenID Connect: what an app may know about the citizen."""

from auth import paths
from auth.exchange import Endpoint
from auth.steps.read_access_token import read_access_token, require_openid
from auth.steps.refuse_query import refuse_query
from auth.steps.tell_identity import tell_identity

USERINFO = Endpoint(
    path=paths.USERINFO,
    methods=("GET", "POST"),
    follows=("OIDC Core 5.3", "RFC 6750", "RFC 9449 7"),
    steps=(refuse_query, read_access_token, require_openid, tell_identity),
    cors=True,
)
