"""Storing reference rows in bulk, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


def room_id(lodge_id: str, category_ko: str, name_ko: str) -> str:
    """The id of a room: the same facts give the same id in seed and import, blanks ignored."""
    words = "".join(f"{category_ko}/{name_ko}".split())
    return f"{lodge_id}-{hashlib.blake2b(words.encode(), digest_size=6).hexdigest()}"


async def store(session: AsyncSession, model: type[SQLModel], rows: Sequence[dict[str, Any]], *, replace: bool) -> None:
    """Insert rows of one shape; a row whose primary key is there is replaced, or kept when not ``replace``."""
    if not rows:
        return
    table: Table = inspect(model).local_table
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    new = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        insert.on_conflict_do_update(index_elements=keys, set_=new) if replace else insert.on_conflict_do_nothing()
    )
    await session.execute(statement, list(rows))
