"""The error codes of the lodge domain."""

from __future__ import annotations

from subgraphs.kit.errors import ErrorTable, ErrorText

LODGE_ERRORS = ErrorTable(
    "lodge",
    {
        "SOLD_OUT": ErrorText(
            "선택한 날짜에 이 객실은 이미 예약되었습니다.",
            "The room is taken on one of these nights.",
            "another stay has the room for one of the nights",
        ),
        "DATE_IN_PAST": ErrorText(
            "이미 지난 날짜이거나 입실 시간이 끝났습니다.",
            "The night is past, or its check-in time is over.",
            "the first night is before today in Korea, or is today and check-in has ended",
        ),
        "CLOSED_DAY": ErrorText(
            "{night}은(는) 휴양림 휴무일입니다.",
            "The forest is closed on {night}.",
            "one of the nights is a weekly closing day of the forest",
        ),
        "NOT_OPEN_YET": ErrorText(
            "아직 예약이 열리지 않았습니다. 예약 시작: {opensAt}",
            "Booking is not open yet; it opens at {opensAt}.",
            "one of the nights has not been released; `opensAt` says when it will be",
        ),
        "NIGHTS_OUT_OF_RANGE": ErrorText(
            "숙박은 1박 이상 {maximum}박 이하여야 합니다.",
            "A stay is 1 to {maximum} nights.",
            "`nights` is below 1 or above the limit",
        ),
        "GUESTS_OUT_OF_RANGE": ErrorText(
            "인원은 1명 이상 {maximum}명 이하여야 합니다.",
            "The number of guests must be between 1 and {maximum}.",
            "`guests` is below 1 or above the room's capacity",
        ),
        "TOO_MANY_UNITS": ErrorText(
            "같은 날짜에는 1인당 최대 {maximum}개 객실까지 예약할 수 있습니다.",
            "One person may have {maximum} rooms for the same night.",
            "the caller already has the most rooms allowed for one of the nights",
        ),
        "UNKNOWN_ROOM": ErrorText(
            "알 수 없는 객실입니다.",
            "There is no such room.",
            "`roomId` names no room, or one kept for internal use",
        ),
        "PRICE_UNKNOWN": ErrorText(
            "요금이 확인되지 않아 예약할 수 없는 객실입니다.",
            "The room has no known price and cannot be booked.",
            "the source gave no price for the room",
        ),
        "NOT_FOUND": ErrorText(
            "예약을 찾을 수 없습니다.",
            "There is no such stay of yours.",
            "`stayId` names no stay of this person by this client",
        ),
        "HOLD_EXPIRED": ErrorText(
            "결제 기한이 지나 예약이 해제되었습니다.",
            "The time to pay is over and the room was released.",
            "the hold was not confirmed in time",
        ),
        "STAY_STATE": ErrorText(
            "현재 상태({state})에서는 할 수 없는 요청입니다.",
            "This cannot be done to a stay that is {state}.",
            "the stay is already confirmed or cancelled",
        ),
        "STAY_BEGUN": ErrorText(
            "이용일이 지난 예약은 취소할 수 없습니다.",
            "A stay whose first night is past cannot be cancelled.",
            "the first night is before today in Korea",
        ),
        "RADIUS_OUT_OF_RANGE": ErrorText(
            "withinKm은 0보다 크고 {maximum} 이하여야 합니다.",
            "`withinKm` must be above 0 and at most {maximum}.",
            "`withinKm` is zero, negative, not finite or too large",
        ),
        "SEARCH_TOO_LONG": ErrorText(
            "검색어는 {maximum}자 이하여야 합니다.",
            "A search text has at most {maximum} characters.",
            "`search` is longer than any name",
        ),
        "UNKNOWN_REGION": ErrorText(
            "알 수 없는 지역입니다.",
            "There is no such region; `known` lists them.",
            "`region` is none of the regions of the lodges",
        ),
    },
)
