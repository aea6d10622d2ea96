"""A reading: one value of one kind, from one device, at one place and moment."""

from __future__ import annotations

from typing import Literal

import msgspec


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One measured value.

    `at` is the device's clock and `received` the bridge's, both milliseconds UTC since 1970. `lat` and `lon` are WGS84
    degrees. `kind` is a code of `catalogue.KINDS` and `value` is in that kind's unit. `boot` grows with each start of
    the device and `seq` counts its messages since then, so (`device`, `boot`, `seq`) names one message for ever.
    """

    device: str
    boot: int
    seq: int
    at: int
    received: int
    lat: float
    lon: float
    kind: str
    value: float


def newer(left: Reading, right: Reading) -> bool:
    """Whether `left` was measured after `right`: by the device's clock, then by its own count."""
    return (left.at, left.boot, left.seq) > (right.at, right.boot, right.seq)


def origin_of(device: str) -> Literal["device", "simulated", "demonstration"]:
    """Where a device's readings come from. The replay's vehicles carry their origin in their id."""
    if device.startswith("sim-"):
        return "simulated"
    return "demonstration" if device.startswith("demo-") else "device"
