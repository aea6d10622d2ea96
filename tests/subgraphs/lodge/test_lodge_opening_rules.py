"""When a night opens: the texts of foresttrip's policy page, and the moments they mean."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import date, datetime, time
from pathlib import Path

import pytest

from subgraphs.kit.time import KST
from subgraphs.lodge.rules.calendar import ClosedDays, is_weekend_night
from subgraphs.lodge.rules.opening import (
    DEFAULT_RULE,
    DayOfMonth,
    NightState,
    OpeningPolicy,
    WeeksAhead,
    lottery_window,
    parse_open_rule,
)

DATA = Path(__file__).parents[4] / "shared" / "data"
NATIONAL = OpeningPolicy(WeeksAhead(), weekend_lottery=True, closed=ClosedDays(frozenset({1})))


def kst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KST)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("6주 전 수요일 09시 오픈", WeeksAhead(6, 2, time(9))),
        ("09시 오픈", WeeksAhead(6, 2, time(9))),
        ("10시 오픈", WeeksAhead(6, 2, time(10))),
        ("화요일 09시 오픈", WeeksAhead(6, 1, time(9))),
        ("( 4주 ) 09시 오픈", WeeksAhead(4, 2, time(9))),
        ("(4주) 월요일 10시 오픈", WeeksAhead(4, 0, time(10))),
        ("( 2주 ) 일요일 14시 오픈", WeeksAhead(2, 6, time(14))),
        ("( 8주 ) 09시 오픈", WeeksAhead(8, 2, time(9))),
        ("매월 1일 09시 오픈", DayOfMonth(1, time(9))),
        ("매월  10일   16시 오픈", DayOfMonth(10, time(16))),
        ("매월 1일 00시 오픈", DayOfMonth(1, time(0))),
        ("", None),
        ("전화 문의", None),
        ("매월 32일 09시 오픈", None),
        ("매월 1일 24시 오픈", None),
        ("( 0주 ) 09시 오픈", None),
        ("( 99주 ) 09시 오픈", None),
        ("매월 1일 09시 오픈 예정", None),
    ],
)
def test_the_rule_texts_are_read(text: str, rule: object) -> None:
    assert parse_open_rule(text) == rule


@pytest.mark.parametrize(
    ("rule", "night", "opens"),
    [
        # Wednesday 2026-08-05 09:00 opened everything up to Tuesday 2026-09-15 (seen in the snapshots).
        (WeeksAhead(), "2026-09-15", "2026-08-05T09:00"),
        (WeeksAhead(), "2026-09-16", "2026-08-12T09:00"),
        (WeeksAhead(), "2026-09-22", "2026-08-12T09:00"),
        (WeeksAhead(4), "2026-09-01", "2026-08-05T09:00"),
        (WeeksAhead(6, 1), "2026-09-14", "2026-08-04T09:00"),
        (WeeksAhead(2, 6, time(14)), "2026-08-22", "2026-08-09T14:00"),
        (DayOfMonth(10, time(16)), "2026-09-01", "2026-08-10T16:00"),
        (DayOfMonth(10, time(16)), "2026-09-30", "2026-08-10T16:00"),
        (DayOfMonth(1, time(9)), "2027-01-31", "2026-12-01T09:00"),
        (DayOfMonth(31, time(9)), "2026-03-05", "2026-02-28T09:00"),
    ],
)
def test_a_night_opens_at_its_moment(rule: WeeksAhead | DayOfMonth, night: str, opens: str) -> None:
    assert rule.opens(date.fromisoformat(night)) == kst(opens)


@pytest.mark.parametrize(
    ("night", "weekend"),
    [
        ("2026-12-03", False),  # Thursday
        ("2026-12-04", True),  # Friday
        ("2026-12-05", True),  # Saturday
        ("2026-12-06", False),  # Sunday
        ("2026-12-24", True),  # Thursday, the eve of Christmas
        ("2026-12-31", True),  # Thursday, the eve of New Year
        ("2026-10-04", True),  # Sunday, the eve of a substitute holiday
        ("2026-09-23", True),  # Wednesday, the eve of Chuseok's first day
        ("2026-10-05", False),  # the holiday itself, a Monday
    ],
)
def test_weekend_nights_are_fridays_saturdays_and_holiday_eves(night: str, weekend: bool) -> None:
    assert is_weekend_night(date.fromisoformat(night)) is weekend


@pytest.mark.parametrize(
    ("night", "now", "state", "opens_at"),
    [
        # Weekdays: six weeks ahead, Wednesday 09:00.
        ("2026-12-28", "2026-11-18T08:59", NightState.NOT_OPEN_YET, "2026-11-18T09:00"),
        ("2026-12-28", "2026-11-18T09:00", NightState.OPEN, None),
        # Weekends: not before the 15th of the month before, 09:00, and not before the week rule either.
        ("2026-12-05", "2026-11-15T08:59", NightState.NOT_OPEN_YET, "2026-11-15T09:00"),
        ("2026-12-05", "2026-11-15T09:00", NightState.OPEN, None),
        ("2026-12-26", "2026-11-15T09:00", NightState.NOT_OPEN_YET, "2026-11-18T09:00"),
        ("2027-01-01", "2026-12-14T12:00", NightState.NOT_OPEN_YET, "2026-12-15T09:00"),
        ("2026-12-31", "2026-11-25T12:00", NightState.OPEN, None),
        # Tuesdays are closed, but not in the peak season.
        ("2026-12-01", "2026-11-23T10:00", NightState.CLOSED_DAY, None),
        ("2026-08-18", "2026-08-01T10:00", NightState.OPEN, None),
        ("2026-08-25", "2026-08-01T10:00", NightState.CLOSED_DAY, None),
        # The past: yesterday, and today once check-in has ended.
        ("2026-11-22", "2026-11-23T10:00", NightState.PAST, None),
        ("2026-11-23", "2026-11-23T21:59", NightState.OPEN, None),
        ("2026-11-23", "2026-11-23T22:00", NightState.PAST, None),
        # So far ahead that no calendar is settled.
        ("2031-01-05", "2026-11-23T10:00", NightState.NOT_OPEN_YET, None),
        ("9999-12-31", "2026-11-23T10:00", NightState.NOT_OPEN_YET, None),
        ("0001-01-01", "2026-11-23T10:00", NightState.PAST, None),
    ],
)
def test_a_national_forest_gates_its_nights(night: str, now: str, state: NightState, opens_at: str | None) -> None:
    gate = NATIONAL.gate(date.fromisoformat(night), 1, kst(now))
    assert (gate.state, gate.opens_at) == (state, kst(opens_at) if opens_at else None)


def test_a_stay_opens_with_its_last_night_to_open() -> None:
    thursday_to_sunday = NATIONAL.gate(date(2026, 12, 17), 3, kst("2026-11-14T10:00"))
    assert (thursday_to_sunday.state, thursday_to_sunday.opens_at) == (NightState.NOT_OPEN_YET, kst("2026-11-15T09:00"))
    assert thursday_to_sunday.night in (date(2026, 12, 18), date(2026, 12, 19))


def test_a_stay_over_a_closed_day_names_that_day() -> None:
    gate = NATIONAL.gate(date(2026, 11, 29), 3, kst("2026-11-23T10:00"))
    assert (gate.state, gate.night) == (NightState.CLOSED_DAY, date(2026, 12, 1))


def test_the_lottery_of_a_weekend_night_is_that_of_the_month_before() -> None:
    window = lottery_window(date(2027, 1, 2))
    assert [
        window.applications_from,
        window.applications_until,
        window.drawn_at,
        window.winners_pay_until,
        window.remainder_opens,
    ] == [kst(f"2026-12-{moment}") for moment in ("04T09:00", "09T18:00", "10T16:00", "14T18:00", "15T09:00")]


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside the repository")
def test_what_foresttrip_showed_as_vacant_had_opened_by_our_rules() -> None:
    """75,657 observations of 14 days in August 2026: nothing was on sale that the gate calls closed or not open."""
    forests = {row["instt_id"]: row for row in csv.DictReader((DATA / "forests.csv").open(encoding="utf-8-sig"))}
    policies = {
        forest_id: OpeningPolicy(
            parse_open_rule(row["open_rule_ko"]) or DEFAULT_RULE,
            row["operator"] == "국립",
            ClosedDays(frozenset({1} if row["operator"] == "국립" else ())),
        )
        for forest_id, row in forests.items()
    }
    against: Counter[str] = Counter()
    with gzip.open(DATA / "forest_vacancy_snapshots.csv.gz", "rt", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        night = datetime.strptime(row["stay_date"], "%Y%m%d").date()
        gate = policies[row["instt_id"]].gate(night, 1, kst(row["snapshot_at"]))
        if gate.state is not NightState.OPEN:
            against[forests[row["instt_id"]]["open_rule_ko"]] += 1
    unread = against.pop("", 0)
    assert len(rows) == 75_657
    assert unread < 250, "two of seven forests without a rule text open whole months"
    # Forests with a Monday or Tuesday rule show a few nights early on Sundays; nothing else ever does.
    assert sum(against.values()) <= 60
    assert all("월요일" in rule or "화요일" in rule for rule in against)
