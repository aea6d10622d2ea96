"""Schema migrations (Alembic), run in process on SQLite and PostgreSQL with a version table of their own."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection

from auth.database import Database
from auth.models import AuthTable

VERSION_TABLE = "auth_version"
_LOCK = 0x61757468  # any constant: one migration at a time over all processes


async def migrate(database: Database) -> None:
    """Bring the schema to the newest revision; does nothing when it is there already."""
    async with database.engine.begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        await connection.run_sync(_upgrade)


def differences(connection: Connection) -> list[Any]:
    """What differs between the models and the schema of `connection`; empty when the migrations are complete."""
    context = MigrationContext.configure(
        connection,
        opts={"version_table": VERSION_TABLE, "compare_type": True, "include_name": _is_ours},
    )
    return list(compare_metadata(context, AuthTable.metadata))


def _is_ours(name: str | None, kind: str, parents: Any) -> bool:
    return kind != "table" or bool(name and name.startswith("auth_") and name != VERSION_TABLE)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
