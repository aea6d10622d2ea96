"""Alembic by domain, run from the program: own revisions and own version table, so domains may share a database.

When the version table already names the head, ``migrate`` reads one row and is done.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text

from subgraphs.kit.database import Database

_ALEMBIC_REMARK = re.compile(r"\n    # ### .*")
ENVIRONMENT = Path(__file__).parent / "alembic_environment"


def version_table(domain: str) -> str:
    """Where a domain's present revision is kept."""
    return f"{domain}_schema_version"


async def migrate(database: Database, domain: str, metadata: MetaData, folder: Path) -> None:
    """Bring the tables of a domain to the newest revision; safe when several processes start at once."""
    head = ScriptDirectory(str(ENVIRONMENT), version_locations=[str(folder)]).get_current_head()
    async with database.reader.connect() as connection:
        if head is not None and await connection.run_sync(_revision, domain) == head:
            return
    async with database.write_connection() as connection:
        if database.dialect == "postgresql":
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"migrate {domain}"}
            )
        await connection.run_sync(_upgrade, domain, metadata, folder)


async def differences(database: Database, domain: str, metadata: MetaData) -> list[Any]:
    """What the migrated database and the models disagree about; empty when they are equal."""
    async with database.reader.connect() as connection:
        return await connection.run_sync(_compare, domain, metadata)


async def write_revision(database: Database, domain: str, metadata: MetaData, folder: Path, message: str) -> None:
    """Write the next revision file from what the models have and the database has not."""
    async with database.write_connection() as connection:
        await connection.run_sync(_revise, domain, metadata, folder, message)


def _config(connection: Connection, domain: str, metadata: MetaData, folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes.update(
        connection=connection,
        metadata=metadata,
        version_table=version_table(domain),
        include_name=_own_tables(metadata),
    )
    return config


def _own_tables(metadata: MetaData) -> Any:
    """Alembic must not see the tables of other domains in the same database."""

    def include(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in metadata.tables

    return include


def _revision(connection: Connection, domain: str) -> str | None:
    table = version_table(domain)
    if not inspect(connection).has_table(table):
        return None
    return connection.execute(text(f'SELECT version_num FROM "{table}"')).scalar()  # noqa: S608 - a domain's name


def _upgrade(connection: Connection, domain: str, metadata: MetaData, folder: Path) -> None:
    command.upgrade(_config(connection, domain, metadata, folder), "head")


def _revise(connection: Connection, domain: str, metadata: MetaData, folder: Path, message: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    config = _config(connection, domain, metadata, folder)
    number = f"{len(list(folder.glob('*.py'))) + 1:04d}"
    command.upgrade(config, "head")
    made = command.revision(config, message, autogenerate=True, rev_id=f"{domain}_{number}", version_path=str(folder))
    for script in made if isinstance(made, list) else [made]:
        if script is not None:
            path = Path(script.path)
            path.write_text(_ALEMBIC_REMARK.sub("", path.read_text()))


def _compare(connection: Connection, domain: str, metadata: MetaData) -> list[Any]:
    options = {
        "version_table": version_table(domain),
        "include_name": _own_tables(metadata),
        "compare_type": True,
        "compare_server_default": True,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))
