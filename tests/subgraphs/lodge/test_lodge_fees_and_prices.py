"""What a night costs, what cancelling costs, and which steps a stay may take."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from subgraphs.kit.errors import DomainError
from subgraphs.kit.time import KST
from subgraphs.lodge.catalogue import RoomKind
from subgraphs.lodge.room_kinds import room_id, room_kind
from subgraphs.lodge.rules.calendar import SUMMER_PEAK
from subgraphs.lodge.rules.fees import NATIONAL, STANDARD, YEONGWOL, FeePolicy
from subgraphs.lodge.rules.prices import Prices, Rate, price_of_stay, rate_of
from subgraphs.lodge.rules.stays import TRANSITIONS, StayEvent, StayState, after, check_request, pay_by, state_now

PEAK_WEEKDAY, PEAK_WEEKEND = date(2026, 8, 3), date(2026, 8, 7)
OFF_WEEKDAY, OFF_WEEKEND = date(2026, 12, 2), date(2026, 12, 4)


@pytest.mark.parametrize(
    ("policy", "night", "percent_by_days_left"),
    [
        (NATIONAL, PEAK_WEEKDAY, {6: 0, 5: 0, 4: 10, 3: 30, 2: 50, 1: 80, 0: 100}),
        (NATIONAL, PEAK_WEEKEND, {5: 0, 4: 10, 3: 30, 2: 50, 1: 80, 0: 100}),
        (NATIONAL, OFF_WEEKDAY, {30: 0, 2: 0, 1: 10, 0: 20}),
        (NATIONAL, OFF_WEEKEND, {2: 0, 1: 20, 0: 30}),
        (STANDARD, PEAK_WEEKDAY, {10: 0, 9: 10, 7: 10, 6: 30, 5: 30, 4: 50, 3: 50, 2: 80, 0: 80}),
        (STANDARD, PEAK_WEEKEND, {10: 0, 7: 20, 5: 40, 3: 60, 1: 90, 0: 90}),
        (YEONGWOL, date(2026, 7, 6), {10: 0, 7: 10}),
        (STANDARD, date(2026, 7, 6), {10: 0, 7: 0, 1: 10}),
    ],
)
def test_cancelling_costs_more_the_nearer_the_night(
    policy: FeePolicy, night: date, percent_by_days_left: dict[int, int]
) -> None:
    for left, percent in percent_by_days_left.items():
        assert policy.percent(night, night - timedelta(days=left)) == percent, f"{left} days before"


def test_a_no_show_pays_all_and_fractions_of_a_won_are_dropped() -> None:
    assert NATIONAL.percent(OFF_WEEKDAY, OFF_WEEKDAY + timedelta(days=1)) == 100
    assert NATIONAL.fee_krw(45_555, OFF_WEEKDAY, OFF_WEEKDAY - timedelta(days=1)) == 4_555


@pytest.mark.parametrize(
    ("night", "rate"),
    [
        (OFF_WEEKDAY, Rate.OFF_PEAK_WEEKDAY),
        (OFF_WEEKEND, Rate.OFF_PEAK_WEEKEND),
        (date(2026, 12, 24), Rate.OFF_PEAK_WEEKEND),
        (date(2026, 7, 14), Rate.OFF_PEAK_WEEKDAY),
        (date(2026, 7, 15), Rate.PEAK_WEEKDAY),
        (date(2026, 8, 24), Rate.PEAK_WEEKDAY),
        (PEAK_WEEKEND, Rate.PEAK_WEEKEND),
    ],
)
def test_season_and_weekday_choose_the_price(night: date, rate: Rate) -> None:
    assert rate_of(night, SUMMER_PEAK) is rate


def test_a_stay_costs_the_sum_of_its_nights() -> None:
    prices = Prices(98_000, 173_000, 174_000, 175_000)
    assert price_of_stay(prices, SUMMER_PEAK, date(2026, 12, 3), 2) == 98_000 + 173_000
    assert price_of_stay(prices, SUMMER_PEAK, date(2026, 7, 14), 2) == 98_000 + 174_000


def test_the_state_machine_is_this_table_and_nothing_else() -> None:
    held, confirmed, cancelled, expired = StayState.HELD, StayState.CONFIRMED, StayState.CANCELLED, StayState.EXPIRED
    assert dict(TRANSITIONS) == {
        (held, StayEvent.CONFIRM): confirmed,
        (held, StayEvent.CANCEL): cancelled,
        (held, StayEvent.EXPIRE): expired,
        (confirmed, StayEvent.CANCEL): cancelled,
    }
    for state in StayState:
        for event in StayEvent:
            if (state, event) not in TRANSITIONS:
                with pytest.raises(DomainError) as refused:
                    after(state, event)
                assert refused.value.code == ("HOLD_EXPIRED" if state is expired else "STAY_STATE")


def test_a_hold_counts_as_expired_from_its_pay_by_moment_on() -> None:
    due = datetime(2026, 11, 23, 10, 20, tzinfo=KST)
    assert state_now(StayState.HELD, due, due - timedelta(milliseconds=1)) is StayState.HELD
    assert state_now(StayState.HELD, due, due) is StayState.EXPIRED
    assert state_now(StayState.CONFIRMED, due, due) is StayState.CONFIRMED


def test_a_hold_is_never_open_longer_than_check_in() -> None:
    late = datetime(2026, 11, 23, 21, 55, tzinfo=KST)
    assert pay_by(late, date(2026, 11, 23), time(22)) == datetime(2026, 11, 23, 22, tzinfo=KST)
    assert pay_by(late, date(2026, 11, 25), time(22)) == late + timedelta(minutes=20)


@pytest.mark.parametrize(
    ("nights", "guests", "capacity", "code"),
    [
        (0, 1, 4, "NIGHTS_OUT_OF_RANGE"),
        (4, 1, 4, "NIGHTS_OUT_OF_RANGE"),
        (-1, 1, 4, "NIGHTS_OUT_OF_RANGE"),
        (1, 0, 4, "GUESTS_OUT_OF_RANGE"),
        (1, 5, 4, "GUESTS_OUT_OF_RANGE"),
        (1, 101, None, "GUESTS_OUT_OF_RANGE"),
    ],
)
def test_requests_beyond_the_limits_are_refused(nights: int, guests: int, capacity: int | None, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_request(nights, guests, capacity)
    assert refused.value.code == code
    check_request(3, 4, 4)


@pytest.mark.parametrize(
    ("category", "group", "kind"),
    [
        ("숲속의집", "DETACHED", RoomKind.CABIN),
        ("산림문화휴양관", "BLOCK", RoomKind.LODGE_ROOM),
        ("연립동", "BLOCK", RoomKind.ROW_HOUSE),
        ("트리하우스", "DETACHED", RoomKind.TREE_HOUSE),
        ("카라반", "DETACHED", RoomKind.CARAVAN),
        ("카라반사이트", "CAMPING", RoomKind.AUTO_CAMPING),
        ("B지구(자동차) 야영데크", "CAMPING", RoomKind.AUTO_CAMPING),
        ("야영데크", "CAMPING", RoomKind.DECK),
        ("노지야영장", "CAMPING", RoomKind.CAMPSITE),
        ("숲속수련장", "BLOCK", RoomKind.TRAINING_HALL),
        ("가족", "OTHER", RoomKind.OTHER),
    ],
)
def test_a_category_is_a_kind(category: str, group: str, kind: RoomKind) -> None:
    assert room_kind(category, group) is kind


def test_a_room_keeps_its_id_however_its_name_is_spaced() -> None:
    assert room_id("0111", "휴양관", "고로쇠나무 (3층)") == room_id("0111", "휴양관", "고로쇠나무(3층)")
    assert room_id("0111", "휴양관", "가") != room_id("0112", "휴양관", "가")
