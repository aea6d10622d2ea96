"""One domain's database: SQLite by file or PostgreSQL by URL, with read and write session scopes.

SQLite has one writer. Writers of this process queue on a lock (cheaper and fairer than SQLite's own polling), then
``BEGIN IMMEDIATE``; other processes are waited for by ``busy_timeout``. PostgreSQL runs READ COMMITTED and relies on
constraints, as does SQLite: no rule is ever "check, then write".
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as _AsyncSession
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kit.errors import KIT_ERRORS

WAIT_SECONDS = 20.0
MAX_WAITING_WRITERS = 2000
_READERS = 8
_WRITERS = {"sqlite": 1, "postgresql": 8}

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=20000",
    "PRAGMA foreign_keys=ON",
)


class Session(AsyncSession):
    """SQLModel's session with SQLAlchemy's own ``execute``: SQLModel's warns of itself on every call."""

    execute = _AsyncSession.execute


class Database:
    """Engines for one URL. Make one a domain and process; ``aclose`` it at the end.

    Raises ValueError for a URL that is neither a SQLite file nor PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.dialect = parsed.get_backend_name()
        if self.dialect not in _WRITERS:
            raise ValueError(f"a database is sqlite or postgresql, not {self.dialect!r}")
        if self.dialect == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                raise ValueError("an in-memory SQLite database cannot be shared by connections; name a file")
            parsed = parsed.set(drivername="sqlite+aiosqlite")
            Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
        else:
            parsed = parsed.set(drivername="postgresql+asyncpg")
        self.url = parsed.render_as_string(hide_password=False)
        # A read of one statement needs no transaction; AUTOCOMMIT saves two round trips.
        self.reader = self._engine(_READERS, reads_only=True)
        self.writer = self._engine(_WRITERS[self.dialect], reads_only=False)
        self._write_lock = asyncio.Lock()
        self._waiting = 0

    def _engine(self, size: int, *, reads_only: bool) -> AsyncEngine:
        # A reader has nothing to roll back when it returns to the pool.
        options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None} if reads_only else {}
        engine = create_async_engine(
            self.url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            pool_timeout=WAIT_SECONDS,
            pool_pre_ping=self.dialect == "postgresql",
            **options,
        )
        if self.dialect == "sqlite":
            event.listen(
                engine.sync_engine, "connect", _prepare_sqlite_reader if reads_only else _prepare_sqlite_writer
            )
            if not reads_only:
                event.listen(engine.sync_engine, "begin", _begin_immediate)
        return engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; each statement sees what is committed. Raises DomainError BUSY."""
        try:
            async with Session(self.reader, expire_on_commit=False, autoflush=False) as session:
                yield session
        except PoolTimeout as error:
            raise KIT_ERRORS.error("BUSY") from error

    @asynccontextmanager
    async def read_connection(self) -> AsyncIterator[AsyncConnection]:
        """As ``read``, without the ORM: half the cost of a query, for the hot ones. Raises DomainError BUSY."""
        try:
            async with self.reader.connect() as connection:
                yield connection
        except PoolTimeout as error:
            raise KIT_ERRORS.error("BUSY") from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, undone when it raises. Raises DomainError BUSY."""
        async with self._writing(), Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def write_connection(self) -> AsyncIterator[AsyncConnection]:
        """As ``write``, for statements without the ORM (migrations, bulk loading)."""
        async with self._writing(), self.writer.begin() as connection:
            yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        if self._waiting >= MAX_WAITING_WRITERS:
            raise KIT_ERRORS.error("BUSY")
        self._waiting += 1
        locked = False
        try:
            if self.dialect == "sqlite":
                async with asyncio.timeout(WAIT_SECONDS):
                    locked = await self._write_lock.acquire()
            yield
        except PoolTimeout as error:
            raise KIT_ERRORS.error("BUSY") from error
        except TimeoutError as error:
            if locked:
                raise
            raise KIT_ERRORS.error("BUSY") from error
        finally:
            self._waiting -= 1
            if locked:
                self._write_lock.release()

    async def line_up(self, session: AsyncSession, *key: object) -> None:
        """Queue the transactions of one ``key`` until commit, so that rivals see each other's rows at once.

        Never needed for correctness (constraints are), it saves the losers of a race their retries.
        """
        if self.dialect == "postgresql":
            digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
            number = int.from_bytes(digest, "big", signed=True)
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": number})

    async def aclose(self) -> None:
        """Close every connection."""
        await self.reader.dispose()
        await self.writer.dispose()


def lost_a_race(error: DBAPIError) -> bool:
    """Whether a transaction failed because of a rival and may succeed when begun again.

    A key already taken, or PostgreSQL's choice of a victim (40001 serialization failure, 40P01 deadlock).
    """
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in ("40001", "40P01")


def _prepare_sqlite_writer(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is switched off; _begin_immediate issues it.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _prepare_sqlite_reader(connection: Any, record: Any) -> None:
    _prepare_sqlite_writer(connection, record)
    connection.execute("PRAGMA query_only=ON").close()


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
