"""The authorization server of the hub, and how the router believes its tokens without asking over the network."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth.config import AuthSettings
from auth.server import AuthServer
from hub.databases import create_missing_databases
from hub.settings import Settings
from router.policy.jwt import TokenVerifier
from router.policy.keys import JwksKeys

GRAPHQL_PATH = "/graphql"


def auth_settings(settings: Settings) -> AuthSettings:
    """The authorization server's settings: issuer is the hub's URL, audience its GraphQL endpoint."""
    return AuthSettings(
        issuer=settings.url,
        audience=settings.url + GRAPHQL_PATH,
        database_url=settings.database_url("auth"),
        keys_dir=settings.data / "keys",
        sandbox=True,
    )


@asynccontextmanager
async def open_auth(settings: Settings) -> AsyncIterator[AuthServer]:
    """The open authorization server; closed at the end of the block."""
    await create_missing_databases(settings, ["auth"])
    server = await AuthServer.open(auth_settings(settings))
    try:
        yield server
    finally:
        await server.aclose()


def verifier(server: AuthServer) -> TokenVerifier:
    """A verifier with the server's keys and revocations, both in process."""
    return TokenVerifier(server.issuer, server.audience, JwksKeys(server.jwks), is_revoked=server.is_revoked)
