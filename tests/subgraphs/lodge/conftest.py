"""A lodge subgraph on a database of its own, with a clock the test holds and the simulated payments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from subgraphs.kit.context import Identity
from subgraphs.kit.database import Database
from subgraphs.kit.simulated_payments import SimulatedPayments
from subgraphs.kit.subgraph import OpenSubgraph
from subgraphs.kit.time import KST
from subgraphs.lodge.domain import LODGE

KIM = Identity("kim", "travel-app", frozenset({"lodge:book", "lodge:read"}), "en")
LEE = Identity("lee", "travel-app", frozenset({"lodge:book", "lodge:read"}), "en")


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@dataclass
class Lodges:
    """The subgraph as a test asks it."""

    subgraph: OpenSubgraph
    moment: datetime
    keys: int = field(default=0)

    def now(self) -> datetime:
        return self.moment

    async def ask(self, query: str, identity: Identity = KIM, **variables: Any) -> dict[str, Any]:
        return await self.subgraph.execute(query, variables, identity=identity)

    async def data(self, query: str, identity: Identity = KIM, **variables: Any) -> dict[str, Any]:
        answer = await self.ask(query, identity, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def key(self) -> str:
        self.keys += 1
        return f"key-{self.keys:08d}"

    async def hold(
        self,
        room: str,
        night: str,
        nights: int = 1,
        *,
        identity: Identity = KIM,
        key: str | None = None,
        guests: int = 1,
    ) -> dict[str, Any]:
        """The stay, or ``{"code": …}`` with the error's extensions."""
        return await self._one(
            """mutation($input: HoldRoomInput!) { holdRoom(input: $input) {
                 id state payBy amountKrw nights firstNight room { id } lodge { id } } }""",
            identity,
            roomId=room, night=night, nights=nights, guests=guests, idempotencyKey=key or self.key(),
        )  # fmt: skip

    async def confirm(
        self, stay: str, token: str = "tok_test_ok", *, identity: Identity = KIM, key: str | None = None
    ) -> dict[str, Any]:
        return await self._one(
            "mutation($input: ConfirmStayInput!) { confirmStay(input: $input) { id state confirmedAt } }",
            identity,
            stayId=stay, paymentToken=token, idempotencyKey=key or self.key(),
        )  # fmt: skip

    async def cancel(self, stay: str, *, identity: Identity = KIM, key: str | None = None) -> dict[str, Any]:
        return await self._one(
            "mutation($input: CancelStayInput!) { cancelStay(input: $input) { id state feeKrw refundKrw } }",
            identity,
            stayId=stay, idempotencyKey=key or self.key(),
        )  # fmt: skip

    async def _one(self, mutation: str, identity: Identity, **values: Any) -> dict[str, Any]:
        answer = await self.ask(mutation, identity, input=values)
        if "errors" in answer:
            (error,) = answer["errors"]
            return dict(error["extensions"])
        (payload,) = answer["data"].values()
        return dict(payload)

    async def free(self, lodge: str, night: str, nights: int = 1, guests: int = 1, first: int = 100) -> dict[str, Any]:
        data = await self.data(
            """query($id: ID!, $night: Date!, $nights: Int!, $guests: Int!, $first: Int!) { lodge(id: $id) {
                 freeRooms(night: $night, nights: $nights, guests: $guests, first: $first) {
                   state opensAt totalCount nodes { id priceKrw capacity } pageInfo { hasNextPage endCursor } } } }""",
            id=lodge, night=night, nights=nights, guests=guests, first=first,
        )  # fmt: skip
        rooms: dict[str, Any] = data["lodge"]["freeRooms"]
        return rooms


async def opened(url: str, folder: Path, moment: str = "2026-11-23T10:00") -> Lodges:
    lodges = Lodges(subgraph=None, moment=kst(moment))  # type: ignore[arg-type]
    payments = await SimulatedPayments.open(Database(f"sqlite+aiosqlite:///{folder / 'payments.db'}"), lodges.now)
    lodges.subgraph = await OpenSubgraph.open(
        LODGE, Database(url), clock=lodges.now, services={"payments": payments, "payment_database": payments._database}
    )
    return lodges


async def closed(lodges: Lodges) -> None:
    await lodges.subgraph.services["payment_database"].aclose()
    await lodges.subgraph.aclose()


@pytest.fixture
async def lodges(database_url: str, tmp_path: Path) -> AsyncIterator[Lodges]:
    """On SQLite and on PostgreSQL; it is Monday 2026-11-23, 10:00 in Korea."""
    opened_lodges = await opened(database_url, tmp_path)
    yield opened_lodges
    await closed(opened_lodges)


@pytest.fixture
async def sqlite_lodges(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Lodges]:
    """On SQLite alone, for what no database decides."""
    opened_lodges = await opened(sqlite_url, tmp_path)
    yield opened_lodges
    await closed(opened_lodges)
