"""Refresh tokens looked up by what the caller shows."""

from sqlmodel import col, select

from auth.credentials import digest
from auth.database import Database
from auth.models import Grant, RefreshToken


async def find_refresh(database: Database, token: str, client_id: str, now: int) -> RefreshToken | None:
    """The live refresh token of this client, else None."""
    async with database.read() as session:
        return (
            await session.exec(
                select(RefreshToken)
                .join(Grant)
                .where(RefreshToken.digest == digest(token), RefreshToken.client_id == client_id)
                .where(RefreshToken.expires_at > now, col(RefreshToken.rotated_at).is_(None))
                .where(col(Grant.revoked_at).is_(None))
            )
        ).first()
