"""Ending things early: after each of these the router refuses within a second, and every process of ours too.

What is ended is written in one transaction with its revocation; only then it is announced (see `revocations.py`).
"""

from collections.abc import Iterable

from sqlmodel import col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from auth.errors import NotRegistered, RegistrationRefused
from auth.models import BrowserSession, Citizen, Client, ClientSecret, Consent, Grant, Organisation
from auth.revocations import Kind, Revoked
from auth.server import AuthServer


async def end_consent(server: AuthServer, citizen_id: str, client_id: str) -> None:
    """A citizen takes back what an app was allowed: every grant to it, their tokens, and the memory of the yes.

    Raises `NotRegistered` when there is nothing to take back.
    """
    async with server.database.write() as session:
        consent = await session.get(Consent, (citizen_id, client_id))
        if consent is not None:
            await session.delete(consent)
        live = select(Grant.id).where(
            Grant.citizen_id == citizen_id, Grant.client_id == client_id, col(Grant.revoked_at).is_(None)
        )
        grant_ids = (await session.exec(live)).all()
        if consent is None and not grant_ids:
            raise NotRegistered(f"{citizen_id} allowed {client_id} nothing")
        await session.exec(update(Grant).where(col(Grant.id).in_(grant_ids)).values(revoked_at=int(server.clock())))
        revoked = await _written(server, session, "grant", grant_ids)
    _announce(server, revoked)


async def end_secret(server: AuthServer, secret_id: str) -> None:
    """A secret is no longer secret: it opens nothing from now on, and every token its app has is dead.

    Citizens stay connected: refresh tokens live on, and need another secret of the app. Raises `NotRegistered`.
    """
    now = int(server.clock())
    async with server.database.write() as session:
        secret = await session.get(ClientSecret, secret_id)
        if secret is None:
            raise NotRegistered(f"no secret {secret_id}")
        secret.retires_at = now if secret.retires_at is None else min(secret.retires_at, now)
        session.add(secret)
        revoked = await _written(server, session, "client", [secret.client_id])
    server.clients.forget(secret.client_id)
    _announce(server, revoked)


async def set_client_state(server: AuthServer, client_id: str, state: str) -> None:
    """Suspend an app (its live tokens die at once) or make it active again. Raises `NotRegistered`."""
    if state not in ("active", "suspended"):
        raise RegistrationRefused("state must be active or suspended")
    async with server.database.write() as session:
        client = await session.get(Client, client_id)
        if client is None:
            raise NotRegistered(f"no client {client_id}")
        client.state = state
        session.add(client)
        revoked = await _written(server, session, "client", [client_id] if state == "suspended" else [])
    server.clients.forget(client_id)
    _announce(server, revoked)


async def set_organisation_state(server: AuthServer, organisation_id: str, state: str) -> None:
    """Suspend a partner with all its apps, or approve it again. Raises `NotRegistered`."""
    if state not in ("approved", "sandbox", "suspended"):
        raise RegistrationRefused("state must be approved, sandbox or suspended")
    async with server.database.write() as session:
        organisation = await session.get(Organisation, organisation_id)
        if organisation is None:
            raise NotRegistered(f"no organisation {organisation_id}")
        organisation.state = state
        session.add(organisation)
        client_ids = (await session.exec(select(Client.id).where(Client.organisation_id == organisation_id))).all()
        revoked = await _written(server, session, "client", client_ids if state == "suspended" else [])
    for client_id in client_ids:
        server.clients.forget(client_id)
    _announce(server, revoked)


async def disable_citizen(server: AuthServer, citizen_id: str) -> None:
    """Close a citizen's account: sessions end, every grant and token is dead. Raises `NotRegistered`."""
    now = int(server.clock())
    async with server.database.write() as session:
        citizen = await session.get(Citizen, citizen_id)
        if citizen is None:
            raise NotRegistered(f"no citizen {citizen_id}")
        citizen.disabled_at = now
        session.add(citizen)
        await session.exec(
            update(BrowserSession).where(col(BrowserSession.citizen_id) == citizen_id).values(expires_at=now)
        )
        await session.exec(
            update(Grant)
            .where(col(Grant.citizen_id) == citizen_id, col(Grant.revoked_at).is_(None))
            .values(revoked_at=now)
        )
        revoked = await _written(server, session, "citizen", [citizen_id])
    _announce(server, revoked)


async def live_secrets(server: AuthServer, client_id: str) -> list[tuple[str, int, int | None]]:
    """(id, made at, retires at) of an app's live secrets, newest first; never the secrets."""
    now = int(server.clock())
    async with server.database.read() as session:
        rows = await session.exec(
            select(ClientSecret)
            .where(ClientSecret.client_id == client_id)
            .where(or_(col(ClientSecret.retires_at).is_(None), col(ClientSecret.retires_at) > now))
            .order_by(col(ClientSecret.created_at).desc())
        )
        return [(row.id, row.created_at, row.retires_at) for row in rows]


async def _written(server: AuthServer, session: AsyncSession, kind: Kind, values: Iterable[str]) -> list[Revoked]:
    return [
        await session.run_sync(lambda sync, value=value: server.revocations.write(sync, kind, value))  # type: ignore[misc]
        for value in values
    ]


def _announce(server: AuthServer, revoked: Iterable[Revoked]) -> None:
    for one in revoked:
        server.revocations.announce(one)
