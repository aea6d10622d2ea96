"""Idempotency keys: the same request sent twice changes things once and is answered alike both times.

The claim is a row, inserted first in the same transaction as the change. A rival with the same key waits for that row
on PostgreSQL (on SQLite for the writer) and then reads the answer; when the change fails the claim vanishes with it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.context import Owner
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.time import to_ms

_KEY = re.compile(r"[\x21-\x7e]{8,128}")


def idempotency_table(metadata: MetaData, domain: str) -> Table:
    """The domain's table of keys; part of its models and migrations."""
    return Table(
        f"{domain}_idempotency",
        metadata,
        Column("subject", String(200), primary_key=True),
        Column("client_id", String(200), primary_key=True),
        Column("key", String(128), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("answer", Text, nullable=True),
        Column("created_ms", BigInteger, nullable=False, index=True),
    )


def fingerprint(operation: str, request: Any) -> str:
    """A digest of what was asked; ``request`` is made of JSON values, dates as strings."""
    text = json.dumps([operation, request], ensure_ascii=False, sort_keys=True, default=str)
    # A lone surrogate is text JSON can carry and UTF-8 cannot; it must not be a defect of ours.
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=32).hexdigest()


async def once(
    session: AsyncSession,
    table: Table,
    *,
    owner: Owner,
    key: str,
    operation: str,
    request: Any,
    now: datetime,
    perform: Callable[[], Awaitable[str]],
) -> str:
    """Perform a change once for (owner, key) inside the caller's transaction and return its stored answer.

    ``perform`` returns the answer as text, usually the id of what it made. Raises DomainError BAD_IDEMPOTENCY_KEY,
    IDEMPOTENCY_KEY_REUSED, and whatever ``perform`` raises (then nothing is kept).
    """
    if not _KEY.fullmatch(key):
        raise KIT_ERRORS.error("BAD_IDEMPOTENCY_KEY")
    digest = fingerprint(operation, request)
    identity = (table.c.subject == owner.subject, table.c.client_id == owner.client_id, table.c.key == key)
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    claim = insert(table).values(
        subject=owner.subject, client_id=owner.client_id, key=key, fingerprint=digest, created_ms=to_ms(now)
    )
    claimed = await session.execute(claim.on_conflict_do_nothing().returning(table.c.key))
    if claimed.first() is None:
        stored = (await session.execute(select(table.c.fingerprint, table.c.answer).where(*identity))).one()
        if stored.fingerprint != digest:
            raise KIT_ERRORS.error("IDEMPOTENCY_KEY_REUSED")
        return str(stored.answer)
    answer = await perform()
    await session.execute(update(table).where(*identity).values(answer=answer))
    return answer


async def recall(
    session: AsyncSession, table: Table, *, owner: Owner, key: str, operation: str, request: Any
) -> str | None:
    """The answer already stored for (owner, key), None when there is none yet.

    For changes with a step outside the transaction, which must not be repeated either. Raises as ``once``.
    """
    if not _KEY.fullmatch(key):
        raise KIT_ERRORS.error("BAD_IDEMPOTENCY_KEY")
    found = await session.execute(
        select(table.c.fingerprint, table.c.answer).where(
            table.c.subject == owner.subject, table.c.client_id == owner.client_id, table.c.key == key
        )
    )
    stored = found.one_or_none()
    if stored is None:
        return None
    if stored.fingerprint != fingerprint(operation, request):
        raise KIT_ERRORS.error("IDEMPOTENCY_KEY_REUSED")
    return str(stored.answer)


async def forget_before(session: AsyncSession, table: Table, moment: datetime) -> None:
    """Drop keys older than ``moment``; a retry that late is a new request."""
    await session.execute(delete(table).where(table.c.created_ms < to_ms(moment)))
