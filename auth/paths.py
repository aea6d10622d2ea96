"""Addresses of the authorization server, below the issuer."""

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"  # noqa: S105
JWKS = "/oauth/jwks.json"
USERINFO = "/oauth/userinfo"
INTROSPECT = "/oauth/introspect"
REVOKE = "/oauth/revoke"
LOGIN = "/oauth/login"
LOGOUT = "/oauth/logout"
CONSENT = "/oauth/consent"
ASSETS = "/oauth/assets"
METADATA = "/.well-known/oauth-authorization-server"
OPENID_METADATA = "/.well-known/openid-configuration"
