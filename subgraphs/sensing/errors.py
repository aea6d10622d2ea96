"""The error codes of the sensing domain."""

from __future__ import annotations

from subgraphs.kit.errors import ErrorTable, ErrorText

SENSING_ERRORS = ErrorTable(
    "sensing",
    {
        "BAD_BBOX": ErrorText(
            "영역이 올바르지 않습니다. 경도는 -180~180, 위도는 -90~90이고 west ≤ east, south ≤ north여야 합니다.",
            "The box is not valid: longitudes -180 to 180, latitudes -90 to 90, west <= east, south <= north.",
            "the corners of `bbox` do not make a box",
        ),
        "AREA_TOO_LARGE": ErrorText(
            "영역이 너무 넓습니다. 최대 {maximum}제곱도까지 가능합니다.",
            "The box is too large; at most {maximum} square degrees.",
            "`bbox` covers more than the limit",
        ),
        "UNKNOWN_KIND": ErrorText(
            "알 수 없는 측정 항목입니다: {unknown}",
            "Not a kind of measurement: {unknown}.",
            "`kinds` or `kind` names something that is not in the catalogue (`sensorKinds` lists it)",
        ),
        "NO_KINDS": ErrorText(
            "kinds가 비어 있습니다. 전체를 원하면 생략하세요.",
            "`kinds` is empty; leave it out to get all.",
            "`kinds` is an empty list",
        ),
        "PERIOD_OUT_OF_RANGE": ErrorText(
            "기간이 올바르지 않습니다. 시작이 끝보다 앞서고 최대 {maximumDays}일이어야 합니다.",
            "The period is not valid: it starts before it ends and spans at most {maximumDays} days.",
            "`until` is not after `from`, or the period is too long",
        ),
        "BOX_OR_DEVICE": ErrorText(
            "bbox와 device 중 하나만 보내 주세요.",
            "Send either `bbox` or `device`.",
            "a history was asked for with both or neither",
        ),
        "BAD_DEVICE": ErrorText(
            "장치 이름이 올바르지 않습니다.",
            "The device id is not valid.",
            "`device` is empty, too long or has characters no device id has",
        ),
        "SEARCH_TOO_LONG": ErrorText(
            "검색어는 {maximum}자 이하여야 합니다.",
            "A search text has at most {maximum} characters.",
            "`search` is longer than any name",
        ),
        "LIVE_UNAVAILABLE": ErrorText(
            "지금은 실시간 수신을 할 수 없습니다.",
            "Live readings are not available here now.",
            "no live source is connected to this process, or it has no room for another subscriber",
        ),
        "READINGS_UNAVAILABLE": ErrorText(
            "측정값 저장소에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요.",
            "The store of readings cannot be reached; try again shortly.",
            "the readings' database is locked, down or not configured",
        ),
    },
)
