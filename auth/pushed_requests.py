"""Pushed authorization requests (RFC 9126): kept by the digest of their address, used for one code."""

from dataclasses import dataclass

from sqlalchemy.orm import Session
from sqlmodel import col, select, update

from auth.credentials import digest, new_secret
from auth.database import Database
from auth.models import PushedRequest
from auth.parameters import Pairs, encode_pairs, parse_pairs

PREFIX = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class Pushed:
    """A request as it was pushed at `pushed_at` (seconds UTC)."""

    digest: str
    pairs: Pairs
    pushed_at: int


async def push(database: Database, client_id: str, pairs: Pairs, *, now: int, seconds: int) -> str:
    """Keep a checked request for `seconds`; returns its `request_uri`, which nobody can guess."""
    address = PREFIX + new_secret()
    async with database.write() as session:
        session.add(
            PushedRequest(
                digest=digest(address),
                client_id=client_id,
                request=encode_pairs(pairs),
                pushed_at=now,
                expires_at=now + seconds,
            )
        )
    return address


async def find_pushed(database: Database, address: str, client_id: str, now: int) -> Pushed | None:
    """The request that this client pushed, while it can still be used."""
    async with database.read() as session:
        row = (
            await session.exec(
                select(PushedRequest)
                .where(PushedRequest.digest == digest(address), PushedRequest.client_id == client_id)
                .where(PushedRequest.expires_at > now, col(PushedRequest.used_at).is_(None))
            )
        ).first()
    return None if row is None else Pushed(row.digest, parse_pairs(row.request.encode("ascii")), row.pushed_at)


def spend(session: Session, pushed: Pushed, now: int) -> bool:
    """Use the request up in the caller's transaction; of all who try, one is told True."""
    spent = session.execute(
        update(PushedRequest)
        .where(col(PushedRequest.digest) == pushed.digest, col(PushedRequest.used_at).is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(spent.rowcount == 1)  # type: ignore[attr-defined]
