"""Tables of the authorization server. Times are whole seconds since 1970 UTC; secrets are only ever digests.

The tables have a registry of their own, so their names never meet those of another package in one process.
"""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class AuthTable(SQLModel, registry=registry()):
    """Base of every table here; `AuthTable.metadata` is what the migrations are compared with."""


class Organisation(AuthTable, table=True):
    """A partner. States: sandbox → approved → suspended (the portal adds more)."""

    __tablename__ = "auth_organisation"
    id: str = Field(primary_key=True, max_length=32)
    name_ko: str = Field(max_length=100)
    name_en: str = Field(max_length=100)
    state: str = Field(max_length=16)
    created_at: int = Field(sa_type=BigInteger)


class Client(AuthTable, table=True):
    """An app of a partner: OAuth client. `kind` names its profile (profiles.py). States: active, suspended."""

    __tablename__ = "auth_client"
    id: str = Field(primary_key=True, max_length=32)
    organisation_id: str = Field(foreign_key="auth_organisation.id", index=True, max_length=32)
    name_ko: str = Field(max_length=60)
    name_en: str = Field(max_length=60)
    kind: str = Field(max_length=16)
    state: str = Field(max_length=16)
    sandbox: bool
    redirect_uris: list[str] = Field(sa_type=JSON)
    scopes: list[str] = Field(sa_type=JSON)
    grant_types: list[str] = Field(sa_type=JSON)
    resource: str | None = Field(default=None, max_length=200)
    jwks: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    created_at: int = Field(sa_type=BigInteger)


class ClientSecret(AuthTable, table=True):
    """One secret of a confidential client; two may be active while one is being replaced."""

    __tablename__ = "auth_client_secret"
    id: str = Field(primary_key=True, max_length=32)
    client_id: str = Field(foreign_key="auth_client.id", index=True, max_length=32)
    digest: str = Field(max_length=64)
    created_at: int = Field(sa_type=BigInteger)
    retires_at: int | None = Field(default=None, sa_type=BigInteger)


class Citizen(AuthTable, table=True):
    """A person who signs in; `id` is the `sub` of tokens, `password_hash` is argon2id in PHC form."""

    __tablename__ = "auth_citizen"
    id: str = Field(primary_key=True, max_length=32)
    login: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=60)
    password_hash: str = Field(max_length=200)
    created_at: int = Field(sa_type=BigInteger)
    disabled_at: int | None = Field(default=None, sa_type=BigInteger)


class BrowserSession(AuthTable, table=True):
    """A signed-in browser; `digest` is of the cookie."""

    __tablename__ = "auth_session"
    digest: str = Field(primary_key=True, max_length=64)
    citizen_id: str = Field(foreign_key="auth_citizen.id", index=True, max_length=32)
    authenticated_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger, index=True)


class Consent(AuthTable, table=True):
    """What a citizen allowed an app, remembered only when the citizen asked for that."""

    __tablename__ = "auth_consent"
    citizen_id: str = Field(foreign_key="auth_citizen.id", primary_key=True, max_length=32)
    client_id: str = Field(foreign_key="auth_client.id", primary_key=True, max_length=32)
    scopes: list[str] = Field(sa_type=JSON)
    remembered: bool
    granted_at: int = Field(sa_type=BigInteger)


class Grant(AuthTable, table=True):
    """One act of consent: everything issued from one authorization code hangs on it and dies with it."""

    __tablename__ = "auth_grant"
    __table_args__ = (Index("ix_auth_grant_citizen_client", "citizen_id", "client_id"),)
    id: str = Field(primary_key=True, max_length=32)
    citizen_id: str = Field(foreign_key="auth_citizen.id", max_length=32)
    client_id: str = Field(foreign_key="auth_client.id", max_length=32)
    scope: str = Field(max_length=400)
    authenticated_at: int = Field(sa_type=BigInteger)
    created_at: int = Field(sa_type=BigInteger)
    revoked_at: int | None = Field(default=None, sa_type=BigInteger)


class AuthorizationCode(AuthTable, table=True):
    """A code by its digest. Used codes stay until the grant can have no live access token, so a replay is seen.

    `jkt`: thumbprint of the key that must be proved when it is redeemed (RFC 9449 section 10).
    """

    __tablename__ = "auth_code"
    digest: str = Field(primary_key=True, max_length=64)
    grant_id: str = Field(index=True, max_length=32, foreign_key="auth_grant.id", ondelete="CASCADE")
    client_id: str = Field(max_length=32)
    redirect_uri: str = Field(max_length=2000)
    scope: str = Field(max_length=400)
    code_challenge: str = Field(max_length=43)
    nonce: str | None = Field(default=None, max_length=255)
    jkt: str | None = Field(default=None, max_length=43)
    expires_at: int = Field(sa_type=BigInteger, index=True)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class PushedRequest(AuthTable, table=True):
    """An authorization request that an app pushed, by the digest of its `request_uri`; good for one code."""

    __tablename__ = "auth_pushed_request"
    digest: str = Field(primary_key=True, max_length=64)
    client_id: str = Field(max_length=32)
    request: str = Field(sa_type=Text)
    pushed_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger, index=True)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class DeviceCode(AuthTable, table=True):
    """A device that waits to be let in, by the digest of its device code. States: pending → approved or denied.

    `interval`: seconds it must wait between polls.
    """

    __tablename__ = "auth_device_code"
    digest: str = Field(primary_key=True, max_length=64)
    user_code: str = Field(unique=True, max_length=8)
    client_id: str = Field(max_length=32)
    scope: str = Field(max_length=400)
    interval: int
    expires_at: int = Field(sa_type=BigInteger, index=True)
    state: str = Field(default="pending", max_length=16)
    grant_id: str | None = Field(default=None, max_length=32, foreign_key="auth_grant.id", ondelete="CASCADE")
    polled_at: int | None = Field(default=None, sa_type=BigInteger)
    used_at: int | None = Field(default=None, sa_type=BigInteger)


class RefreshToken(AuthTable, table=True):
    """A refresh token by its digest; the tokens of one grant are one family (RFC 9700 section 4.14).

    `jkt`: thumbprint of the key that must be proved with it (RFC 9449 section 5); only for public apps.
    """

    __tablename__ = "auth_refresh_token"
    digest: str = Field(primary_key=True, max_length=64)
    grant_id: str = Field(index=True, max_length=32, foreign_key="auth_grant.id", ondelete="CASCADE")
    client_id: str = Field(max_length=32)
    scope: str = Field(max_length=400)
    issued_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger, index=True)
    jkt: str | None = Field(default=None, max_length=43)
    rotated_at: int | None = Field(default=None, sa_type=BigInteger)


class UsedProof(AuthTable, table=True):
    """A client assertion or DPoP proof that was used, by the digest of its kind, owner and `jti`."""

    __tablename__ = "auth_used_proof"
    digest: str = Field(primary_key=True, max_length=64)
    expires_at: int = Field(sa_type=BigInteger, index=True)


class SharedKey(AuthTable, table=True):
    """32 random bytes that every process of the server uses, in hex."""

    __tablename__ = "auth_shared_key"
    name: str = Field(primary_key=True, max_length=32)
    hex: str = Field(max_length=64)


class SigningKey(AuthTable, table=True):
    """Public half and schedule of a signing key; the private half is a file (ADR 0040)."""

    __tablename__ = "auth_signing_key"
    kid: str = Field(primary_key=True, max_length=64)
    algorithm: str = Field(max_length=16)
    public_jwk: dict[str, str] = Field(sa_type=JSON)
    created_at: int = Field(sa_type=BigInteger)
    signs_from: int = Field(sa_type=BigInteger)
    signs_until: int = Field(sa_type=BigInteger)
    published_until: int = Field(sa_type=BigInteger)


class Revocation(AuthTable, table=True):
    """Something that ended early. Kinds: token (jti), grant, client, citizen; tokens issued until `revoked_at` die."""

    __tablename__ = "auth_revocation"
    __table_args__ = (Index("ix_auth_revocation_revoked_at", "revoked_at"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    kind: str = Field(max_length=16)
    value: str = Field(max_length=64)
    revoked_at: int = Field(sa_type=BigInteger)
    expires_at: int = Field(sa_type=BigInteger)
