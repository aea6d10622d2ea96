"""Registering organisations and apps: what the `hub client` commands and the sandbox call."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import col, or_, select, update

from auth.client_keys import check_key_set
from auth.config import LOOPBACK_HOSTS
from auth.credentials import digest, new_id, new_secret
from auth.errors import NotRegistered, RegistrationRefused
from auth.grant_types import DEVICE_CODE
from auth.models import Client, ClientSecret, Organisation
from auth.profiles import PROFILES, SECRET_METHODS, Profile
from auth.scopes import ALL_SCOPES
from auth.server import AuthServer

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
DEFAULT_OVERLAP_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client as registered; `secret` is shown this once and not stored. Public clients have none."""

    client_id: str
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientSummary:
    """One line of a list of clients; never a secret."""

    client_id: str
    name_ko: str
    name_en: str
    organisation: str
    kind: str
    state: str
    sandbox: bool
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    secrets: int
    keys: int


async def create_organisation(server: AuthServer, *, name_ko: str, name_en: str, state: str = "approved") -> str:
    """Register a partner; returns `o_…`. Raises `RegistrationRefused` for a bad name."""
    organisation = Organisation(
        id=new_id("o"),
        name_ko=_name(name_ko, 100),
        name_en=_name(name_en, 100),
        state=state,
        created_at=int(server.clock()),
    )
    async with server.database.write() as session:
        session.add(organisation)
    return organisation.id


async def create_client(
    server: AuthServer,
    *,
    organisation_id: str,
    name_ko: str,
    name_en: str,
    kind: str,
    scopes: Iterable[str],
    redirect_uris: Sequence[str] = (),
    sandbox: bool = False,
    resource: str | None = None,
    jwks: Mapping[str, Any] | None = None,
    more_grant_types: Sequence[str] = (),
) -> NewClient:
    """Register an app of a profile (`kind`), with its public keys (`jwks`, RFC 7517) or a first secret.

    Raises `RegistrationRefused` (unknown kind or scope, bad name, unsafe redirect URI, unfit keys) or `NotRegistered`.
    """
    profile = PROFILES.get(kind)
    if profile is None:
        raise RegistrationRefused(f"kind must be one of {', '.join(PROFILES)}")
    if set(more_grant_types) - set(profile.grant_types_on_request):
        allowed = ", ".join(profile.grant_types_on_request) or "none"
        raise RegistrationRefused(f"a {kind} app can ask for these grant types: {allowed}")
    if jwks is None and profile.confidential and SECRET_METHODS[0] not in profile.authentication:
        raise RegistrationRefused(f"a {kind} app needs keys")
    if jwks is not None and "private_key_jwt" not in profile.authentication:
        raise RegistrationRefused(f"a {kind} app has no keys")
    wanted = list(dict.fromkeys(scopes))
    if unknown := [name for name in wanted if name not in ALL_SCOPES]:
        raise RegistrationRefused(f"unknown scope: {', '.join(unknown)}")
    for uri in redirect_uris:
        check_redirect_uri(uri, native=profile.native_redirects)
    now = int(server.clock())
    client = Client(
        id=new_id("c"),
        organisation_id=organisation_id,
        name_ko=_name(name_ko, 60),
        name_en=_name(name_en, 60),
        kind=kind,
        state="active",
        sandbox=sandbox,
        redirect_uris=list(redirect_uris),
        scopes=wanted,
        grant_types=_grant_types(profile, more_grant_types, redirects=bool(redirect_uris)),
        resource=resource,
        jwks=check_key_set(jwks) if jwks is not None else None,
        created_at=now,
    )
    secret = new_secret() if jwks is None and profile.confidential else None
    async with server.database.write() as session:
        if await session.get(Organisation, organisation_id) is None:
            raise NotRegistered(f"no organisation {organisation_id}")
        session.add(client)
        if secret is not None:
            await session.flush()
            session.add(ClientSecret(id=new_id("s"), client_id=client.id, digest=digest(secret), created_at=now))
    return NewClient(client.id, secret)


async def rotate_secret(
    server: AuthServer, client_id: str, *, overlap_seconds: int = DEFAULT_OVERLAP_SECONDS
) -> NewClient:
    """Give a confidential client a new secret; the newest old one stays valid for `overlap_seconds`, older ones end.

    Raises `NotRegistered`, or `RegistrationRefused` for a public client.
    """
    now = int(server.clock())
    secret = new_secret()
    async with server.database.write() as session:
        client = await session.get(Client, client_id, with_for_update=not server.database.is_sqlite)
        if client is None:
            raise NotRegistered(f"no client {client_id}")
        if SECRET_METHODS[0] not in PROFILES[client.kind].authentication or client.jwks is not None:
            raise RegistrationRefused("a public client, or one with keys, has no secret")
        present = await session.exec(
            select(ClientSecret)
            .where(ClientSecret.client_id == client_id)
            .order_by(col(ClientSecret.created_at).desc(), col(ClientSecret.id))
        )
        for position, row in enumerate(present):
            end = now + overlap_seconds if position == 0 else now
            row.retires_at = end if row.retires_at is None else min(row.retires_at, end)
            session.add(row)
        session.add(ClientSecret(id=new_id("s"), client_id=client_id, digest=digest(secret), created_at=now))
    server.clients.forget(client_id)
    return NewClient(client_id, secret)


async def set_client_keys(server: AuthServer, client_id: str, jwks: Mapping[str, Any]) -> None:
    """Replace the public keys of an app; its secrets, if it had any, end now: one way to authenticate at a time.

    Raises `NotRegistered`, or `RegistrationRefused` for unfit keys or a profile without.
    """
    checked = check_key_set(jwks)
    now = int(server.clock())
    async with server.database.write() as session:
        client = await session.get(Client, client_id, with_for_update=not server.database.is_sqlite)
        if client is None:
            raise NotRegistered(f"no client {client_id}")
        if "private_key_jwt" not in PROFILES[client.kind].authentication:
            raise RegistrationRefused(f"a {client.kind} app has no keys")
        client.jwks = checked
        session.add(client)
        await session.exec(
            update(ClientSecret)
            .where(col(ClientSecret.client_id) == client_id)
            .where(or_(col(ClientSecret.retires_at).is_(None), col(ClientSecret.retires_at) > now))
            .values(retires_at=now)
        )
    server.clients.forget(client_id)


async def list_clients(server: AuthServer) -> list[ClientSummary]:
    """Every client, oldest first."""
    now = int(server.clock())
    async with server.database.read() as session:
        found = (
            await session.exec(select(Client, Organisation).join(Organisation).order_by(col(Client.created_at)))
        ).all()
        secrets = (await session.exec(select(ClientSecret.client_id, ClientSecret.retires_at))).all()
    live = [owner for owner, retires_at in secrets if retires_at is None or retires_at > now]
    return [
        ClientSummary(
            client_id=client.id,
            name_ko=client.name_ko,
            name_en=client.name_en,
            organisation=organisation.name_ko,
            kind=client.kind,
            state=client.state,
            sandbox=client.sandbox,
            scopes=tuple(client.scopes),
            redirect_uris=tuple(client.redirect_uris),
            secrets=live.count(client.id),
            keys=len((client.jwks or {"keys": []})["keys"]),
        )
        for client, organisation in found
    ]


def check_redirect_uri(uri: str, *, native: bool) -> None:
    """Accept https anywhere; for a native app also http on a loopback IP and a private-use scheme (RFC 8252 section 7).

    Raises `RegistrationRefused` for anything else: wildcards, fragments, user info, `javascript:` and the like.
    """
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise RegistrationRefused("a redirect URI must be a URI") from error
    if (
        not uri.isascii()
        or not uri.isprintable()
        or any(letter in uri for letter in " \"'<>\\^`{|}*;,")
        or len(uri) > 2000
    ):
        raise RegistrationRefused("a redirect URI has only URI characters, no wildcard, at most 2000 of them")
    if "#" in uri or parts.username is not None or "/../" in uri or uri.endswith("/.."):
        raise RegistrationRefused("a redirect URI has no fragment, user or dot segment")
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and host in LOOPBACK_HOSTS:
        return
    if native and "." in parts.scheme and not parts.netloc:
        return
    raise RegistrationRefused("a redirect URI is https, http on loopback, or for a native app a scheme with a dot")


def _grant_types(profile: Profile, more: Sequence[str], *, redirects: bool) -> list[str]:
    """Those of the profile that the app can use, and those it asked for; refreshing needs a consent before."""
    needed = {"authorization_code": redirects, "refresh_token": redirects or DEVICE_CODE in more}
    return [*(name for name in profile.grant_types if needed.get(name, True)), *more]


def _name(name: str, longest: int) -> str:
    trimmed = name.strip()
    if not 1 <= len(trimmed) <= longest or _CONTROL.search(trimmed):
        raise RegistrationRefused(f"a name has 1 to {longest} visible characters")
    return trimmed
