"""The codes the rail domain answers with."""

from __future__ import annotations

from subgraphs.kit.errors import ErrorTable, ErrorText

ERRORS = ErrorTable(
    "rail",
    {
        "UNKNOWN_STATION": ErrorText(
            "알 수 없는 역입니다: {station}",
            "There is no station {station}.",
            "a station argument is neither a station id nor a KORAIL code",
        ),
        "UNKNOWN_BRAND": ErrorText(
            "알 수 없는 열차 브랜드입니다: {brand}",
            "There is no train brand {brand}.",
            "`brand` is neither a brand nor a former brand",
        ),
        "SAME_STATION": ErrorText(
            "출발역과 도착역이 같습니다.",
            "Origin and destination are the same station.",
            "`from` and `to` name one station",
        ),
        "DATE_IN_PAST": ErrorText(
            "지난 날짜입니다: {date}",
            "The date {date} is in the past.",
            "the day of travel is before today in Korea",
        ),
        "BEYOND_BOOKING_HORIZON": ErrorText(
            "아직 예매할 수 없는 날짜입니다. {opensAt}부터 예매할 수 있습니다.",
            "That day is not on sale yet; it opens at {opensAt}.",
            "the day is more than one month ahead, or its sale opens later today at 07:00",
        ),
        "UNKNOWN_RUN": ErrorText(
            "해당 열차가 없습니다: {runId}",
            "There is no train run {runId}.",
            "`runId` is no id of a run, or the train does not run on that day or between those stations",
        ),
        "TOO_LATE_TO_HOLD": ErrorText(
            "출발 {minutes}분 전까지만 예약할 수 있습니다.",
            "Seats can be held until {minutes} minutes before departure.",
            "the train leaves the origin too soon, or has left",
        ),
        "BAD_PASSENGERS": ErrorText(
            "한 번에 좌석 1석 이상, 승객 {maximum}명 이하로 예약할 수 있습니다.",
            "A booking has at least one seat and at most {maximum} passengers.",
            "no passenger needs a seat, or there are too many",
        ),
        "TOO_MANY_INFANTS": ErrorText(
            "좌석 없는 유아는 어른 1명당 1명까지입니다.",
            "Each adult or senior may carry one infant without a seat.",
            "more infants on a lap than adults to carry them",
        ),
        "SOLD_OUT": ErrorText(
            "남은 좌석이 부족합니다.",
            "Not enough seats are left.",
            "fewer seats of the class are free over the whole way than were asked for",
        ),
        "NOT_FOUND": ErrorText(
            "예약을 찾을 수 없습니다.",
            "There is no such reservation.",
            "the id is unknown, or the reservation belongs to another citizen or another client",
        ),
        "HOLD_EXPIRED": ErrorText(
            "결제 기한이 지나 예약이 취소되었습니다.",
            "The hold has expired; its seats were released.",
            "the pay-by time has passed",
        ),
        "ALREADY_TICKETED": ErrorText(
            "이미 발권된 예약입니다.",
            "The reservation is ticketed already.",
            "paying or cancelling a hold that has become a ticket; refund it instead",
        ),
        "NOT_TICKETED": ErrorText(
            "발권되지 않은 예약은 환불할 수 없습니다.",
            "Only a ticket can be refunded.",
            "the reservation is held, expired or cancelled",
        ),
        "ALREADY_CLOSED": ErrorText(
            "이미 취소되었거나 환불된 예약입니다.",
            "The reservation was cancelled or refunded before.",
            "a change to a reservation that has ended",
        ),
        "NO_REFUND_AFTER_ARRIVAL": ErrorText(
            "도착 후에는 환불할 수 없습니다.",
            "A ticket cannot be refunded once the train has arrived.",
            "the train has reached the destination of the ticket",
        ),
    },
)
"""Every refusal of rules and services here; the kit adds its own."""
