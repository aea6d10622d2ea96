"""The authorization server: OAuth 2 on Authlib's core, Starlette and async SQLModel. Imports no sibling package.

server = await AuthServer.open(AuthSettings(issuer=…, audience=…))
app = app_of(server)            # or `routes(server)` inside another application
verifier = TokenVerifier(issuer=server.issuer, audience=server.audience, keys=server.jwks)
server.listen(on_revocation)    # hears every revocation once
"""

from auth.app import app_of, build_app, routes
from auth.config import AuthSettings, read_settings
from auth.errors import AuthError
from auth.revocations import Revoked
from auth.sandbox import SandboxAccess, issue_sandbox_token
from auth.scopes import SCOPES, Scope
from auth.server import AuthServer

__all__ = [
    "SCOPES",
    "AuthError",
    "AuthServer",
    "AuthSettings",
    "Revoked",
    "SandboxAccess",
    "Scope",
    "app_of",
    "build_app",
    "issue_sandbox_token",
    "read_settings",
    "routes",
]
