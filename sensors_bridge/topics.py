"""Topics and payloads: pure functions from a message's bytes to readings. docs/topics.md describes the format.

`decode` is total: any topic and any bytes give a Decoded, never an exception. A fault of the message (shape, clock,
place, sender) rejects all of it. A fault of one value (kind, range) rejects that value only: one broken sensor on a
roof light must not silence the other thirty-three.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

import msgspec

from sensors_bridge.areas import BoundingBox
from sensors_bridge.catalogue import KINDS
from sensors_bridge.readings import Reading

READINGS_FILTER = "city/+/taxi/+/readings"
"""The topic filter that matches every readings topic."""

KOREA = BoundingBox(west=124.0, south=33.0, east=132.0, north=39.0)
"""Where roof lights can be: the ranges of the catalogue's `lat` and `lon`."""

_TOPIC = re.compile(r"city/([a-z][a-z0-9-]{0,31})/taxi/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/readings")
_COUNT_AT_MOST = 2**53  # what every JSON reader can hold exactly


class Reason(StrEnum):
    """Why a message or a value was rejected. The codes are stable: they are counted and stored."""

    BAD_TOPIC = "bad_topic"
    TOO_LARGE = "too_large"
    BAD_UTF8 = "bad_utf8"
    BAD_JSON = "bad_json"
    BAD_SHAPE = "bad_shape"
    UNSUPPORTED_VERSION = "unsupported_version"
    DEVICE_MISMATCH = "device_mismatch"
    OUTSIDE_KOREA = "outside_korea"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    NO_VALUES = "no_values"
    TOO_MANY_VALUES = "too_many_values"
    NOT_FINITE = "not_finite"
    UNKNOWN_KIND = "unknown_kind"
    OUT_OF_RANGE = "out_of_range"
    STORE_REFUSED = "store_refused"


@dataclass(frozen=True, slots=True)
class Reject:
    """One reason with the particulars, in plain English."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message came to. `message` is (device, boot, seq) when the whole was readable, else None."""

    message: tuple[str, int, int] | None
    readings: tuple[Reading, ...]
    rejects: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """Bounds on one message: payload bytes, values, and how far (ms) a device's clock may be from ours."""

    payload_bytes: int = 16_384
    values: int = 128
    ahead_ms: int = 60_000
    behind_ms: int = 7 * 86_400_000


_Count = Annotated[int, msgspec.Meta(ge=0, le=_COUNT_AT_MOST)]


class _Message(msgspec.Struct, frozen=True, gc=False):
    device: str
    boot: _Count
    seq: _Count
    at: _Count
    lat: float
    lon: float
    values: dict[str, float]
    v: int = 1


_decoder = msgspec.json.Decoder(_Message)
_encoder = msgspec.json.Encoder()
_RANGES = {kind.code: (kind.minimum, kind.maximum) for kind in KINDS.values()}
_DEFAULT_LIMITS = DecodeLimits()


def topic_of(city: str, device: str) -> str:
    """The topic a device publishes its readings on. Raises ValueError when city or device cannot be in a topic."""
    topic = f"city/{city}/taxi/{device}/readings"
    if device_of(topic) != device:
        raise ValueError(f"{topic!r} is not a readings topic")
    return topic


@lru_cache(maxsize=65_536)
def device_of(topic: str) -> str | None:
    """The device a readings topic belongs to; None for any other topic."""
    match = _TOPIC.fullmatch(topic)
    return None if match is None else match[2]


def encode(*, device: str, boot: int, seq: int, at: int, lat: float, lon: float, values: Mapping[str, float]) -> bytes:
    """A payload of version 1; see `readings.Reading` for the units."""
    return _encoder.encode(_Message(device, boot, seq, at, lat, lon, dict(values)))


def decode(topic: str, payload: bytes, now: int, limits: DecodeLimits = _DEFAULT_LIMITS) -> Decoded:
    """Read one message. `now` is the bridge's clock in ms UTC and becomes `Reading.received`."""
    device = device_of(topic)
    if device is None:
        return _rejected(Reason.BAD_TOPIC, f"expected {READINGS_FILTER}")
    if len(payload) > limits.payload_bytes:
        return _rejected(Reason.TOO_LARGE, f"{len(payload)} bytes, at most {limits.payload_bytes}")
    try:
        message = _decoder.decode(payload)
    except msgspec.ValidationError as error:
        overflow = str(error).startswith("Number out of range")
        return _rejected(Reason.NOT_FINITE if overflow else Reason.BAD_SHAPE, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _unreadable(payload, error)
    refusal = _message_fault(message, device, now, limits)
    if refusal is not None:
        return Decoded(None, (), (refusal,))
    readings: list[Reading] = []
    rejects: list[Reject] = []
    boot, seq, at, lat, lon = message.boot, message.seq, message.at, message.lat, message.lon
    for kind, value in message.values.items():
        bounds = _RANGES.get(kind)
        if bounds is not None and bounds[0] <= value <= bounds[1]:
            readings.append(Reading(device, boot, seq, at, now, lat, lon, kind, value))
        else:
            rejects.append(_value_fault(kind, value))
    return Decoded((device, boot, seq), tuple(readings), tuple(rejects))


def _message_fault(message: _Message, device: str, now: int, limits: DecodeLimits) -> Reject | None:
    if message.v != 1:
        return Reject(Reason.UNSUPPORTED_VERSION, f"v is {message.v}, this bridge reads 1")
    if message.device != device:
        return Reject(Reason.DEVICE_MISMATCH, f"the topic says {device!r}, the payload {message.device[:80]!r}")
    if not (math.isfinite(message.lat) and math.isfinite(message.lon)):
        return Reject(Reason.NOT_FINITE, "lat and lon must be finite numbers")
    if not KOREA.contains(message.lat, message.lon):
        return Reject(Reason.OUTSIDE_KOREA, f"lat {message.lat}, lon {message.lon}")
    if message.at > now + limits.ahead_ms:
        return Reject(Reason.CLOCK_AHEAD, f"at is {message.at}, more than {limits.ahead_ms} ms after the bridge")
    if message.at < now - limits.behind_ms:
        return Reject(Reason.CLOCK_BEHIND, f"at is {message.at}, more than {limits.behind_ms} ms before the bridge")
    if not message.values:
        return Reject(Reason.NO_VALUES, "values is empty")
    if len(message.values) > limits.values:
        return Reject(Reason.TOO_MANY_VALUES, f"{len(message.values)} values, at most {limits.values}")
    return None


def _value_fault(kind: str, value: float) -> Reject:
    known = KINDS.get(kind)
    if known is None:
        return Reject(Reason.UNKNOWN_KIND, f"{kind[:80]!r} is not in the catalogue")
    if not math.isfinite(value):
        return Reject(Reason.NOT_FINITE, f"{kind} must be a finite number")
    return Reject(Reason.OUT_OF_RANGE, f"{kind} is {value}, possible are {known.minimum} to {known.maximum}")


def _unreadable(payload: bytes, error: Exception) -> Decoded:
    try:
        text = payload.decode()
    except UnicodeDecodeError as broken:
        return _rejected(Reason.BAD_UTF8, f"byte {broken.start} is not UTF-8")
    if re.search(r"\b(NaN|Infinity)\b", text):
        return _rejected(Reason.NOT_FINITE, "JSON numbers are finite: NaN and Infinity are not JSON")
    return _rejected(Reason.BAD_JSON, str(error))


def _rejected(reason: Reason, detail: str) -> Decoded:
    return Decoded(None, (), (Reject(reason, detail),))
