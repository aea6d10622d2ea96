"""Keys that all processes of one server share: made by whoever needs one first, kept in the database."""

import secrets

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select

from auth.database import Database
from auth.models import SharedKey


async def shared_key(database: Database, name: str) -> bytes:
    """The 32 bytes of this name. They protect freshness, never a token: whoever reads the database learns little."""
    insert = sqlite.insert if database.is_sqlite else postgresql.insert
    async with database.write() as session:
        await session.exec(
            insert(SharedKey)
            .values(name=name, hex=secrets.token_hex(32))
            .on_conflict_do_nothing(index_elements=["name"])
        )
        return bytes.fromhex((await session.exec(select(SharedKey.hex).where(SharedKey.name == name))).one())
