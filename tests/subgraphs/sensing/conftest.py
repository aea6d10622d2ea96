"""A sensing subgraph on a database of its own, with a real readings' store and fan-out, at a clock the test holds."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sensors_bridge.fanout import Fanout
from sensors_bridge.readings import Reading
from sensors_bridge.store import ReadingStore
from subgraphs.kit.context import Identity
from subgraphs.kit.database import Database
from subgraphs.kit.subgraph import OpenSubgraph
from subgraphs.kit.time import KST, to_ms
from subgraphs.sensing.domain import SENSING

READER = Identity("kim", "map-app", frozenset({"sensing:read", "sensing:live"}), "en")


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


MONDAY = kst("2026-11-23T15:30")


@dataclass
class Sensing:
    """The subgraph as a test asks it."""

    moment: datetime
    store: ReadingStore
    fanout: Fanout = field(default_factory=Fanout)
    subgraph: OpenSubgraph = None  # type: ignore[assignment]
    seq: int = 0

    def now(self) -> datetime:
        return self.moment

    async def ask(self, query: str, identity: Identity = READER, **variables: Any) -> dict[str, Any]:
        return await self.subgraph.execute(query, variables, identity=identity)

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def reading(
        self, kind: str, value: float, at: tuple[float, float], *, minutes_ago: float = 1, device: str = "taxi-1"
    ) -> Reading:
        self.seq += 1
        measured = to_ms(self.moment - timedelta(minutes=minutes_ago))
        return Reading(device, 1, self.seq, measured, measured + 50, at[0], at[1], kind, value)


@pytest.fixture
async def sensing(database_url: str) -> AsyncIterator[Sensing]:
    """On SQLite and on PostgreSQL; it is Monday 2026-11-23, 15:30 in Korea."""
    async for opened in _opened(database_url):
        yield opened


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file migrated and seeded once; copying it is ten times cheaper than seeding again."""
    file = tmp_path_factory.mktemp("sensing") / "test.db"

    async def seed() -> None:
        opened = await OpenSubgraph.open(SENSING, Database(f"sqlite+aiosqlite:///{file}"), clock=lambda: MONDAY)
        await opened.aclose()

    asyncio.run(seed())
    return file


@pytest.fixture
async def sqlite_sensing(sqlite_url: str, seeded_file: Path) -> AsyncIterator[Sensing]:
    """On SQLite alone, for what no database decides."""
    shutil.copy(seeded_file, sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    async for opened in _opened(sqlite_url, seed=False):
        yield opened


async def _opened(url: str, *, seed: bool = True) -> AsyncIterator[Sensing]:
    store_url = url.replace("test.db", "readings.db")
    sensing = Sensing(MONDAY, await ReadingStore.open(store_url))
    services = {"readings": sensing.store, "fanout": sensing.fanout}
    sensing.subgraph = await OpenSubgraph.open(SENSING, Database(url), clock=sensing.now, services=services, seed=seed)
    yield sensing
    sensing.fanout.close()
    await sensing.subgraph.aclose()
    await sensing.store.aclose()
