"""The simulated payment provider: its own database, its own ledger, the manners of a real one.

Test tokens decide the outcome: ``tok_test_ok`` pays; ``tok_test_<decline code>`` is declined with that code;
``tok_test_unavailable`` gives no answer. The ledger keeps entries and never changes one; a payment's state is their
sum. A token itself is not stored, only a digest of it.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from sqlalchemy import BigInteger, Column, ForeignKey, MetaData, String, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.database import Database
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.migrations import migrate
from subgraphs.kit.payments import DECLINES, Payment, PaymentConflict, PaymentState, declined, refuse_card_number
from subgraphs.kit.time import Clock, to_ms, utc_now

METADATA = MetaData()
MIGRATIONS = Path(__file__).parent / "payment_migrations"
DOMAIN = "payments"

PAYMENTS = Table(
    "payments_payment",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("request_key", String(200), nullable=False, unique=True),
    Column("order_ref", String(200), nullable=False),
    Column("method_digest", String(64), nullable=False),
    Column("amount_krw", BigInteger, nullable=False),
    Column("decline_code", String(40), nullable=True),
    Column("created_ms", BigInteger, nullable=False),
)
ENTRIES = Table(
    "payments_entry",
    METADATA,
    Column("payment_id", String(40), ForeignKey("payments_payment.id"), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("entry_key", String(200), primary_key=True),
    Column("amount_krw", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

_PREFIX = "tok_test_"


class SimulatedPayments:
    """A ``PaymentProvider``. Open it on a database of its own or on one shared with domains."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    async def open(cls, database: Database, clock: Clock = utc_now) -> SimulatedPayments:
        """Bring the ledger's tables up to date."""
        await migrate(database, DOMAIN, METADATA, MIGRATIONS)
        return cls(database, clock)

    async def authorise(self, key: str, *, token: str, amount_krw: int, order: str) -> Payment:
        """See ``PaymentProvider``. A decline is remembered too: the same key is declined again."""
        refuse_card_number(token)
        outcome = token.removeprefix(_PREFIX)
        if outcome == "unavailable":
            raise KIT_ERRORS.error("PAYMENT_UNAVAILABLE")
        if not token.startswith(_PREFIX) or outcome not in {"ok", *DECLINES}:
            raise KIT_ERRORS.error("PAYMENT_METHOD_UNKNOWN")
        if amount_krw <= 0:
            raise PaymentConflict(f"an amount is positive, got {amount_krw}")
        digest = hashlib.sha256(token.encode()).hexdigest()
        async with self._database.write() as session:
            insert = _insert(session, PAYMENTS).values(
                id=f"pay_{secrets.token_hex(12)}",
                request_key=key,
                order_ref=order,
                method_digest=digest,
                amount_krw=amount_krw,
                decline_code=None if outcome == "ok" else outcome,
                created_ms=to_ms(self._clock()),
            )
            await session.execute(insert.on_conflict_do_nothing(index_elements=["request_key"]))
            row = (await session.execute(select(PAYMENTS).where(PAYMENTS.c.request_key == key))).one()
            if (row.amount_krw, row.order_ref, row.method_digest) != (amount_krw, order, digest):
                raise PaymentConflict(f"the key {key} was used for another payment")
            payment = await _read(session, row.id)
        if row.decline_code is not None:
            raise declined(row.decline_code)
        return payment

    async def capture(self, payment_id: str) -> Payment:
        """See ``PaymentProvider``."""
        return await self._settle(payment_id, "CAPTURE", forbidden="VOIDED")

    async def void(self, payment_id: str) -> Payment:
        """See ``PaymentProvider``."""
        return await self._settle(payment_id, "VOID", forbidden="CAPTURED")

    async def refund(self, key: str, payment_id: str, amount_krw: int) -> Payment:
        """See ``PaymentProvider``. The sum of refunds never exceeds the captured amount."""
        async with self._database.write() as session:
            payment = await _locked(session, payment_id)
            made = await session.execute(
                select(ENTRIES.c.amount_krw).where(
                    ENTRIES.c.payment_id == payment_id, ENTRIES.c.kind == "REFUND", ENTRIES.c.entry_key == key
                )
            )
            earlier = made.scalar()
            if earlier is not None:
                if earlier != amount_krw:
                    raise PaymentConflict(f"the key {key} was used for a refund of {earlier} won")
                return payment
            if payment.state != "CAPTURED" or not 0 < amount_krw <= payment.amount_krw - payment.refunded_krw:
                raise PaymentConflict(f"cannot refund {amount_krw} won of {payment}")
            await self._enter(session, payment_id, "REFUND", key, amount_krw)
            return await _read(session, payment_id)

    async def _settle(self, payment_id: str, kind: str, *, forbidden: PaymentState) -> Payment:
        async with self._database.write() as session:
            payment = await _locked(session, payment_id)
            if payment.state == forbidden:
                raise PaymentConflict(f"{kind} of {payment}")
            if payment.state == "AUTHORISED":
                await self._enter(session, payment_id, kind, "", payment.amount_krw)
            return await _read(session, payment_id)

    async def _enter(self, session: AsyncSession, payment_id: str, kind: str, key: str, amount_krw: int) -> None:
        entry = {"payment_id": payment_id, "kind": kind, "entry_key": key, "amount_krw": amount_krw}
        await session.execute(ENTRIES.insert().values(**entry, at_ms=to_ms(self._clock())))


def _insert(session: AsyncSession, table: Table) -> sqlite.Insert | postgresql.Insert:
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


async def _locked(session: AsyncSession, payment_id: str) -> Payment:
    """The payment, its row locked until commit (SQLite has one writer anyway)."""
    await session.execute(select(PAYMENTS.c.id).where(PAYMENTS.c.id == payment_id).with_for_update())
    return await _read(session, payment_id)


async def _read(session: AsyncSession, payment_id: str) -> Payment:
    row = (await session.execute(select(PAYMENTS).where(PAYMENTS.c.id == payment_id))).one_or_none()
    if row is None:
        raise PaymentConflict(f"no payment {payment_id}")
    entries = (await session.execute(select(ENTRIES).where(ENTRIES.c.payment_id == payment_id))).all()
    kinds = {entry.kind for entry in entries}
    state: PaymentState = "VOIDED" if "VOID" in kinds else "CAPTURED" if "CAPTURE" in kinds else "AUTHORISED"
    refunded = sum(entry.amount_krw for entry in entries if entry.kind == "REFUND")
    return Payment(row.id, state, row.amount_krw, refunded)
