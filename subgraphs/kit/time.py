"""Time as the subgraphs see it: an injected clock in UTC, rules in Korean time, dates as plain ``YYYY-MM-DD``.

Korea has had no daylight saving time since 1988, so KST is a fixed +09:00 for every date the hub handles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import strawberry
from strawberry.types.scalar import ScalarDefinition

KST = ZoneInfo("Asia/Seoul")

Clock = Callable[[], datetime]
"""Returns the present moment as an aware datetime in UTC; tests and replays pass their own."""

_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def utc_now() -> datetime:
    """The system clock."""
    return datetime.now(UTC)


def in_kst(moment: datetime) -> datetime:
    """The same moment on a clock in Korea."""
    return moment.astimezone(KST)


def kst_date(moment: datetime) -> date:
    """The calendar day in Korea at ``moment``."""
    return moment.astimezone(KST).date()


def kst_at(day: date, at: time) -> datetime:
    """The moment a Korean wall clock shows ``at`` on ``day``."""
    return datetime.combine(day, at, tzinfo=KST)


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch, the form moments are stored in (BIGINT)."""
    return round(moment.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """The moment stored as ``milliseconds``, in Korean time."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=KST)


def parse_date(value: object) -> date:
    """Read ``YYYY-MM-DD`` and nothing else (``date.fromisoformat`` also takes week dates and bare digits).

    Raises ValueError, which GraphQL turns into a coercion error.
    """
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        return date.fromisoformat(value)
    raise ValueError(f"A date is written YYYY-MM-DD, got {value!r:.40}")


def parse_datetime(value: object) -> datetime:
    """Read an ISO 8601 moment that names its offset. Raises ValueError."""
    if isinstance(value, str) and len(value) <= 40:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment
    raise ValueError(f"A moment is written in ISO 8601 with its offset, got {value!r:.40}")


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="A calendar day in Korea, YYYY-MM-DD.",
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with its offset; answers are in Korean time (+09:00).",
        serialize=datetime.isoformat,
        parse_value=parse_datetime,
    ),
}
"""The scalars every subgraph shares; the descriptions are equal so that composition has nothing to remark."""
