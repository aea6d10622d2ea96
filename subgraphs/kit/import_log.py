"""What was imported when: a row for each importer, by which a running hub notices an import of another process."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, Column, MetaData, String, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite

from subgraphs.kit.database import Database
from subgraphs.kit.importing import ImportSummary
from subgraphs.kit.migrations import migrate
from subgraphs.kit.time import to_ms

METADATA = MetaData()
MIGRATIONS = Path(__file__).parent / "import_migrations"

LOG = Table(
    "imports_log",
    METADATA,
    Column("domain", String(40), primary_key=True),
    Column("importer", String(80), primary_key=True),
    Column("runs", BigInteger, nullable=False),
    Column("finished_ms", BigInteger, nullable=False),
    Column("rows_read", BigInteger, nullable=False),
    Column("rows_stored", BigInteger, nullable=False),
    Column("rows_rejected", BigInteger, nullable=False),
)


async def prepare_log(database: Database) -> None:
    """Bring the log's table up to date."""
    await migrate(database, "imports", METADATA, MIGRATIONS)


async def note_import(database: Database, domain: str, summary: ImportSummary, now: datetime) -> None:
    """Write down that an importer has run."""
    row = {
        "finished_ms": to_ms(now),
        "rows_read": summary.read,
        "rows_stored": summary.stored,
        "rows_rejected": summary.rejected_count,
    }
    async with database.write() as session:
        insert = (postgresql if database.dialect == "postgresql" else sqlite).insert(LOG)
        statement = insert.values(domain=domain, importer=summary.importer, runs=1, **row)
        await session.execute(
            statement.on_conflict_do_update(index_elements=["domain", "importer"], set_={**row, "runs": LOG.c.runs + 1})
        )


async def imports_so_far(database: Database, domain: str) -> int:
    """How many imports a domain has seen; it grows with each."""
    async with database.read() as session:
        found = await session.execute(select(func.sum(LOG.c.runs)).where(LOG.c.domain == domain))
        return int(found.scalar() or 0)
