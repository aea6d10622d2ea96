"""Refresh (RFC 6749 section 6). Public apps rotate and lose the family on reuse; other apps keep their token.

RFC 9700 section 4.14.2 asks for rotation of public clients' tokens, or for tokens bound to a key. A confidential
client's token is useless without its secret, a bound one without its key, and rotating it would log citizens out
whenever an answer is lost.
"""

from typing import Any

from authlib.oauth2.rfc6749 import TokenMixin
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from sqlmodel import col, select, update

from auth.clients import ClientRecord
from auth.credentials import digest, new_secret
from auth.grant_types.replay import Replayed
from auth.models import Grant, RefreshToken
from auth.tokens import Subject


class StoredRefresh(TokenMixin):  # type: ignore[misc]
    """A live refresh token as Authlib asks about it."""

    def __init__(self, row: RefreshToken, grant: Grant) -> None:
        self.row = row
        self.grant = grant

    def check_client(self, client: ClientRecord) -> bool:
        """Whether it was issued to this client."""
        return self.row.client_id == client.id

    def get_scope(self) -> str:
        """The scope it was issued with, the most a refresh can ask."""
        return self.row.scope


class CitizenRefresh(RefreshTokenGrant):  # type: ignore[misc]
    """A family lives `refresh_token_seconds` from the consent on; rotation does not lengthen it."""

    def authenticate_refresh_token(self, refresh_token: str) -> StoredRefresh | None:
        """The live token, else None. Raises `Replayed` when this client shows one that was rotated away."""
        found = self.server.session.exec(
            select(RefreshToken, Grant).join(Grant).where(RefreshToken.digest == digest(refresh_token))
        ).first()
        if found is None:
            return None
        row, grant = found
        if row.expires_at <= self.request.now or grant.revoked_at is not None:
            return None
        if row.jkt is not None and row.jkt != self.request.proved_key:
            return None
        if row.rotated_at is not None and row.client_id == self.request.client.id:
            raise Replayed(grant.id)
        return StoredRefresh(row, grant)

    def authenticate_user(self, refresh_token: StoredRefresh) -> Subject:
        """The citizen who consented."""
        grant = refresh_token.grant
        return Subject(grant.citizen_id, grant.id, grant.authenticated_at, self.request.proved_key)

    def issue_token(self, user: Subject, refresh_token: StoredRefresh) -> dict[str, Any]:
        """New tokens; the new refresh token of a public app carries the whole scope of the old one."""
        scope = self.request.payload.scope or refresh_token.get_scope()
        token: dict[str, Any] = self.generate_token(user=user, scope=scope, include_refresh_token=False)
        return token

    def create_token_response(self) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
        """RFC 6749 section 6, with rotation where nothing else protects the token."""
        refresh = self.request.refresh_token
        token = self.issue_token(self.authenticate_user(refresh), refresh)
        if self.request.client.profile.rotates and refresh.row.jkt is None:
            token["refresh_token"] = self._rotate(refresh)
        return 200, token, self.TOKEN_RESPONSE_HEADER

    def _rotate(self, refresh: StoredRefresh) -> str:
        rotated = self.server.session.exec(
            update(RefreshToken)
            .where(col(RefreshToken.digest) == refresh.row.digest, col(RefreshToken.rotated_at).is_(None))
            .values(rotated_at=self.request.now)
            .execution_options(synchronize_session=False)
        )
        if rotated.rowcount != 1:
            raise Replayed(refresh.grant.id)
        successor = new_secret()
        self.server.session.add(
            RefreshToken(
                digest=digest(successor),
                grant_id=refresh.grant.id,
                client_id=refresh.row.client_id,
                scope=refresh.row.scope,
                issued_at=self.request.now,
                expires_at=refresh.row.expires_at,
                jkt=self.request.proved_key,
            )
        )
        return successor
