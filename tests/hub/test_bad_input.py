"""Bad input through the whole hub: a stable code, a path, a plain message in the caller's language, never a 5xx."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from datetime import date, timedelta
from typing import Any

import aiomqtt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import Server
from tests.hub.conftest import ALL_SCOPES, Hub, kst_today, start_hub, stop_hub

TRAINS = "query T($from: ID!, $to: ID!, $date: Date!) { trains(from: $from, to: $to, date: $date) { totalCount } }"
HOLD_ROOM = "mutation Hold($input: HoldRoomInput!) { holdRoom(input: $input) { id } }"
DEEP = "{ stations { nodes { place { " + "lodges { nodes { lodge { place { " * 30 + "id" + " } } } }" * 30 + " } } } }"
WIDE = "{ " + " ".join(f"a{number}: __typename" for number in range(5000)) + " }"


def next_weekday(weekday: int, after: int = 8) -> date:
    day = kst_today() + timedelta(days=after)
    return day + timedelta(days=(weekday - day.weekday()) % 7)


@pytest.fixture(scope="module")
def token(hub: Hub) -> str:
    return hub.token(*ALL_SCOPES)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b'{"query": 7}', 400, "BAD_REQUEST"),
        (b'{"variables": {}}', 400, "BAD_REQUEST"),
        (b'{"query": "\xff"}', 400, "BAD_REQUEST"),
        (b'{"query": "{ trains", "variables": null}', 400, "GRAPHQL_PARSE_FAILED"),
        (json.dumps({"query": "{ ferries { id } }"}).encode(), 400, "GRAPHQL_VALIDATION_FAILED"),
        (json.dumps({"query": TRAINS, "variables": {"from": "seoul"}}).encode(), 400, "BAD_USER_INPUT"),
        (json.dumps({"query": "query A { __typename } query B { __typename }"}).encode(), 400, None),
        (json.dumps({"query": DEEP}).encode(), 400, "MAX_DEPTH_EXCEEDED"),
        (json.dumps({"query": WIDE}).encode(), 400, None),
        (b'{"query": "' + b" " * 2_000_000 + b'"}', 413, None),
    ],
    ids=lambda value: value.decode(errors="replace")[:40] if isinstance(value, bytes) else None,
)
def test_a_request_that_is_no_operation_is_refused_before_any_subgraph(
    hub: Hub, token: str, body: bytes, status: int, code: str | None
) -> None:
    headers = {
        "content-type": "application/json",
        "accept": "application/graphql-response+json",
        "authorization": f"Bearer {token}",
    }
    answer = hub.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == status
    (error, *_) = answer.json()["errors"]
    assert "data" not in answer.json()
    assert error["extensions"]["code"] == code or code is None
    korean = hub.client.post("/graphql", content=body, headers={**headers, "accept-language": "ko"})
    assert (korean.status_code, korean.json()["errors"][0]["extensions"]) == (status, error["extensions"])


def forged(**changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "http://127.0.0.1", "aud": "x", "sub": "u_1", "client_id": "c_1", "iat": now, "exp": now + 60}
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode({**claims, **changes}, key, algorithm="ES256", headers={"typ": "at+jwt", "kid": "mine"})


@pytest.mark.parametrize(
    "bad", ["garbage", "a.b.c", forged(), forged(exp=1), "", jwt.encode({"sub": "x"}, "x" * 32, algorithm="HS256")]
)
def test_a_forged_or_broken_token_is_answered_401_with_a_challenge(hub: Hub, bad: str) -> None:
    answer = hub.client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"authorization": f"Bearer {bad}".strip()}
    )
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def trains(day: date, origin: str = "seoul", destination: str = "gangneung") -> tuple[str, dict[str, Any]]:
    return TRAINS, {"from": origin, "to": destination, "date": day.isoformat()}


def room(hub: Hub, token: str, night: date) -> tuple[str, dict[str, Any]]:
    query = '{ lodges(region: "강원", first: 1) { nodes { rooms(first: 1) { nodes { id } } } } }'
    (lodge,) = hub.ask(query, token=token)["data"]["lodges"]["nodes"]
    (one,) = lodge["rooms"]["nodes"]
    return HOLD_ROOM, {"input": {"roomId": one["id"], "night": night.isoformat(), "idempotencyKey": uuid.uuid4().hex}}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (lambda hub, token: trains(kst_today() + timedelta(days=9), "atlantis"), "UNKNOWN_STATION"),
        (lambda hub, token: trains(kst_today() + timedelta(days=9), "seoul", "seoul"), "SAME_STATION"),
        (lambda hub, token: trains(kst_today() - timedelta(days=1)), "DATE_IN_PAST"),
        (lambda hub, token: trains(kst_today() + timedelta(days=60)), "BEYOND_BOOKING_HORIZON"),
        (lambda hub, token: room(hub, token, kst_today() - timedelta(days=1)), "DATE_IN_PAST"),
        (lambda hub, token: room(hub, token, next_weekday(1)), "CLOSED_DAY"),
        (lambda hub, token: room(hub, token, kst_today() + timedelta(days=200)), "NOT_OPEN_YET"),
    ],
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_domain_rule_is_told_with_code_path_and_words(
    hub: Hub, token: str, operation: Any, code: str, language: str
) -> None:
    query, variables = operation(hub, token)
    answer = hub.ask(query, variables, token=token, language=language)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == code
    assert error["path"] == (["trains"] if "trains" in query else ["holdRoom"])
    assert any("가" <= letter <= "힣" for letter in error["message"]) == (language == "ko")


@pytest.mark.parametrize("value", ["2026-02-30", "tomorrow", 7, None, ["2026-12-01"]])
def test_a_date_that_is_none_is_bad_user_input(hub: Hub, token: str, value: object) -> None:
    variables = {"from": "seoul", "to": "gangneung", "date": value}
    answer = hub.client.post(
        "/graphql",
        json={"query": TRAINS, "variables": variables},
        headers={"authorization": f"Bearer {token}", "accept": "application/json"},
    )
    assert answer.status_code < 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_mqtt_garbage_becomes_a_dead_letter_and_the_next_reading_is_stored(
    tmp_path_factory: pytest.TempPathFactory, live_broker: Server
) -> None:
    hub = start_hub(tmp_path_factory.mktemp("garbage"), "--taxis=0", f"--broker=mqtt://127.0.0.1:{live_broker.port}")
    try:
        at = time.time_ns() // 1_000_000
        good = {"device": "t1", "boot": 1, "seq": 1, "at": at, "lat": 37.5, "lon": 127.0, "values": {"pm10": 42.0}}
        async with aiomqtt.Client("127.0.0.1", live_broker.port) as device:
            for payload in (b"\xff\xfe", b"{", b"[]", json.dumps({**good, "lat": 999}).encode()):
                await device.publish("city/seoul/taxi/t1/readings", payload, qos=1)
            await device.publish("city/seoul/taxi/t1/readings", json.dumps(good), qos=1)
        query = """{ latestReadings(bbox: {west: 126, south: 37, east: 128, north: 38}) { device value } }"""
        reader = hub.token("sensing:read")
        for _ in range(50):
            answer = hub.ask(query, token=reader)
            if answer["data"]["latestReadings"]:
                break
            await asyncio.sleep(0.1)
        assert answer["data"]["latestReadings"] == [{"device": "t1", "value": 42.0}]
    finally:
        stop_hub(hub)
    store = f"sqlite:///{hub.folder / 'readings.db'}"
    command = [sys.executable, "-m", "sensors_bridge", "dead-letters", "--store", store]
    listed = (await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)).stdout
    for reason in ("bad_json", "bad_shape", "bad_utf8", "outside_korea"):
        assert reason in listed
