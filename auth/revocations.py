"""What ended early, and telling the router: kept in memory, written to the database, read from other processes.

A stateless token cannot be recalled, so its revocation is remembered until it would have expired anyway.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session
from sqlmodel import col, select

from auth.config import AuthSettings
from auth.database import Database
from auth.grant_types.token_exchange import chain
from auth.models import Revocation

Kind = Literal["token", "grant", "client", "citizen"]
_OVERLAP_SECONDS = 30
_SKEW_SECONDS = 60
log = logging.getLogger("auth.revocations")


@dataclass(frozen=True, slots=True)
class Revoked:
    """One revocation: the token or grant of this id is dead, or every token a client or citizen got until `revoked_at`.

    Times are seconds UTC; after `expires_at` no token it could concern is alive.
    """

    kind: Kind
    value: str
    revoked_at: int
    expires_at: int


Listener = Callable[[Revoked], None]


class RevocationFeed:
    """The revocations of this server; `listen` to hear of each once, `is_revoked` to ask about a token's claims."""

    def __init__(self, settings: AuthSettings, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._longest = max(settings.access_token_seconds, settings.sandbox_token_seconds)
        self._active: dict[tuple[str, Any], Revoked] = {}
        self._listeners: list[Listener] = []
        self._read_from = 0

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every revocation that is active now, then with each new one; returns the way to stop."""
        for revoked in self._active.values():
            listener(revoked)
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def listening(self) -> int:
        """How many listeners there are."""
        return len(self._listeners)

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Whether the token with these verified claims was ended early, or one that it was exchanged for."""
        if not self._active:
            return False
        if any(("token", jti) in self._active for jti in (claims.get("jti"), *claims.get("from", ()))):
            return True
        if ("grant", claims.get("grant_id")) in self._active:
            return True
        owners = [("client", claims.get("client_id")), ("citizen", claims.get("sub"))]
        owners += [("client", client_id) for client_id in chain(claims)]
        ended = (self._active[owner].revoked_at for owner in owners if owner in self._active)
        return any(claims.get("iat", 0) <= revoked_at for revoked_at in ended)

    def write(self, session: Session, kind: Kind, value: str) -> Revoked:
        """Record a revocation in the caller's transaction; call `announce` once that is committed."""
        now = int(self._clock())
        revoked = Revoked(kind, value, now, now + self._longest + _SKEW_SECONDS)
        session.add(Revocation(kind=kind, value=value, revoked_at=now, expires_at=revoked.expires_at))
        return revoked

    def announce(self, revoked: Revoked) -> None:
        """Make a committed revocation take effect in this process."""
        known = self._active.get((revoked.kind, revoked.value))
        if known is not None and known.revoked_at >= revoked.revoked_at:
            return
        self._active[revoked.kind, revoked.value] = revoked
        log.info("revoked %s %s", revoked.kind, revoked.value)
        for listener in tuple(self._listeners):
            listener(revoked)

    async def poll(self) -> None:
        """Take in what other processes wrote, and forget what has expired."""
        now = int(self._clock())
        async with self._database.read() as session:
            rows = await session.exec(
                select(Revocation).where(
                    col(Revocation.revoked_at) >= self._read_from, col(Revocation.expires_at) > now
                )
            )
            for row in rows:
                self.announce(Revoked(row.kind, row.value, row.revoked_at, row.expires_at))  # type: ignore[arg-type]
        # A row can become visible a little after its time: another process's transaction commits later than it began.
        self._read_from = now - _OVERLAP_SECONDS
        self._active = {key: revoked for key, revoked in self._active.items() if revoked.expires_at > now}
