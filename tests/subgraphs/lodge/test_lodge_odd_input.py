"""Whatever is sent, the answer is data or a coded refusal; never a defect of ours."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.subgraphs.lodge.conftest import Lodges, closed, opened

ids = st.one_of(st.sampled_from(["0111", "0111-8cc64cbc6fec", "ID02030100", "stay_" + "0" * 24]), st.text(max_size=60))
days = st.one_of(st.dates(), st.dates(date(2026, 11, 1), date(2027, 3, 1))).map(date.isoformat)
numbers = st.one_of(st.integers(-2, 6), st.integers(-(2**31), 2**31 - 1))
cursors = st.one_of(st.none(), st.text(max_size=40), st.binary(max_size=30).map(lambda raw: raw.hex()))
texts = st.one_of(st.none(), st.text(max_size=60))

READ = """query($id: ID!, $night: Date!, $nights: Int!, $guests: Int!, $first: Int!, $after: String, $km: Float!,
  $region: String, $search: String) {
  lodge(id: $id) { name operator night(night: $night) { state opensAt rate lottery { drawnAt } }
    observedVacancy(night: $night) { vacantLodging } rooms(first: $first, after: $after) { totalCount }
    freeRooms(night: $night, nights: $nights, guests: $guests, first: $first, after: $after) {
      state opensAt totalCount nodes { priceKrw room { lodge { id } } } }
    place { lodges(withinKm: $km, first: $first, after: $after) { totalCount nodes { distanceKm } } } }
  lodges(region: $region, search: $search, first: $first, after: $after) { totalCount }
  myStays(first: $first, after: $after) { nodes { id } }
  stay(id: $id) { id } }"""
WRITE = """mutation($id: ID!, $night: Date!, $nights: Int!, $guests: Int!, $token: String!, $key: String!) {
  holdRoom(input: {roomId: $id, night: $night, nights: $nights, guests: $guests, idempotencyKey: $key}) { id state }
  confirmStay(input: {stayId: $id, paymentToken: $token, idempotencyKey: $key}) { id }
  cancelStay(input: {stayId: $id, idempotencyKey: $key}) { id } }"""


def with_lodges(work: Callable[[Lodges], Awaitable[None]]) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            lodges = await opened(f"sqlite+aiosqlite:///{folder}/lodge.db", Path(folder))
            try:
                await work(lodges)
            finally:
                await closed(lodges)

    asyncio.run(run())


def coded(answer: dict[str, Any]) -> None:
    for error in answer.get("errors", []):
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR", error
        assert error["message"]


reads = st.fixed_dictionaries(
    {
        "id": ids, "night": days, "nights": numbers, "guests": numbers, "first": numbers, "after": cursors,
        "km": st.floats(allow_nan=False, allow_infinity=False), "region": texts, "search": texts,
    }
)  # fmt: skip
writes = st.fixed_dictionaries(
    {
        "id": ids, "night": days, "nights": numbers, "guests": numbers, "token": st.text(max_size=250),
        "key": st.one_of(st.text(max_size=140), st.just("a-proper-key")),
    }
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(reads, min_size=5, max_size=10), st.lists(writes, min_size=5, max_size=10))
def test_odd_input_gets_a_code(asked: list[dict[str, Any]], done: list[dict[str, Any]]) -> None:
    async def play(lodges: Lodges) -> None:
        for variables in asked:
            coded(await lodges.ask(READ, **variables))
        for variables in done:
            coded(await lodges.ask(WRITE, **variables))

    with_lodges(play)


async def test_text_that_is_no_unicode_is_refused_too(sqlite_lodges: Lodges) -> None:
    lone = "\ud800"
    answer = await sqlite_lodges.ask(
        WRITE, id=lone, night="2026-12-02", nights=1, guests=1, token=lone, key="a-proper-key"
    )
    assert [error["extensions"]["code"] for error in answer["errors"]] == [
        "UNKNOWN_ROOM",
        "PAYMENT_METHOD_UNKNOWN",
        "NOT_FOUND",
    ]
