"""Hostile bytes at every door: a specific refusal, never a 5xx, never a defect in the log."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from router.config import Settings
from router.errors import RequestError
from router.over_http.endpoint import GraphQLEndpoint
from router.over_http.media_types import ANSWERS, answer_type
from router.over_http.requests import from_json, from_query_string
from router.policy.callers import Callers, preferred_language
from router.subscriptions.protocol import Connection, Phase, decode, step

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
near_requests = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(["{hello}", "{", "", "{a" * 300, "subscription{forever}", "mutation{wind(turns:1)}"])
        | json_values,
        "operationName": st.sampled_from(["A", ""]) | json_values,
        "variables": json_values,
        "extensions": json_values,
    },
)
bodies = (
    st.binary(max_size=200)
    | near_requests.map(lambda one: json.dumps(one).encode())
    | json_values.map(lambda one: json.dumps(one).encode())
)
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(bodies)
def test_any_body_is_a_request_or_a_refusal(body: bytes) -> None:
    try:
        from_json(body)
    except RequestError as error:
        assert 400 <= error.http_status < 500


@quick
@given(st.binary(max_size=100).map(lambda raw: bytes(b for b in raw if 0x20 < b < 0x7F)) | st.binary(max_size=30))
def test_any_query_string_is_a_request_or_a_refusal(query_string: bytes) -> None:
    for given_bytes in (query_string, b"query=" + query_string, b"query={a}&variables=" + query_string):
        try:
            from_query_string(given_bytes)
        except RequestError as error:
            assert 400 <= error.http_status < 500


@quick
@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["*/*", "application/json", ";q=", "0.5", ",", "charset", '"']), max_size=9).map("".join)
)
def test_any_accept_header_is_understood_or_refused(accept: str) -> None:
    try:
        assert answer_type(accept) in ANSWERS
    except RequestError as error:
        assert error.http_status == 406
    assert preferred_language(accept) in ("ko", "en")


@quick
@given(
    st.lists(
        st.binary(max_size=60)
        | near_requests.map(lambda one: json.dumps(one).encode())
        | st.sampled_from(
            [
                b'{"type":"connection_init"}',
                b'{"type":"ping","payload":{"a":[1,2]}}',
                b'{"type":"subscribe","id":"1","payload":{"query":"{hello}"}}',
                b'{"type":"complete","id":"1"}',
            ]
        ),
        max_size=12,
    )
)
def test_any_sequence_of_messages_leads_to_a_phase_and_a_close_is_final(messages: list[bytes]) -> None:
    connection = Connection()
    for message in messages:
        was_closed = connection.phase is Phase.CLOSED
        connection, actions = step(connection, decode(message))
        assert not (was_closed and actions)
        assert len(connection.active) <= connection.max_operations


async def test_any_request_to_the_running_router_is_answered_below_500(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with serve() as router:
        endpoint = GraphQLEndpoint(lambda: router.app.pipeline, Callers(None), Settings())
        examples: list[tuple[bytes, bytes]] = []

        @quick
        @given(bodies, st.binary(max_size=40))
        def collect(body: bytes, header: bytes) -> None:
            examples.append((body, header.replace(b"\n", b"").replace(b"\r", b"")))

        collect()
        for body, header in examples:
            for headers in (
                [(b"content-type", b"application/json"), (b"accept", b"application/graphql-response+json")],
                [(b"content-type", b"application/json"), (b"accept-language", header), (b"authorization", header)],
                [(b"content-type", header), (b"accept", header)],
            ):
                status, answer = await ask(endpoint, body, headers)
                assert status < 500, (body, headers, answer)
                assert "errors" in json.loads(answer) or "data" in json.loads(answer)
    assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def ask(endpoint: GraphQLEndpoint, body: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: Any) -> None:
        sent.append(event)

    await endpoint({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive, send)
    return sent[0]["status"], sent[1]["body"]
