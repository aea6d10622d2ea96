"""Sessions, idempotency and the payment ledger on both databases, with rivals."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError

from subgraphs.kit import Database, DomainError, Owner, PaymentConflict, SimulatedPayments, idempotency_table, once
from subgraphs.kit.idempotency import forget_before, recall

METADATA = MetaData()
COUNTERS = Table(
    "demo_counter", METADATA, Column("id", String(20), primary_key=True), Column("n", Integer, nullable=False)
)
BIG = Table("demo_big", METADATA, Column("id", BigInteger, primary_key=True))
KEYS = idempotency_table(METADATA, "demo")
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OWNER = Owner("kim", "app")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    async with opened.write_connection() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(insert(COUNTERS).values(id="a", n=0))
    yield opened
    await opened.aclose()


async def count(database: Database) -> int:
    async with database.read() as session:
        return int((await session.execute(select(COUNTERS.c.n))).scalar_one())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite+aiosqlite:///:memory:", "mysql://localhost/x", "oracle://x/y"])
def test_what_is_no_database_for_us(url: str) -> None:
    with pytest.raises(ValueError):
        Database(url)


async def test_a_hundred_writers_lose_no_update(database: Database) -> None:
    async def add_one() -> None:
        async with database.write() as session:
            await database.line_up(session, "counter")
            before = (await session.execute(select(COUNTERS.c.n))).scalar_one()
            await asyncio.sleep(0)
            await session.execute(update(COUNTERS).values(n=before + 1))

    await asyncio.gather(*(add_one() for _ in range(100)))
    assert await count(database) == 100


async def test_a_block_that_raises_is_undone(database: Database) -> None:
    with pytest.raises(KeyError):
        async with database.write() as session:
            await session.execute(update(COUNTERS).values(n=7))
            raise KeyError
    assert await count(database) == 0
    async with database.write() as session:
        await session.execute(update(COUNTERS).values(n=8))
    assert await count(database) == 8, "the writer is free again"


async def test_a_cancelled_writer_lets_the_next_one_in(database: Database) -> None:
    entered = asyncio.Event()

    async def hang() -> None:
        async with database.write() as session:
            await session.execute(update(COUNTERS).values(n=1))
            entered.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(hang())
    await entered.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), database.write() as session:
        await session.execute(update(COUNTERS).values(n=COUNTERS.c.n + 1))
    assert await count(database) == 1


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as session:
        await session.execute(update(COUNTERS).values(n=5))
        async with asyncio.timeout(2):
            assert await count(database) == 0
    assert await count(database) == 5


async def test_a_full_queue_is_told_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subgraphs.kit.database.MAX_WAITING_WRITERS", 1)
    async with database.write():
        with pytest.raises(DomainError) as refused:
            async with database.write():
                pytest.fail("the queue is full")
    assert refused.value.code == "BUSY"


async def test_too_long_a_wait_is_told(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subgraphs.kit.database.WAIT_SECONDS", 0.05)
    database = Database(sqlite_url)
    async with database.write():
        with pytest.raises(DomainError) as refused:
            async with database.write():
                pytest.fail("there is one writer")
    assert refused.value.code == "BUSY"
    await database.aclose()


async def test_two_processes_share_a_sqlite_file(sqlite_url: str) -> None:
    """Two Database objects know nothing of each other's lock; SQLite's own waiting keeps them apart."""
    one, other = Database(sqlite_url), Database(sqlite_url)
    async with one.write_connection() as connection:
        await connection.run_sync(METADATA.create_all)
        await connection.execute(insert(COUNTERS).values(id="a", n=0))

    async def add_one(database: Database) -> None:
        async with database.write() as session:
            await session.execute(update(COUNTERS).values(n=COUNTERS.c.n + 1))

    await asyncio.gather(*(add_one(database) for database in (one, other) for _ in range(25)))
    assert await count(one) == 50
    await one.aclose()
    await other.aclose()


async def test_a_reading_session_cannot_write_on_sqlite(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write_connection() as connection:
        await connection.run_sync(METADATA.create_all)
    with pytest.raises(OperationalError):
        async with database.read() as session:
            await session.execute(text("INSERT INTO demo_counter VALUES ('x', 1)"))
    await database.aclose()


async def test_milliseconds_fit(database: Database) -> None:
    async with database.write() as session:
        await session.execute(insert(BIG).values(id=2**62))
    async with database.read() as session:
        assert (await session.execute(select(BIG.c.id))).scalar_one() == 2**62


async def test_constraints_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(insert(COUNTERS).values(id="a", n=1))


class Till:
    """Performs a change and counts how often."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(
        self, key: str, amount: int, owner: Owner = OWNER, *, fails: bool = False, now: datetime = NOW
    ) -> str:
        async with self.database.write() as session:

            async def perform() -> str:
                await session.execute(update(COUNTERS).values(n=COUNTERS.c.n + amount))
                if fails:
                    raise KeyError
                return f"added {amount}"

            return await once(
                session, KEYS, owner=owner, key=key, operation="add", request={"n": amount}, now=now, perform=perform
            )


async def test_the_same_key_changes_once_and_answers_alike(database: Database) -> None:
    till = Till(database)
    assert await till.add("key-00001", 5) == await till.add("key-00001", 5) == "added 5"
    assert await count(database) == 5


async def test_thirty_rivals_with_one_key_change_once(database: Database) -> None:
    till = Till(database)
    assert set(await asyncio.gather(*(till.add("key-00001", 5) for _ in range(30)))) == {"added 5"}
    assert await count(database) == 5


async def test_a_key_is_refused_for_another_request_and_belongs_to_its_owner(database: Database) -> None:
    till = Till(database)
    await till.add("key-00001", 5)
    with pytest.raises(DomainError) as refused:
        await till.add("key-00001", 6)
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    await till.add("key-00001", 6, Owner("kim", "other app"))
    await till.add("key-00001", 7, Owner("lee", "app"))
    assert await count(database) == 18


async def test_a_failed_change_leaves_the_key_free(database: Database) -> None:
    till = Till(database)
    with pytest.raises(KeyError):
        await till.add("key-00001", 5, fails=True)
    assert await till.add("key-00001", 6) == "added 6"
    assert await count(database) == 6


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with blank", "열쇠열쇠열쇠열쇠", "new\nline-key"])
async def test_bad_keys(database: Database, key: str) -> None:
    with pytest.raises(DomainError) as refused:
        await Till(database).add(key, 1)
    assert refused.value.code == "BAD_IDEMPOTENCY_KEY"
    assert await count(database) == 0


async def test_keys_are_recalled_and_forgotten(database: Database) -> None:
    await Till(database).add("key-00001", 5)
    asked: dict[str, Any] = {"owner": OWNER, "key": "key-00001", "operation": "add"}
    async with database.read() as session:
        assert await recall(session, KEYS, **asked, request={"n": 5}) == "added 5"
        assert await recall(session, KEYS, **{**asked, "key": "key-00002"}, request={"n": 5}) is None
        with pytest.raises(DomainError):
            await recall(session, KEYS, **asked, request={"n": 6})
    async with database.write() as session:
        await forget_before(session, KEYS, NOW)
        assert await recall(session, KEYS, **asked, request={"n": 5}) == "added 5"
        await forget_before(session, KEYS, NOW + timedelta(seconds=1))
        assert await recall(session, KEYS, **asked, request={"n": 5}) is None


@pytest.fixture
async def payments(database_url: str) -> AsyncIterator[SimulatedPayments]:
    database = Database(database_url)
    yield await SimulatedPayments.open(database, lambda: NOW)
    await database.aclose()


async def test_authorise_capture_refund(payments: SimulatedPayments) -> None:
    payment = await payments.authorise("k1", token="tok_test_ok", amount_krw=10_000, order="o1")
    assert (payment.state, payment.amount_krw, payment.refunded_krw) == ("AUTHORISED", 10_000, 0)
    assert (await payments.capture(payment.id)).state == "CAPTURED"
    assert (await payments.refund("r1", payment.id, 4_000)).refunded_krw == 4_000
    assert (await payments.refund("r2", payment.id, 6_000)).refunded_krw == 10_000


async def test_every_step_can_be_repeated(payments: SimulatedPayments) -> None:
    first, again = [
        await payments.authorise("k1", token="tok_test_ok", amount_krw=10_000, order="o1") for _ in range(2)
    ]
    assert first == again
    for _ in range(3):
        captured = await payments.capture(first.id)
    for _ in range(3):
        refunded = await payments.refund("r1", first.id, 4_000)
    assert (captured.state, refunded.refunded_krw) == ("CAPTURED", 4_000)
    voided = await payments.authorise("k2", token="tok_test_ok", amount_krw=5, order="o2")
    for _ in range(2):
        assert (await payments.void(voided.id)).state == "VOIDED"


async def test_steps_out_of_order_are_refused(payments: SimulatedPayments) -> None:
    payment = await payments.authorise("k1", token="tok_test_ok", amount_krw=10_000, order="o1")
    with pytest.raises(PaymentConflict):
        await payments.refund("r1", payment.id, 1)
    await payments.capture(payment.id)
    for wrong in (
        payments.void(payment.id),
        payments.refund("r1", payment.id, 10_001),
        payments.refund("r1", payment.id, 0),
        payments.capture("pay_unknown"),
        payments.authorise("k1", token="tok_test_ok", amount_krw=9_999, order="o1"),
        payments.authorise("k3", token="tok_test_ok", amount_krw=0, order="o1"),
    ):
        with pytest.raises(PaymentConflict):
            await wrong
    await payments.refund("r1", payment.id, 1)
    with pytest.raises(PaymentConflict):
        await payments.refund("r1", payment.id, 2)


async def test_a_decline_is_remembered_by_its_key(payments: SimulatedPayments) -> None:
    for _ in range(2):
        with pytest.raises(DomainError) as refused:
            await payments.authorise("k1", token="tok_test_lost_card", amount_krw=10_000, order="o1")
        assert (refused.value.code, refused.value.extensions) == ("PAYMENT_DECLINED", {"declineCode": "lost_card"})
        assert "분실" in refused.value.ko and "lost" in refused.value.en


async def test_rival_refunds_never_exceed_what_was_paid(payments: SimulatedPayments) -> None:
    payment = await payments.authorise("k1", token="tok_test_ok", amount_krw=10_000, order="o1")
    await payments.capture(payment.id)
    outcomes = await asyncio.gather(
        *(payments.refund(f"r{number}", payment.id, 3_000) for number in range(10)), return_exceptions=True
    )
    assert Counter(type(one).__name__ for one in outcomes) == {"Payment": 3, "PaymentConflict": 7}
    assert (await payments.capture(payment.id)).refunded_krw == 9_000


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    Database(f"sqlite:///{tmp_path / 'deep' / 'er' / 'x.db'}")
    assert (tmp_path / "deep" / "er").is_dir()
