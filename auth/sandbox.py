"""Sandbox: accounts and tokens to try the hub with, made once, secrets shown once."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sqlmodel import col, select

from auth.citizens import create_citizen, find_citizen, set_password
from auth.credentials import new_secret
from auth.errors import NotRegistered, RegistrationRefused, SandboxDisabled
from auth.models import Client, Organisation
from auth.registration import create_client, create_organisation
from auth.scopes import ALL_SCOPES, SCOPES, join_scope
from auth.server import AuthServer
from auth.tokens import Subject

DEMO_LOGIN = "demo"
NATIVE_REDIRECT = "http://127.0.0.1/callback"
SERVER_REDIRECT = "http://127.0.0.1:8765/callback"
_STATE = "sandbox"


@dataclass(frozen=True, slots=True)
class SandboxAccess:
    """What the sandbox offers. `server_secret` and `citizen_password` are there only on the call that made them."""

    organisation_id: str
    server_client_id: str
    server_secret: str | None = field(repr=False)
    native_client_id: str
    citizen_id: str
    citizen_login: str
    citizen_password: str | None = field(repr=False)


async def prepare(server: AuthServer) -> SandboxAccess:
    """Make the sandbox organisation, a confidential and a native app, and a demo citizen, where they are missing.

    Safe to call at every start of the one-process hub. Raises `SandboxDisabled`.
    """
    _require_sandbox(server)
    organisation_id, clients = await _present(server)
    if organisation_id is None:
        organisation_id = await create_organisation(
            server, name_ko="샌드박스 파트너", name_en="Sandbox partner", state=_STATE
        )
    secret = None
    if "confidential" not in clients:
        made = await create_client(
            server,
            organisation_id=organisation_id,
            name_ko="여행 비서 (서버)",
            name_en="Trip assistant (server)",
            kind="confidential",
            scopes=ALL_SCOPES,
            redirect_uris=[SERVER_REDIRECT],
            sandbox=True,
        )
        clients["confidential"], secret = made.client_id, made.secret
    if "public" not in clients:
        made = await create_client(
            server,
            organisation_id=organisation_id,
            name_ko="여행 앱",
            name_en="Trip app",
            kind="public",
            scopes=ALL_SCOPES,
            redirect_uris=[NATIVE_REDIRECT],
            sandbox=True,
        )
        clients["public"] = made.client_id
    password = None
    citizen = await find_citizen(server.database, DEMO_LOGIN)
    if citizen is None:
        password = new_secret()[:16]
        citizen_id = await create_citizen(
            server.database,
            server.passwords,
            login=DEMO_LOGIN,
            name="김누리",
            password=password,
            now=int(server.clock()),
        )
    else:
        citizen_id = citizen.id
    return SandboxAccess(
        organisation_id, clients["confidential"], secret, clients["public"], citizen_id, DEMO_LOGIN, password
    )


async def new_demo_password(server: AuthServer) -> str:
    """Replace the demo citizen's password and return the new one. Raises `SandboxDisabled`, `NotRegistered`."""
    _require_sandbox(server)
    password = new_secret()[:16]
    await set_password(server.database, server.passwords, login=DEMO_LOGIN, password=password)
    return password


async def issue_sandbox_token(
    server: AuthServer,
    scopes: Iterable[str] = tuple(SCOPES),
    *,
    speaks_for: Literal["citizen", "client"] = "citizen",
    seconds: int | None = None,
) -> str:
    """An access token for a README's first query: the demo citizen's or the sandbox app's, with `sandbox: true`.

    Raises `SandboxDisabled`; `NotRegistered` before `prepare`; `RegistrationRefused` for an unknown scope or a life
    above `sandbox_token_seconds`.
    """
    _require_sandbox(server)
    wanted = tuple(scopes)
    life = server.settings.sandbox_token_seconds if seconds is None else seconds
    if not wanted or any(name not in SCOPES for name in wanted):
        raise RegistrationRefused("unknown scope")
    if not 0 < life <= server.settings.sandbox_token_seconds:
        raise RegistrationRefused(f"a sandbox token lives 1 to {server.settings.sandbox_token_seconds} seconds")
    _, clients = await _present(server)
    citizen = await find_citizen(server.database, DEMO_LOGIN)
    client_id = clients.get("confidential")
    if client_id is None or citizen is None:
        raise NotRegistered("the sandbox was not prepared")
    now = int(server.clock())
    subject = Subject(citizen.id, authenticated_at=now) if speaks_for == "citizen" else Subject(client_id)
    token, _ = server.tokens.issue(subject, client_id, join_scope(wanted), seconds=life, extra={"sandbox": True})
    return token


def _require_sandbox(server: AuthServer) -> None:
    if not server.settings.sandbox:
        raise SandboxDisabled("this server is not in sandbox mode")


async def _present(server: AuthServer) -> tuple[str | None, dict[str, str]]:
    """The sandbox organisation and its oldest active client of each kind."""
    async with server.database.read() as session:
        organisation = (
            await session.exec(
                select(Organisation).where(Organisation.state == _STATE).order_by(col(Organisation.created_at))
            )
        ).first()
        if organisation is None:
            return None, {}
        rows = await session.exec(
            select(Client)
            .where(Client.organisation_id == organisation.id, Client.state == "active")
            .order_by(col(Client.created_at).desc(), col(Client.id))
        )
        return organisation.id, {client.kind: client.id for client in rows}
