"""Device authorizations (RFC 8628): a device shows a short code, a citizen enters it elsewhere, the device polls."""

import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update

from auth.credentials import digest, new_id, new_secret
from auth.database import Database
from auth.models import DeviceCode, Grant

INTERVAL_SECONDS = 5
SLOWER_BY_SECONDS = 5
_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH = 8
_TRIES = 5

Poll = Literal["unknown", "expired", "denied", "pending", "too_fast", "approved"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits for an answer."""

    digest: str
    user_code: str
    client_id: str
    scope: str


async def start(database: Database, client_id: str, scope: str, *, now: int, seconds: int) -> tuple[str, str]:
    """Returns device code and user code. The user code has 34 bits (section 6.1) and no two live ones are equal."""
    device_code = new_secret()
    for attempt in range(_TRIES):
        user_code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        try:
            async with database.write() as session:
                session.add(
                    DeviceCode(
                        digest=digest(device_code),
                        user_code=user_code,
                        client_id=client_id,
                        scope=scope,
                        interval=INTERVAL_SECONDS,
                        expires_at=now + seconds,
                    )
                )
            break
        except IntegrityError:
            if attempt == _TRIES - 1:
                raise
    return device_code, user_code


def plain(user_code: str) -> str:
    """What a person typed, as stored: letters of the alphabet only, upper case (section 6.1)."""
    return "".join(letter for letter in user_code[:64].upper() if letter in _ALPHABET)


def shown(user_code: str) -> str:
    """As a device shows it: BCDF-GHJK."""
    return f"{user_code[:4]}-{user_code[4:]}"


async def find_waiting(database: Database, user_code: str, now: int) -> Waiting | None:
    """The device that shows this code and still waits for its answer."""
    async with database.read() as session:
        row = (
            await session.exec(
                select(DeviceCode).where(
                    DeviceCode.user_code == plain(user_code),
                    DeviceCode.expires_at > now,
                    DeviceCode.state == "pending",
                )
            )
        ).first()
    return None if row is None else Waiting(row.digest, row.user_code, row.client_id, row.scope)


async def answer(
    database: Database, waiting: Waiting, *, citizen_id: str, authenticated_at: int, now: int, allow: bool
) -> bool:
    """Write the citizen's answer down; False when somebody has answered before."""
    async with database.write() as session:
        grant_id = None
        if allow:
            grant = Grant(
                id=new_id("g"),
                citizen_id=citizen_id,
                client_id=waiting.client_id,
                scope=waiting.scope,
                authenticated_at=authenticated_at,
                created_at=now,
            )
            session.add(grant)
            await session.flush()
            grant_id = grant.id
        answered = await session.exec(
            update(DeviceCode)
            .where(col(DeviceCode.digest) == waiting.digest, col(DeviceCode.state) == "pending")
            .values(state="approved" if allow else "denied", grant_id=grant_id)
        )
        if answered.rowcount != 1:
            await session.rollback()
            return False
    return True


async def poll(database: Database, device_code: str, client_id: str, now: int) -> Poll:
    """What a device learns that asks; asking too often makes it wait five seconds longer each time (section 3.5)."""
    async with database.read() as session:
        row = (
            await session.exec(
                select(DeviceCode).where(DeviceCode.digest == digest(device_code), DeviceCode.client_id == client_id)
            )
        ).first()
    if row is None or row.used_at is not None:
        return "unknown"
    if row.expires_at <= now:
        return "expired"
    if row.state != "pending":
        return "approved" if row.state == "approved" else "denied"
    # Times are whole seconds: a device that waits the interval exactly may seem a second early.
    too_fast = row.polled_at is not None and now - row.polled_at < row.interval - 1
    longer = SLOWER_BY_SECONDS if too_fast else 0
    async with database.write() as session:
        await session.exec(
            update(DeviceCode)
            .where(col(DeviceCode.digest) == row.digest, col(DeviceCode.state) == "pending")
            .values(polled_at=now, interval=col(DeviceCode.interval) + longer)
        )
    return "too_fast" if too_fast else "pending"
