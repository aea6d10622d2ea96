"""The live path of the one-process hub: broker → bridge → store and fan-out, with replayed taxis when asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hub.settings import Settings
from sensors_bridge.bridge import Bridge, BridgeSettings
from sensors_bridge.broker import EmbeddedBroker
from sensors_bridge.fanout import Fanout
from sensors_bridge.mqtt import BrokerAddress, open_source
from sensors_bridge.replay import ReplaySettings, replay
from sensors_bridge.store import ReadingStore

log = logging.getLogger("hub.live")


@dataclass(frozen=True, slots=True)
class Live:
    """What the sensing subgraph reads from, and the words for the greeting."""

    store: ReadingStore
    fanout: Fanout
    description: str


@asynccontextmanager
async def open_live(settings: Settings) -> AsyncIterator[Live]:
    """Open broker, store, fan-out and bridge.

    Raises BadBrokerUrl, BrokerFailed, StoreError. A broker by URL that is away is tried again for ever.
    """
    async with AsyncExitStack() as stack:
        store = await ReadingStore.open(settings.database_url("readings"))
        stack.push_async_callback(store.aclose)
        if settings.broker:
            address = BrokerAddress.parse(settings.broker)
        else:
            address = (await stack.enter_async_context(EmbeddedBroker())).address
        fanout = Fanout()
        bridge = Bridge(open_source(address), store, fanout, BridgeSettings(retention_days=settings.days_kept))
        await stack.enter_async_context(_running("bridge", bridge.run(), stop=bridge.stop))
        if settings.taxis:
            cars = ReplaySettings(taxis=settings.taxis, rate=settings.rate, seed=settings.seed)
            await stack.enter_async_context(_running("replay", replay(address, cars)))
        yield Live(store, fanout, _description(settings, address))


def _description(settings: Settings, address: BrokerAddress) -> str:
    broker = address.shown if settings.broker else "embedded broker"
    if not settings.taxis:
        return f"{broker}, no replay"
    pace = "1 message" if settings.rate == 1 else f"{settings.rate:g} messages"
    return f"{broker}, {settings.taxis} replayed taxis at {pace} a second each"


@asynccontextmanager
async def _running(
    name: str, work: Coroutine[Any, Any, Any], stop: Callable[[], None] | None = None
) -> AsyncIterator[None]:
    """Run ``work`` beside the block; a failure is logged. At the end it is stopped, or cancelled."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_log_failure)
    try:
        yield
    finally:
        if stop is None:
            task.cancel()
        else:
            stop()
        await asyncio.gather(task, return_exceptions=True)


def _log_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        log.error("%s failed and is not running any more", task.get_name(), exc_info=problem)
