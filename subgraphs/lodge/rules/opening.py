"""When a night of a forest opens, and whether it may be booked now.

The forms of foresttrip.go.kr's policy page, each read against 14 daily vacancy snapshots of August 2026 (ADR 0035):

``6주 전 수요일 09시 오픈``   week rule: each Wednesday 09:00 opens every night up to 6 x 7 - 1 days ahead
``( 4주 ) 월요일 10시 오픈``  the same with 4 weeks, Mondays, 10:00; the weekday left out is Wednesday
``09시 오픈``, ``화요일 09시 오픈``  the weeks left out are 6
``매월 10일 16시 오픈``        month rule: on the 10th at 16:00 all nights of the next month open

National forests (and no other) draw lots for the weekend nights of the next month: applications from the 4th 09:00 to
the 9th 18:00, draw on the 10th, winners pay until the 14th 18:00, and what is left opens on the 15th 09:00 to whoever
comes first, but no earlier than the week rule would.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

from subgraphs.kit.time import kst_at, kst_date
from subgraphs.lodge.rules.calendar import WEDNESDAY, ClosedDays, is_weekend_night, nights_from

_WEEKDAYS = {name: index for index, name in enumerate("월화수목금토일")}
_WEEK_RULE = re.compile(
    r"(?:(?:\(\s*(\d{1,2})\s*주\s*\)|(\d{1,2})\s*주\s*전)\s*)?(?:([월화수목금토일])요일\s*)?(\d{1,2})시\s*오픈"
)
_MONTH_RULE = re.compile(r"매월\s*(\d{1,2})일\s*(\d{1,2})시\s*오픈")
_MAX_WEEKS = 26
FORESEEABLE = timedelta(days=2 * 365)
"""Beyond it no holiday calendar is settled, so no opening time is told."""


@dataclass(frozen=True, slots=True)
class WeeksAhead:
    """Every ``weekday`` (0 is Monday) at ``at`` opens all nights up to ``weeks`` x 7 - 1 days ahead."""

    weeks: int = 6
    weekday: int = WEDNESDAY
    at: time = time(9)

    def opens(self, night: date) -> datetime:
        """The moment, in Korean time, at which the night opens."""
        earliest = night - timedelta(days=7 * self.weeks - 1)
        return kst_at(earliest + timedelta(days=(self.weekday - earliest.weekday()) % 7), self.at)


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """On ``day`` of each month at ``at`` all nights of the next month open."""

    day: int
    at: time

    def opens(self, night: date) -> datetime:
        """The moment, in Korean time, at which the night opens."""
        month = previous_month(night)
        return kst_at(month.replace(day=min(self.day, monthrange(month.year, month.month)[1])), self.at)


OpenRule = WeeksAhead | DayOfMonth

DEFAULT_RULE = WeeksAhead()
"""Of a forest whose text cannot be read: the shortest notice any national forest gives."""


def previous_month(night: date) -> date:
    """The first day of the month before the night's."""
    return (night.replace(day=1) - timedelta(days=1)).replace(day=1)


def parse_open_rule(text: str) -> OpenRule | None:
    """Read the Korean text of an opening rule. None when it is in no known form or names an impossible time."""
    text = " ".join(text.split())
    if match := _MONTH_RULE.fullmatch(text):
        day, hour = int(match[1]), int(match[2])
        return DayOfMonth(day, time(hour)) if 1 <= day <= 31 and hour < 24 else None
    if match := _WEEK_RULE.fullmatch(text):
        weeks, hour = int(match[1] or match[2] or DEFAULT_RULE.weeks), int(match[4])
        weekday = _WEEKDAYS[match[3]] if match[3] else DEFAULT_RULE.weekday
        return WeeksAhead(weeks, weekday, time(hour)) if 1 <= weeks <= _MAX_WEEKS and hour < 24 else None
    return None


@dataclass(frozen=True, slots=True)
class LotteryWindow:
    """The lottery for one weekend night, all moments in Korean time."""

    applications_from: datetime
    applications_until: datetime
    drawn_at: datetime
    winners_pay_until: datetime
    remainder_opens: datetime


def lottery_window(night: date) -> LotteryWindow:
    """The dates of the lottery a weekend night belongs to: that of the month before."""
    month = previous_month(night)

    def on(day: int, hour: int) -> datetime:
        return kst_at(month.replace(day=day), time(hour))

    return LotteryWindow(on(4, 9), on(9, 18), on(10, 16), on(14, 18), on(15, 9))


class NightState(Enum):
    """Whether a night may be booked. The order is that of the checks."""

    PAST = "PAST"
    CLOSED_DAY = "CLOSED_DAY"
    NOT_OPEN_YET = "NOT_OPEN_YET"
    OPEN = "OPEN"


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer for a stay: its state and, while NOT_OPEN_YET, the moment (Korean time) when it may be booked.

    ``opens_at`` is None for nights too far ahead to say.
    """

    state: NightState
    opens_at: datetime | None = None
    night: date | None = None
    """The first night that forbids the stay; None when OPEN."""


@dataclass(frozen=True, slots=True)
class OpeningPolicy:
    """How one forest opens its nights."""

    rule: OpenRule
    weekend_lottery: bool
    closed: ClosedDays
    check_in_until: time = time(22)

    def opens(self, night: date) -> datetime:
        """The moment a night opens to whoever comes first."""
        opens = self.rule.opens(night)
        if self.weekend_lottery and is_weekend_night(night):
            return max(opens, lottery_window(night).remainder_opens)
        return opens

    def gate(self, first_night: date, nights: int, now: datetime) -> Gate:
        """Whether a stay of consecutive nights may be booked ``now``: all its nights must be open."""
        today = kst_date(now)
        if first_night < today or (first_night == today and now >= kst_at(today, self.check_in_until)):
            return Gate(NightState.PAST, night=first_night)
        if first_night > today + FORESEEABLE:
            return Gate(NightState.NOT_OPEN_YET, night=first_night)
        stay = list(nights_from(first_night, nights))
        for night in stay:
            if self.closed.closes(night):
                return Gate(NightState.CLOSED_DAY, night=night)
        opens_at, night = max((self.opens(night), night) for night in stay)
        return Gate(NightState.OPEN) if opens_at <= now else Gate(NightState.NOT_OPEN_YET, opens_at, night)
