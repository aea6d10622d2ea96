"""Roof-light readings: the bridge's store and fan-out, asked within bounds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable
from typing import Any, TypeVar

from sensors_bridge.areas import BoundingBox
from sensors_bridge.fanout import Fanout, FanoutBatch, FanoutClosed
from sensors_bridge.readings import Reading
from sensors_bridge.store import Position, ReadingStore, StoreUnavailable, position_of
from subgraphs.kit.context import Context
from subgraphs.kit.errors import KIT_ERRORS
from subgraphs.kit.pagination import Page, PageRequest, page_of_rows
from subgraphs.sensing.errors import SENSING_ERRORS

T = TypeVar("T")


async def latest_readings(
    context: Context, kinds: frozenset[str] | None, box: BoundingBox | None, first: int
) -> list[Reading]:
    """The latest reading of each device and kind in the box, the newest first. Raises READINGS_UNAVAILABLE."""
    return await _answered(_store(context).latest(kinds, box, first))


async def reading_history(
    context: Context, kind: str, where: BoundingBox | str | None, period: tuple[int, int], request: PageRequest
) -> Page[Reading]:
    """Readings of one kind in a box or of a device, oldest first. Raises READINGS_UNAVAILABLE, BAD_CURSOR."""
    start, end = period
    after = None if request.after is None else _position(request.after)
    rows = await _answered(_store(context).history(kind, where, start, end, request.first + 1, after))
    return page_of_rows(rows, request, position_of)


async def live_batches(
    context: Context, kinds: frozenset[str] | None, box: BoundingBox | None
) -> AsyncGenerator[FanoutBatch, None]:
    """Readings as they are stored. Raises LIVE_UNAVAILABLE."""
    fanout: Fanout | None = context.services.get("fanout")
    if fanout is None:
        raise SENSING_ERRORS.error("LIVE_UNAVAILABLE")
    try:
        subscription = fanout.subscribe(kinds, box)
    except FanoutClosed as error:
        raise SENSING_ERRORS.error("LIVE_UNAVAILABLE") from error
    try:
        async for batch in subscription:
            yield batch
    finally:
        await subscription.aclose()


def _store(context: Context) -> ReadingStore:
    store: ReadingStore | None = context.services.get("readings")
    if store is None:
        raise SENSING_ERRORS.error("READINGS_UNAVAILABLE")
    return store


async def _answered(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except StoreUnavailable as error:
        raise SENSING_ERRORS.error("READINGS_UNAVAILABLE") from error


def _position(position: tuple[Any, ...]) -> Position:
    match position:
        case (int(at), str(device), int(boot), int(seq)) if all(abs(number) < 2**53 for number in (at, boot, seq)):
            return at, device, boot, seq
        case _:
            raise KIT_ERRORS.error("BAD_CURSOR")
