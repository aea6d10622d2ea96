"""Simulated taxis publishing over MQTT, as real roof lights would."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiomqtt

from sensors_bridge.bridge import wall_clock_ms
from sensors_bridge.mqtt import BrokerAddress
from sensors_bridge.mqtt_aiomqtt import client_of
from sensors_bridge.taxis import DEMONSTRATION_VEHICLES, Sample, drive, fleet

log = logging.getLogger("sensors_bridge.replay")

_IN_FLIGHT = 200


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """`taxis` in three cities, each with `rate` messages a second; `demonstration` adds three around Gangneung.

    With the same `seed` and `start` (ms UTC; None: now) the messages are the same. `messages` ends the replay after so
    many; None goes on until cancelled. `fast` publishes them at once, with device times that end now.
    """

    taxis: int = 24
    rate: float = 0.2
    seed: int = 1
    start: int | None = None
    messages: int | None = None
    demonstration: bool = True
    fast: bool = False
    client_id: str = "replay"


async def replay(
    address: BrokerAddress, settings: ReplaySettings | None = None, sent: Callable[[Sample], None] | None = None
) -> int:
    """Publish with QoS 1 until `messages` are with the broker, or for ever; returns how many. Reconnects by itself.

    `sent` is called for each message the broker has acknowledged. Raises ValueError for a rate or number below zero.
    """
    settings = settings or ReplaySettings()
    if not settings.rate > 0 or settings.taxis < 0 or not (settings.taxis or settings.demonstration):
        raise ValueError("a replay needs a rate above 0 and at least one vehicle")
    if settings.fast and settings.messages is None:
        raise ValueError("a fast replay needs a number of messages")
    start = _start(settings)
    samples = drive(fleet(settings.taxis, settings.seed, start // 1000, settings.demonstration), settings.rate, start)
    began, done, pause = time.monotonic(), 0, 0.1
    waiting: list[Sample] = []
    while settings.messages is None or done < settings.messages:
        try:
            async with _client(address, settings) as client:
                pause = 0.1
                while settings.messages is None or done < settings.messages:
                    if not waiting:
                        waiting = [next(samples)]
                        room = _IN_FLIGHT if settings.messages is None else min(_IN_FLIGHT, settings.messages - done)
                        while settings.fast and len(waiting) < room:
                            waiting.append(next(samples))
                    if not settings.fast:
                        await asyncio.sleep(began + waiting[0].due_ms / 1000 - time.monotonic())
                    async with asyncio.TaskGroup() as tasks:
                        for sample in waiting:
                            tasks.create_task(client.publish(sample.topic, sample.payload, qos=1))
                    for sample in waiting:
                        done += 1
                        if sent is not None:
                            sent(sample)
                    waiting = []
        except* (aiomqtt.MqttError, OSError) as problems:
            log.warning(
                "replay: no connection to %s (%s); again in %.1f s", address.shown, problems.exceptions[0], pause
            )
        else:
            continue
        await asyncio.sleep(pause)
        pause = min(pause * 2, 10.0)
    return done


def _start(settings: ReplaySettings) -> int:
    if settings.start is not None:
        return settings.start
    if not settings.fast:
        return wall_clock_ms()
    vehicles = settings.taxis + (DEMONSTRATION_VEHICLES if settings.demonstration else 0)
    return wall_clock_ms() - int((settings.messages or 0) / (vehicles * settings.rate) * 1000)


def _client(address: BrokerAddress, settings: ReplaySettings) -> aiomqtt.Client:
    client = client_of(address, settings.client_id, keepalive=30, timeout=10)
    client.pending_calls_threshold = _IN_FLIGHT + 10
    return client
