"""The pure parts of the kit: places, cursors, time, card numbers, languages, signed identities."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.kit import (
    DomainError,
    ErrorTable,
    ErrorText,
    Identity,
    Point,
    box_around,
    errors_page,
    from_ms,
    haversine_km,
    kst_date,
    page_of,
    page_request,
    read_place_id,
    to_ms,
)
from subgraphs.kit.identity import HEADER, BadIdentity, preferred_language, read_identity, sign_identity
from subgraphs.kit.pagination import decode_cursor, encode_cursor
from subgraphs.kit.payments import refuse_card_number
from subgraphs.kit.time import parse_date, parse_datetime

latitudes, longitudes = st.floats(-89, 89), st.floats(-179, 179)
points = st.builds(Point, latitudes, longitudes)
korea = st.builds(Point, st.floats(33, 39), st.floats(124, 132))


@pytest.mark.parametrize(
    ("point", "place_id"),
    [
        (Point(37.7645, 128.8993), "37.76450,128.89930"),
        (Point(37.764443, 128.899308), "37.76444,128.89931"),
        (Point(0.0, -0.000001), "0.00000,0.00000"),
        (Point(-33.1, 151), "-33.10000,151.00000"),
    ],
)
def test_place_ids_have_five_decimals(point: Point, place_id: str) -> None:
    assert point.place_id == place_id
    read = read_place_id(place_id)
    assert read is not None and read.place_id == place_id


@given(points)
def test_a_place_id_reads_back_as_itself(point: Point) -> None:
    read = read_place_id(point.place_id)
    assert read is not None and read.place_id == point.place_id
    assert haversine_km(point, read) < 0.002


@pytest.mark.parametrize(
    "garbage",
    [
        "", "37.7,128.9", "37.764501,128.899301", "91.00000,0.00000", "0.00000,181.00000", "-0.00000,0.00000",
        "37.76450, 128.89930", "nan,nan", "037.76450,128.89930", "37.76450,128.89930\n",
        "３7.76450,128.89930", None, 7, [],
    ],
)  # fmt: skip
def test_what_is_no_place_id(garbage: object) -> None:
    assert read_place_id(garbage) is None


def test_distance_seoul_to_busan() -> None:
    assert haversine_km(Point(37.5547, 126.9707), Point(35.1149, 129.0422)) == pytest.approx(328, abs=3)


@given(korea, korea, st.floats(0.1, 300))
def test_whatever_is_near_is_in_the_box(centre: Point, other: Point, radius: float) -> None:
    if haversine_km(centre, other) <= radius:
        assert box_around(centre, radius * 1.0001).contains(other)


positions = st.lists(st.one_of(st.integers(-(2**60), 2**60), st.text(max_size=20)), min_size=1, max_size=3).map(tuple)


@given(positions)
def test_a_cursor_reads_back(position: tuple[int | str, ...]) -> None:
    assert decode_cursor("trains", encode_cursor("trains", position)) == position


@given(st.text(max_size=200))
def test_no_text_makes_a_cursor_break(text: str) -> None:
    try:
        decode_cursor("trains", text)
    except DomainError as error:
        assert error.code == "BAD_CURSOR"


@pytest.mark.parametrize(
    "content",
    ['["trains"]', '["rooms", 1]', '["trains", null]', '["trains", [1]]', '["trains", true]', "{}", "[" * 300],
)
def test_a_cursor_not_made_here(content: str) -> None:
    import base64

    forged = base64.urlsafe_b64encode(content.encode()).decode()
    with pytest.raises(DomainError) as refused:
        decode_cursor("trains", forged)
    assert refused.value.code == "BAD_CURSOR"


@given(st.lists(st.integers(), unique=True, max_size=40).map(sorted), st.integers(1, 10))
def test_pages_are_the_list(items: list[int], size: int) -> None:
    seen: list[int] = []
    after = None
    while True:
        page = page_of(items, page_request("n", size, after), lambda item: (item,))
        assert page.total == len(items) and len(page.items) <= size
        seen += page.items
        after = page.end_cursor
        if not page.has_next:
            break
    assert seen == items


def test_a_page_begins_after_a_position_that_is_gone() -> None:
    request = page_request("n", 2, encode_cursor("n", (3,)))
    assert page_of([1, 2, 4, 5, 6], request, lambda item: (item,)).items == (4, 5)


def test_a_cursor_of_another_shape_is_refused() -> None:
    with pytest.raises(DomainError) as refused:
        page_of([1, 2], page_request("n", 2, encode_cursor("n", ("text",))), lambda item: (item,))
    assert refused.value.code == "BAD_CURSOR"


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-11-22", date(2026, 11, 22)), ("2024-02-29", date(2024, 2, 29))],
)
def test_dates(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text", ["20261122", "2026-W47-7", "2026-02-30", "22.11.2026", "", 20261122, None, "２０26-11-22"]
)
def test_what_is_no_date(text: object) -> None:
    with pytest.raises(ValueError):
        parse_date(text)


@pytest.mark.parametrize("text", ["2026-11-22T10:00", "now", "", 1, "2026-11-22"])
def test_a_moment_names_its_offset(text: object) -> None:
    with pytest.raises(ValueError):
        parse_datetime(text)


def test_the_day_changes_at_midnight_in_korea() -> None:
    assert kst_date(datetime(2026, 11, 22, 14, 59, tzinfo=UTC)) == date(2026, 11, 22)
    assert kst_date(datetime(2026, 11, 22, 15, 0, tzinfo=UTC)) == date(2026, 11, 23)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))
def test_stored_moments_keep_the_millisecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert abs(from_ms(to_ms(aware)) - aware) <= timedelta(milliseconds=0.5)


@pytest.mark.parametrize(
    ("token", "refused"),
    [
        ("4111111111111111", True), ("4111-1111 1111-1111", True), ("378282246310005", True),
        ("6304000000000000", True),
        ("4111111111111112", False), ("tok_test_ok", False), ("12345", False), ("", False),
        ("１２３４５６７８９０１２", False),
    ],
)  # fmt: skip
def test_card_numbers_are_known_by_length_and_check_digit(token: str, refused: bool) -> None:
    if refused:
        with pytest.raises(DomainError) as error:
            refuse_card_number(token)
        assert error.value.code == "CARD_NUMBER_NOT_ACCEPTED" and token not in str(error.value)
    else:
        refuse_card_number(token)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("ko", "ko"), ("ko-KR,ko;q=0.9,en;q=0.8", "ko"), ("en-US,ko;q=0.5", "en"), ("de,ko;q=0.3", "ko"),
        ("ko;q=0.2,en;q=0.9", "en"), ("ko;q=0", "en"), ("de", "en"), ("ko;q=abc,en", "en"), (";;;,,,", "en"),
    ],
)  # fmt: skip
def test_accept_language(header: str, language: str) -> None:
    assert preferred_language(header) == language


WHO = Identity("kim", "app", frozenset({"rail:read", "rail:book"}), "ko")
SECRET = b"between us"


def test_a_signed_identity_arrives() -> None:
    assert read_identity({HEADER: sign_identity(WHO, SECRET)}, SECRET) == WHO
    assert read_identity({"accept-language": "ko"}, SECRET) == Identity(language="ko")


def test_an_identity_expires_and_cannot_be_forged_or_changed() -> None:
    header = sign_identity(WHO, SECRET)
    payload, _, signature = header.partition(".")
    later = datetime.now(UTC) + timedelta(seconds=62)
    forged = [
        sign_identity(WHO, b"guess"),
        f"{payload}x.{signature}",
        payload,
        "",
        ".",
        "a.b",
        f"{payload}.{signature}é",
    ]
    for value in forged:
        with pytest.raises(BadIdentity):
            read_identity({HEADER: value}, SECRET)
    with pytest.raises(BadIdentity):
        read_identity({HEADER: header}, SECRET, lambda: later)


def test_error_tables_fill_their_texts_and_make_a_page() -> None:
    table = ErrorTable("demo", {"TOO_FAR": ErrorText("{km}km는 멉니다", "{km} km is far", "the way | is long")})
    error = table.error("TOO_FAR", km=7)
    assert (error.message("ko"), error.message("en")) == ("7km는 멉니다", "7 km is far")
    assert error.extension_map() == {"code": "TOO_FAR", "km": 7}
    assert "## demo" in errors_page([table]) and "`TOO_FAR`" in errors_page([table])
    with pytest.raises(KeyError):
        table.error("NO_SUCH_CODE")
    with pytest.raises(ValueError):
        ErrorTable("demo", {"lower case": ErrorText("가", "a", "never")})


def test_the_earth_is_round() -> None:
    assert haversine_km(Point(0, 0), Point(0, 180)) == pytest.approx(math.pi * 6371.0088)
