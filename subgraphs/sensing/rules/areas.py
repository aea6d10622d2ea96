"""What a reader may ask for: boxes of bounded size, kinds of the catalogue, periods."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from sensors_bridge.areas import BadBox, BoundingBox
from sensors_bridge.catalogue import KINDS
from subgraphs.kit.time import to_ms
from subgraphs.sensing.errors import SENSING_ERRORS

MAX_SQUARE_DEGREES = 4.0
"""About the capital region; a box this size holds every taxi of a city."""
MAX_DAYS = 31
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def check_box(west: float, south: float, east: float, north: float) -> BoundingBox:
    """Raises BAD_BBOX or AREA_TOO_LARGE."""
    try:
        box = BoundingBox(west, south, east, north)
    except BadBox as error:
        raise SENSING_ERRORS.error("BAD_BBOX") from error
    if (east - west) * (north - south) > MAX_SQUARE_DEGREES:
        raise SENSING_ERRORS.error("AREA_TOO_LARGE", maximum=MAX_SQUARE_DEGREES)
    return box


def check_kinds(kinds: Sequence[str] | None) -> frozenset[str] | None:
    """The kinds asked for; None means all. Raises NO_KINDS or UNKNOWN_KIND."""
    if kinds is None:
        return None
    if not kinds:
        raise SENSING_ERRORS.error("NO_KINDS")
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise SENSING_ERRORS.error("UNKNOWN_KIND", unknown=", ".join(kind[:40] for kind in unknown[:5]))
    return frozenset(kinds)


def check_period(start: datetime, end: datetime) -> tuple[int, int]:
    """The period in milliseconds UTC. Raises PERIOD_OUT_OF_RANGE."""
    first, last = to_ms(start), to_ms(end)
    if not 0 < last - first <= MAX_DAYS * 86_400_000:
        raise SENSING_ERRORS.error("PERIOD_OUT_OF_RANGE", maximumDays=MAX_DAYS)
    return first, last


def check_device(device: str) -> str:
    """Raises BAD_DEVICE."""
    if not _DEVICE.fullmatch(device):
        raise SENSING_ERRORS.error("BAD_DEVICE")
    return device
