"""Storing many rows of one table, the same on SQLite and PostgreSQL: for seeds and importers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession


async def store_rows(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[dict[str, Any]], *, replace: bool
) -> None:
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
