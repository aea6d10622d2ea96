"""What citizens allowed, remembered when they asked for it."""

from collections.abc import Iterable

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select

from auth.database import Database
from auth.models import Consent


async def remembered_scopes(database: Database, citizen_id: str, client_id: str) -> frozenset[str]:
    """Scopes the citizen need not be asked about again for this app."""
    async with database.read() as session:
        consent = (
            await session.exec(select(Consent).where(Consent.citizen_id == citizen_id, Consent.client_id == client_id))
        ).first()
    return frozenset(consent.scopes) if consent is not None and consent.remembered else frozenset()


async def record_consent(
    database: Database, citizen_id: str, client_id: str, scopes: Iterable[str], *, remember: bool, now: int
) -> None:
    """Write down a yes. A remembered yes grows by later ones; one not remembered replaces nothing remembered."""
    async with database.write() as session:
        insert = sqlite.insert if database.is_sqlite else postgresql.insert
        empty = {"scopes": [], "remembered": False, "granted_at": now}
        await session.exec(
            insert(Consent)
            .values(citizen_id=citizen_id, client_id=client_id, **empty)
            .on_conflict_do_nothing(index_elements=["citizen_id", "client_id"])
        )
        consent = await session.get_one(Consent, (citizen_id, client_id), with_for_update=not database.is_sqlite)
        if remember:
            consent.scopes = sorted({*consent.scopes, *scopes} if consent.remembered else scopes)
            consent.remembered = True
        elif not consent.remembered:
            consent.scopes = sorted(scopes)
        consent.granted_at = now
        session.add(consent)
