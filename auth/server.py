"""The authorization server as one value: what it owns, and what the rest of the hub may ask of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel import col, delete, select, update

from auth.citizens import Attempts, Passwords
from auth.clients import ClientDirectory
from auth.config import AuthSettings
from auth.core import Core
from auth.database import Database
from auth.keys import KeyRing
from auth.migrations import migrate
from auth.models import (
    AuthorizationCode,
    BrowserSession,
    DeviceCode,
    Grant,
    PushedRequest,
    RefreshToken,
    Revocation,
    SigningKey,
    UsedProof,
)
from auth.nonces import Nonces
from auth.revocations import Listener, RevocationFeed
from auth.sessions import Cookies
from auth.shared_keys import shared_key
from auth.tokens import AccessTokens

log = logging.getLogger("auth")
_SWEEP_SECONDS = 300.0


class AuthServer:
    """An open authorization server. Make it with `await AuthServer.open(settings)`; end it with `aclose`.

    For the hub: `issuer`, `jwks()`, `listen` and `is_revoked` (revocations); `auth.app.routes(server)` to serve it next
    to others, `auth.sandbox` for accounts and tokens to try things with, `auth.registration` for apps.
    """

    def __init__(self, settings: AuthSettings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url)
        self.keys = KeyRing(settings, self.database, clock)
        self.tokens = AccessTokens(settings, self.keys, clock)
        self.core = Core(settings, self.keys, self.tokens)
        self.clients = ClientDirectory(self.database, clock)
        self.revocations = RevocationFeed(settings, self.database, clock)
        self.passwords = Passwords()
        self.attempts = Attempts(clock)
        self.cookies = Cookies(settings.secure)
        self.nonces = Nonces(secrets.token_bytes(32), clock)
        self._upkeep: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, settings: AuthSettings, *, clock: Callable[[], float] = time.time) -> AuthServer:
        """Migrate the database, have a signing key, read revocations, start the upkeep."""
        # Authlib logs issued tokens at DEBUG, aiosqlite whole rows; a root logger at DEBUG must not bring that out.
        for name in ("authlib", "aiosqlite"):
            logging.getLogger(name).setLevel(logging.WARNING)
        server = cls(settings, clock)
        try:
            await migrate(server.database)
            await server.keys.refresh()
            server.nonces = Nonces(await shared_key(server.database, "nonces"), clock)
            await server.revocations.poll()
        except BaseException:
            await server.database.aclose()
            raise
        server._upkeep = asyncio.create_task(server._keep_up(), name="auth upkeep")
        return server

    @property
    def issuer(self) -> str:
        """`iss` of every token."""
        return self.settings.issuer

    @property
    def audience(self) -> str:
        """`aud` of every token."""
        return self.settings.audience

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys, for a router in this process; the same as the JWKS address serves."""
        return self.keys.jwks()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear of every revocation (see `RevocationFeed.listen`)."""
        return self.revocations.listen(listener)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token with these verified claims was ended early."""
        return self.revocations.is_revoked(claims)

    async def end_token(self, jti: str) -> None:
        """Revoke one access token."""
        async with self.database.write() as session:
            revoked = await session.run_sync(lambda sync: self.revocations.write(sync, "token", jti))
        self.revocations.announce(revoked)

    async def end_grant(self, grant_id: str) -> None:
        """Revoke everything that came from one consent: codes, refresh tokens, live access tokens."""
        async with self.database.write() as session:
            ended = await session.exec(
                update(Grant)
                .where(col(Grant.id) == grant_id, col(Grant.revoked_at).is_(None))
                .values(revoked_at=int(self.clock()))
            )
            if ended.rowcount != 1:
                return
            revoked = await session.run_sync(lambda sync: self.revocations.write(sync, "grant", grant_id))
        self.revocations.announce(revoked)

    async def aclose(self) -> None:
        """Stop the upkeep and close the database."""
        if self._upkeep is not None:
            self._upkeep.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._upkeep
        await self.database.aclose()

    async def _keep_up(self) -> None:
        """Hear other processes, rotate keys, sweep what has expired; a database that is away is tried again."""
        swept = -_SWEEP_SECONDS
        while True:
            await asyncio.sleep(self.settings.poll_seconds)
            try:
                await self.revocations.poll()
                if time.monotonic() - swept >= _SWEEP_SECONDS:
                    swept = time.monotonic()
                    await self.keys.refresh()
                    await self.sweep()
            except Exception:  # whatever it is, the next turn may go well
                log.exception("upkeep failed; trying again")

    async def sweep(self) -> None:
        """Delete rows that can no longer matter. A used code stays until no token of its grant can be alive."""
        now = int(self.clock())
        longest = max(self.settings.access_token_seconds, self.settings.sandbox_token_seconds)
        async with self.database.write() as session:
            await session.exec(delete(BrowserSession).where(col(BrowserSession.expires_at) <= now))
            await session.exec(delete(AuthorizationCode).where(col(AuthorizationCode.expires_at) <= now - longest))
            await session.exec(delete(RefreshToken).where(col(RefreshToken.expires_at) <= now))
            await session.exec(delete(Revocation).where(col(Revocation.expires_at) <= now))
            await session.exec(delete(PushedRequest).where(col(PushedRequest.expires_at) <= now))
            await session.exec(delete(DeviceCode).where(col(DeviceCode.expires_at) <= now - longest))
            await session.exec(delete(UsedProof).where(col(UsedProof.expires_at) <= now))
            await session.exec(delete(SigningKey).where(col(SigningKey.published_until) <= now))
            await session.exec(
                delete(Grant)
                .where(col(Grant.created_at) <= now - self.settings.refresh_token_seconds - longest)
                .where(col(Grant.id).not_in(select(RefreshToken.grant_id)))
                .where(col(Grant.id).not_in(select(AuthorizationCode.grant_id)))
            )
