"""Signed proofs may be used once: the one INSERT of its digest wins, over all processes."""

from sqlalchemy.dialects import postgresql, sqlite

from auth.credentials import digest
from auth.database import Database
from auth.models import UsedProof


async def use_once(database: Database, kind: str, owner: str, jti: str, expires_at: int) -> bool:
    """Whether this is the first use of the proof `jti` of `owner`; remembered until `expires_at` (seconds UTC)."""
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    async with database.write() as session:
        written = await session.exec(
            insert(UsedProof)
            .values(digest=digest(f"{kind}\n{owner}\n{jti}"), expires_at=expires_at)
            .on_conflict_do_nothing(index_elements=["digest"])
        )
        return bool(written.rowcount == 1)
