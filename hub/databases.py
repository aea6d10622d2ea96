"""Databases by name: nothing to do for SQLite files, ``CREATE DATABASE`` on a PostgreSQL server that lacks one."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
from sqlalchemy import make_url

from hub.settings import Settings


async def create_missing_databases(settings: Settings, names: Sequence[str]) -> None:
    """Make the databases of these rooms.

    Raises OSError or asyncpg.PostgresError when the server cannot be reached or refuses.
    """
    if not settings.database:
        settings.data.mkdir(parents=True, exist_ok=True)
        return
    server = make_url(settings.database_url("")).set(drivername="postgresql", database="postgres")
    connection = await asyncpg.connect(server.render_as_string(hide_password=False))
    try:
        present = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for name in names:
            database = make_url(settings.database_url(name)).database or ""
            if database not in present:
                # An identifier cannot be a parameter; these are our own names, quoted all the same.
                await connection.execute('CREATE DATABASE "' + database.replace('"', '""') + '"')
    finally:
        await connection.close()
