"""Apps of partners as the protocol sees them: frozen snapshots of a client, its secrets and its organisation.

Snapshots are cached for a second, so the path of a machine token needs no database.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jwt
from authlib.oauth2.rfc6749 import ClientMixin
from sqlmodel import select

from auth.client_keys import read_public_key
from auth.credentials import same_digest
from auth.database import Database
from auth.errors import Language
from auth.models import Client, ClientSecret, Organisation
from auth.profiles import PROFILES, Profile
from auth.scopes import IDENTITY_SCOPES, join_scope, split_scope

CLIENT_ID = re.compile(r"c_[a-z2-7]{26}")
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/.*)?")
_CACHE_SECONDS = 1.0
_CACHE_SIZE = 1_024
_ABSENT_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class ClientRecord(ClientMixin):  # type: ignore[misc]
    """One registered app; the methods answer the questions Authlib's core asks."""

    id: str
    name_ko: str
    name_en: str
    organisation_id: str
    organisation_ko: str
    organisation_en: str
    profile: Profile
    sandbox: bool
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    grant_types: frozenset[str]
    resource: str | None
    secrets: tuple[tuple[str, int | None], ...]
    """(digest, when it retires) of each secret."""
    keys: Mapping[str, jwt.PyJWK]
    """Public keys by `kid`."""

    @property
    def confidential(self) -> bool:
        """Whether the app can keep a secret and must show it."""
        return self.profile.confidential

    def name(self, language: Language) -> str:
        """What the citizen sees."""
        return self.name_ko if language == "ko" else self.name_en

    def organisation(self, language: Language) -> str:
        """Who runs the app."""
        return self.organisation_ko if language == "ko" else self.organisation_en

    def get_client_id(self) -> str:
        """The client_id."""
        return self.id

    def get_default_redirect_uri(self) -> None:
        """None: redirect_uri is always asked for."""
        return

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scope to grant, None when any requested scope was not granted; all of the app's when none is asked."""
        wanted = split_scope(scope or "")
        if not wanted:
            return join_scope(self.scopes)
        return join_scope(wanted) if self.scopes.issuperset(wanted) else None

    def get_machine_scope(self, scope: str | None) -> str | None:
        """The same when the app acts for itself: scopes that tell about a citizen are not to be had."""
        wanted = split_scope(scope or "") or tuple(self.scopes - IDENTITY_SCOPES.keys())
        if IDENTITY_SCOPES.keys() & set(wanted):
            return None
        return join_scope(wanted) if self.scopes.issuperset(wanted) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exact string match (RFC 9700 section 2.1); for a loopback IP of a native app any port (RFC 8252 7.3)."""
        if redirect_uri in self.redirect_uris:
            return True
        given = _LOOPBACK.fullmatch(redirect_uri)
        if given is None or not self.profile.native_redirects:
            return False
        registered = (_LOOPBACK.fullmatch(uri) for uri in self.redirect_uris)
        return any(match is not None and match.groups() == given.groups() for match in registered)

    def check_secret(self, secret: str, now: float) -> bool:
        """Whether `secret` is one of the app's live secrets."""
        live = [stored for stored, retires_at in self.secrets if retires_at is None or retires_at > now]
        return any(same_digest(secret, stored) for stored in live or [_ABSENT_DIGEST])

    def check_response_type(self, response_type: str) -> bool:
        """Only `code`, for apps that may use it."""
        return response_type == "code" and "authorization_code" in self.grant_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the app was registered for this grant type."""
        return grant_type in self.grant_types


class ClientDirectory:
    """Finds clients by id; answers may be one second old, which is what a suspended app has left."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, ClientRecord | None]] = OrderedDict()

    async def get(self, client_id: str) -> ClientRecord | None:
        """The active client of an active organisation, else None."""
        if CLIENT_ID.fullmatch(client_id) is None:
            return None
        now = self._clock()
        cached = self._cache.get(client_id)
        if cached is not None and now - _CACHE_SECONDS < cached[0] <= now:
            return cached[1]
        record = await self._load(client_id)
        self._cache[client_id] = (now, record)
        self._cache.move_to_end(client_id)
        if len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)
        return record

    def forget(self, client_id: str) -> None:
        """Drop the snapshot after a change made in this process."""
        self._cache.pop(client_id, None)

    async def _load(self, client_id: str) -> ClientRecord | None:
        async with self._database.read() as session:
            found = (
                await session.exec(
                    select(Client, Organisation)
                    .join(Organisation)
                    .where(Client.id == client_id, Client.state == "active", Organisation.state != "suspended")
                )
            ).first()
            if found is None:
                return None
            client, organisation = found
            secrets = (await session.exec(select(ClientSecret).where(ClientSecret.client_id == client_id))).all()
        return ClientRecord(
            id=client.id,
            name_ko=client.name_ko,
            name_en=client.name_en,
            organisation_id=organisation.id,
            organisation_ko=organisation.name_ko,
            organisation_en=organisation.name_en,
            profile=PROFILES[client.kind],
            sandbox=client.sandbox,
            redirect_uris=tuple(client.redirect_uris),
            scopes=frozenset(client.scopes),
            grant_types=frozenset(client.grant_types),
            resource=client.resource,
            secrets=tuple((secret.digest, secret.retires_at) for secret in secrets),
            keys=_keys(client.jwks),
        )


def _keys(jwks: Mapping[str, Any] | None) -> Mapping[str, jwt.PyJWK]:
    found = ((jwk["kid"], read_public_key(jwk)) for jwk in (jwks or {"keys": []})["keys"])
    return MappingProxyType({kid: key for kid, key in found if key is not None})
