"""Signing keys: ES256, rotated with overlap, private halves in files and public halves in the database (ADR 0040).

The life of a key: published, then `key_lead_seconds` later it signs, then it stays published until the last token it
signed is dead. So a verifier that caches the JWKS never meets a token whose key it could not have seen.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey
from sqlalchemy import func
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from auth.config import AuthSettings
from auth.database import Database
from auth.models import SigningKey

ALGORITHM = "ES256"
_LOCK = 0x6B657973  # PostgreSQL advisory lock: one process at a time makes a key
_CLOCK_SKEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs now: its `kid` (RFC 7638 thumbprint) and the private key."""

    kid: str
    private_key: ec.EllipticCurvePrivateKey


class KeyRing:
    """The keys of this process: which one signs, which are published. `refresh` before first use."""

    def __init__(self, settings: AuthSettings, database: Database, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._rows: tuple[SigningKey, ...] = ()
        self._private: dict[str, ec.EllipticCurvePrivateKey] = {}
        self._refreshing = asyncio.Lock()

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The JSON Web Key Set (RFC 7517): public halves of every key a live token can name, newest first."""
        now = self._clock()
        return {"keys": [dict(row.public_jwk) for row in self._rows if row.published_until > now]}

    def signer(self) -> Signer:
        """The key to sign with now: of those whose time it is and whose file is here, the one that started last."""
        now = self._clock()
        usable = [row for row in self._rows if row.kid in self._private and row.signs_from <= now]
        if not usable:
            raise RuntimeError("the key ring was not refreshed")
        row = max(usable, key=lambda row: row.signs_from)
        return Signer(row.kid, self._private[row.kid])

    def sign(self, claims: Mapping[str, Any], kind: str) -> str:
        """A JWT of these claims, signed with the present key; `kind` is its `typ` (RFC 8725 section 3.11)."""
        signer = self.signer()
        headers = {"typ": kind, "kid": signer.kid}
        return jwt.encode(dict(claims), signer.private_key, algorithm=ALGORITHM, headers=headers)

    async def refresh(self) -> None:
        """Read what other processes published; make the next key when the present one nears its end."""
        async with self._refreshing:
            await self._load()
            if self._needs_key():
                async with self._database.write() as session:
                    if not self._database.is_sqlite:
                        await session.exec(select(func.pg_advisory_xact_lock(_LOCK)))
                    await self._read(session)
                    if self._needs_key():
                        session.add(await asyncio.to_thread(self._make))
                await self._load()

    async def rotate(self) -> str:
        """Publish a new key now, to sign after the lead time; returns its kid."""
        async with self._refreshing:
            row = await asyncio.to_thread(self._make)
            async with self._database.write() as session:
                session.add(row)
            await self._load()
            return row.kid

    def _needs_key(self) -> bool:
        soon = self._clock() + self._settings.key_lead_seconds
        return not any(row.kid in self._private and row.signs_until > soon for row in self._rows)

    def _make(self) -> SigningKey:
        """Create a key and its file. The first key of a ring signs at once: nobody can have cached a set without it."""
        settings, now = self._settings, int(self._clock())
        private_key = ec.generate_private_key(ec.SECP256R1())
        jwk = ECKey.import_key(private_key.public_key().public_bytes(*_PUBLIC_FORM))
        kid = jwk.thumbprint()
        can_sign = any(row.kid in self._private for row in self._rows)
        signs_from = now + settings.key_lead_seconds if can_sign else now
        signs_until = signs_from + settings.key_rotation_seconds
        longest_token = max(settings.access_token_seconds, settings.sandbox_token_seconds)
        _store(settings.keys_dir, kid, private_key)
        self._private[kid] = private_key
        return SigningKey(
            kid=kid,
            algorithm=ALGORITHM,
            public_jwk={
                **{name: str(value) for name, value in jwk.as_dict(private=False).items()},
                "kid": kid,
                "use": "sig",
                "alg": ALGORITHM,
            },
            created_at=now,
            signs_from=signs_from,
            signs_until=signs_until,
            published_until=signs_until + settings.key_lead_seconds + longest_token + _CLOCK_SKEW_SECONDS,
        )

    async def _load(self) -> None:
        async with self._database.read() as session:
            await self._read(session)

    async def _read(self, session: AsyncSession) -> None:
        rows = (await session.exec(select(SigningKey))).all()
        for row in rows:
            if row.kid not in self._private:
                key = await asyncio.to_thread(_find, self._settings.keys_dir, row.kid)
                if key is not None:
                    self._private[row.kid] = key
        self._rows = tuple(sorted(rows, key=lambda row: row.signs_from, reverse=True))


_PUBLIC_FORM: tuple[Any, Any] = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _store(folder: Path, kid: str, private_key: ec.EllipticCurvePrivateKey) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    descriptor = os.open(folder / f"{kid}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def _find(folder: Path, kid: str) -> ec.EllipticCurvePrivateKey | None:
    path = folder / f"{kid}.pem"
    if not path.exists():
        return None
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None
